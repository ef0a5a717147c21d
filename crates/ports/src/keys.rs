// SPDX-License-Identifier: Apache-2.0
//! Key-encryption keys: what wraps the data keys. A data key is stored wrapped only; unwrapped it
//! lives in memory.

use std::fmt;

use async_trait::async_trait;
use model::code::Code;
use secrecy::SecretBox;

use crate::failure::Failure;

/// Bytes of every key of ours: AES-256 and HMAC-SHA-256 alike.
pub const KEY_BYTES: usize = 32;

/// A key in memory: it shows nothing of itself and is wiped when it is dropped.
pub type KeyBytes = SecretBox<[u8; KEY_BYTES]>;

/// A data key as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Wrapped {
    /// Which key-encryption key wrapped it.
    pub under: Code,
    pub body: Vec<u8>,
}

impl fmt::Debug for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wrapped({})", self.under)
    }
}

/// Whoever holds the key-encryption keys.
#[async_trait]
pub trait KeyEncryption: Send + Sync {
    /// The id of the key that wraps from now on.
    async fn current(&self) -> Result<Code, Failure>;

    /// After `Ok` only [`KeyEncryption::unwrap`] with the same context gives the key back.
    async fn wrap(&self, context: &str, key: &KeyBytes) -> Result<Wrapped, Failure>;

    /// The key as it was. `Defect` where the key-encryption key is not there any more, or where
    /// what is given was not wrapped for this context.
    async fn unwrap(&self, context: &str, wrapped: &Wrapped) -> Result<KeyBytes, Failure>;
}
