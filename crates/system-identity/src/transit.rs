// SPDX-License-Identifier: Apache-2.0
//! Key-encryption keys that never leave HashiCorp Vault: its transit engine wraps and unwraps. A new
//! version of the transit key is a new key-encryption key.

use async_trait::async_trait;
use data_encoding::BASE64;
use model::code::Code;
use outbound::Call;
use ports::failure::Failure;
use ports::keys::{KEY_BYTES, KeyBytes, KeyEncryption, Wrapped};
use secrecy::zeroize::Zeroize;
use secrecy::{ExposeSecret, SecretBox};
use serde_json::{Value, json};

use crate::vault::Vault;

/// A named key of the transit engine.
#[derive(Debug, Clone)]
pub struct TransitKeys {
    vault: Vault,
    name: String,
}

impl TransitKeys {
    /// The key must be of an authenticated kind, such as `aes256-gcm96`.
    pub fn new(vault: Vault, name: &str) -> Self {
        Self { vault, name: name.to_owned() }
    }

    fn id(&self, version: &str) -> Code {
        Code::from(format!("transit-{}-{version}", self.name))
    }

    async fn operate(&self, operation: &'static str, body: &Value) -> Result<Value, Failure> {
        let call = Call::post(operation_name(operation))
            .path(["v1", "transit", operation, &self.name])
            .json(body);
        self.vault.ask(call).await
    }
}

fn operation_name(operation: &str) -> &'static str {
    if operation == "encrypt" { "vault.encrypt" } else { "vault.decrypt" }
}

fn unreadable() -> Failure {
    Failure::transient("Vault's answer has not the form of the transit engine")
}

#[async_trait]
impl KeyEncryption for TransitKeys {
    async fn current(&self) -> Result<Code, Failure> {
        let call = Call::get("vault.key").path(["v1", "transit", "keys", &self.name]);
        let answer = self.vault.ask(call).await?;
        let version = answer["data"]["latest_version"].as_u64().ok_or_else(unreadable)?;
        Ok(self.id(&format!("v{version}")))
    }

    async fn wrap(&self, context: &str, key: &KeyBytes) -> Result<Wrapped, Failure> {
        let body = json!({
            "plaintext": BASE64.encode(key.expose_secret()),
            "associated_data": BASE64.encode(context.as_bytes()),
        });
        let answer = self.operate("encrypt", &body).await?;
        let sealed = answer["data"]["ciphertext"].as_str().ok_or_else(unreadable)?;
        // `vault:v3:…` names the version that wrapped it.
        let version = sealed.split(':').nth(1).ok_or_else(unreadable)?;
        Ok(Wrapped { under: self.id(version), body: sealed.as_bytes().to_vec() })
    }

    async fn unwrap(&self, context: &str, wrapped: &Wrapped) -> Result<KeyBytes, Failure> {
        let sealed = std::str::from_utf8(&wrapped.body)
            .map_err(|_| Failure::defect("a data key was not wrapped by Vault"))?;
        let body = json!({
            "ciphertext": sealed,
            "associated_data": BASE64.encode(context.as_bytes()),
        });
        let answer = self.operate("decrypt", &body).await?;
        let text = answer["data"]["plaintext"].as_str().ok_or_else(unreadable)?;
        let mut clear = BASE64.decode(text.as_bytes()).map_err(|_| unreadable())?;
        let key = <[u8; KEY_BYTES]>::try_from(clear.as_slice());
        clear.zeroize();
        key.map(|key| SecretBox::new(Box::new(key))).map_err(|_| unreadable())
    }
}
