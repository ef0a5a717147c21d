// SPDX-License-Identifier: Apache-2.0
//! Key-encryption keys from a ring: the first wraps, each one unwraps what it wrapped. A key's id is
//! computed from it, so that a ring needs no names.

use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use model::code::Code;
use ports::failure::Failure;
use ports::keys::{KEY_BYTES, KeyBytes, KeyEncryption, Wrapped};
use ports::secret::LiveKeys;
use secrecy::{ExposeSecret, SecretBox};

use crate::secrets::SecretStore;

/// AES-256-GCM under the key-encryption key with a random nonce.
const ALGORITHM: u8 = 1;
const NONCE_BYTES: usize = 12;
const ID_BYTES: usize = 8;

/// A ring that is followed where it is kept.
pub struct RingKeys {
    ring: LiveKeys,
    /// Asked once more before a key is called missing: another replica may have rotated just now.
    store: Arc<SecretStore>,
}

impl RingKeys {
    pub fn new(ring: LiveKeys, store: Arc<SecretStore>) -> Self {
        Self { ring, store }
    }

    /// The ids of the ring, the current one first.
    pub fn ids(&self) -> Vec<Code> {
        self.ring.get().iter().map(id).collect()
    }

    fn find(&self, wanted: &Code) -> Option<KeyBytes> {
        let ring = self.ring.get();
        let found = ring.iter().find(|key| id(key) == *wanted)?;
        Some(SecretBox::new(Box::new(*found.expose_secret())))
    }
}

/// Tells keys apart without telling anything about them.
fn id(key: &KeyBytes) -> Code {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose_secret());
    let tag = hmac::sign(&key, b"revbridge key-encryption key id");
    Code::from(format!("ring-{}", HEXLOWER.encode(&tag.as_ref()[..ID_BYTES])))
}

fn cipher(key: &KeyBytes) -> Result<RandomizedNonceKey, Failure> {
    RandomizedNonceKey::new(&AES_256_GCM, key.expose_secret()).map_err(|_| library())
}

fn library() -> Failure {
    Failure::defect("the cryptographic library failed")
}

fn altered() -> Failure {
    Failure::defect("a wrapped data key was altered, or moved from another row")
}

#[async_trait]
impl KeyEncryption for RingKeys {
    async fn current(&self) -> Result<Code, Failure> {
        let first = self.ring.get().first().map(id);
        first.ok_or_else(|| Failure::defect("the ring of key-encryption keys is empty"))
    }

    async fn wrap(&self, context: &str, key: &KeyBytes) -> Result<Wrapped, Failure> {
        let under = self.current().await?;
        let own = self.find(&under).ok_or_else(library)?;
        let mut sealed = key.expose_secret().to_vec();
        let nonce = cipher(&own)?
            .seal_in_place_append_tag(Aad::from(context.as_bytes()), &mut sealed)
            .map_err(|_| library())?;
        let mut body = vec![ALGORITHM];
        body.extend_from_slice(nonce.as_ref());
        body.append(&mut sealed);
        Ok(Wrapped { under, body })
    }

    async fn unwrap(&self, context: &str, wrapped: &Wrapped) -> Result<KeyBytes, Failure> {
        let mut own = self.find(&wrapped.under);
        if own.is_none() {
            self.store.poll().await;
            own = self.find(&wrapped.under);
        }
        let Some(own) = own else {
            let under = &wrapped.under;
            return Err(Failure::defect(format!("the key {under} is not in the ring")));
        };
        let (algorithm, rest) = wrapped.body.split_first().ok_or_else(altered)?;
        if *algorithm != ALGORITHM {
            return Err(Failure::defect("a data key is wrapped in a way that we do not know"));
        }
        let (nonce, sealed) = rest.split_at_checked(NONCE_BYTES).ok_or_else(altered)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| altered())?;
        let mut sealed = sealed.to_vec();
        let clear = cipher(&own)?
            .open_in_place(nonce, Aad::from(context.as_bytes()), &mut sealed)
            .map_err(|_| altered())?;
        let key = <[u8; KEY_BYTES]>::try_from(&*clear).map_err(|_| altered())?;
        Ok(SecretBox::new(Box::new(key)))
    }
}

#[cfg(test)]
mod tests;
