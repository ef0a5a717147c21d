// SPDX-License-Identifier: Apache-2.0
//! HashiCorp Vault over its HTTP API: a field of a secret in the key-value engine, version 2, and
//! what the transit engine needs. Vault is asked under a token that is itself a followed secret.

use std::sync::Arc;

use outbound::{Answer, Call, Client, Credential, Destination, Limits, Outcome, Reach};
use ports::failure::Failure;
use ports::secret::{Live, LiveText, Secret};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::secrets::read_here;

/// Where Vault is and how we show who we are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VaultSettings {
    /// `https://host:8200`; plain `http` on this machine only.
    pub address: String,
    /// The token to ask with: `{ file = "…" }` or `{ env = "NAME" }`.
    pub token: Secret,
    /// `true` where Vault runs on this machine, such as its agent.
    #[serde(default)]
    pub on_this_machine: bool,
    /// A call to Vault is given up after so long.
    #[serde(default = "call_ms_max")]
    pub call_ms_max: u64,
}

const FORBIDDEN: u16 = 403;

fn call_ms_max() -> u64 {
    5_000
}

/// One Vault.
#[derive(Debug, Clone)]
pub struct Vault {
    client: Client,
    /// Where the token is kept: read again when Vault does not accept the one that we have.
    place: Arc<Secret>,
    token: LiveText,
}

impl Vault {
    /// Fails where the token cannot be read or the address cannot be used; nothing is sent.
    pub fn new(settings: &VaultSettings) -> Result<Self, Failure> {
        let token = Live::new(read_here(&settings.token)?);
        let reach = if settings.on_this_machine { Reach::Loopback } else { Reach::Private };
        let destination = Destination {
            name: "vault".to_owned(),
            base: settings.address.clone(),
            reach,
            credential: Credential::None,
            authorities_pem: None,
            limits: Limits { call_ms_max: settings.call_ms_max, ..Limits::default() },
        };
        let client =
            Client::new(&destination).map_err(|error| Failure::defect(error.to_string()))?;
        Ok(Self { client, place: Arc::new(settings.token.clone()), token })
    }

    /// The field of a secret: `secret/data/revbridge#token`.
    pub(crate) async fn read(&self, place: &str) -> Result<SecretString, Failure> {
        let Some((path, field)) = place.split_once('#') else {
            return Err(Failure::defect(format!(
                "the secret in vault {place}: a place is written PATH#FIELD, such as \
                 secret/data/revbridge#token"
            )));
        };
        let answer = self.ask(Call::get("vault.read").path(versioned(path))).await?;
        match answer["data"]["data"][field].as_str() {
            Some(value) => Ok(SecretString::from(value.trim().to_owned())),
            None => Err(Failure::defect(format!(
                "the secret in vault {place}: there is no such field in it"
            ))),
        }
    }

    /// Everything that we ask may be asked again: nothing in Vault changes by it.
    pub(crate) async fn ask(&self, call: Call) -> Result<Value, Failure> {
        let mut answer = self.send(call.clone()).await?;
        if answer.status == FORBIDDEN {
            // The token may have been replaced where it is kept: once more with what is there now.
            self.token.replace(read_here(&self.place)?);
            answer = self.send(call).await?;
        }
        understood(&answer)
    }

    async fn send(&self, call: Call) -> Result<Answer, Failure> {
        let token = self.token.get().expose_secret().to_owned();
        match self.client.send(call.header("x-vault-token", token)).await {
            Outcome::Answered(answer) => Ok(answer),
            Outcome::NotSent(_) | Outcome::Unknown(_) => {
                Err(Failure::transient("Vault does not answer"))
            }
        }
    }
}

fn versioned(path: &str) -> impl Iterator<Item = &str> {
    std::iter::once("v1").chain(path.split('/').filter(|segment| !segment.is_empty()))
}

fn understood(answer: &Answer) -> Result<Value, Failure> {
    match answer.status {
        200 => answer.json().map_err(|_| Failure::transient("Vault's answer cannot be read")),
        400 => Err(Failure::defect("Vault refuses the request (400): it was altered or not ours")),
        FORBIDDEN => {
            Err(Failure::defect("Vault does not accept our token, or its policy forbids this"))
        }
        404 => Err(Failure::defect("Vault has no such secret or key (404)")),
        // Sealed, a standby, asked too often: it passes.
        status => Err(Failure::transient(format!("Vault answered {status}"))),
    }
}

#[cfg(test)]
mod tests;
