// SPDX-License-Identifier: Apache-2.0
//! Secrets: configuration names the place where one is kept, and whoever uses it holds a handle that
//! follows the place. A changed secret is in force without a restart.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretBox, SecretString};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::keys::{KEY_BYTES, KeyBytes};

/// Where a secret is kept: `{ file = "…" }`, `{ env = "NAME" }` or `{ vault = "path#field" }`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Secret {
    /// A file that only its owner can read. White space around its content is ignored.
    File(PathBuf),
    /// A variable of the environment. It cannot change while the process runs.
    Env(String),
    /// A field of a secret in HashiCorp Vault: `secret/data/revbridge#token`.
    Vault(String),
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Secret::File(path) => write!(f, "file {}", path.display()),
            Secret::Env(name) => write!(f, "environment variable {name}"),
            Secret::Vault(place) => write!(f, "vault {place}"),
        }
    }
}

/// What is in force now. Clones see the same; `Debug` shows nothing of it.
pub struct Live<T>(Arc<RwLock<Arc<T>>>);

/// Text, such as a credential.
pub type LiveText = Live<SecretString>;
/// A ring of keys: the first seals and signs, every one of them opens and verifies.
pub type LiveKeys = Live<Vec<KeyBytes>>;

impl<T> Live<T> {
    pub fn new(value: T) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(value))))
    }

    pub fn get(&self) -> Arc<T> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Every holder of a clone has this value from now on.
    pub fn replace(&self, value: T) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(value);
    }
}

impl<T> Clone for Live<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for Live<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Live(…)")
    }
}

impl LiveKeys {
    /// A ring that follows no place, the current key first.
    pub fn of(ring: &[[u8; KEY_BYTES]]) -> Self {
        Self::new(ring.iter().map(|key| SecretBox::new(Box::new(*key))).collect())
    }
}

/// Why a text is no ring of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("keys are expected, one a line and the current one first: each 32 bytes in hex or base64")]
pub struct NoKeys;

/// Reads a ring: one key a line, the current one first; empty lines and `#` lines are ignored.
pub fn keys(text: &SecretString) -> Result<Vec<KeyBytes>, NoKeys> {
    let mut ring = Vec::new();
    for line in text.expose_secret().lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let bytes = if line.len() == KEY_BYTES * 2 {
            HEXLOWER_PERMISSIVE.decode(line.as_bytes())
        } else {
            BASE64.decode(line.as_bytes())
        };
        let key = <[u8; KEY_BYTES]>::try_from(bytes.map_err(|_| NoKeys)?).map_err(|_| NoKeys)?;
        ring.push(SecretBox::new(Box::new(key)));
    }
    if ring.is_empty() { Err(NoKeys) } else { Ok(ring) }
}

/// Reads secrets from their places and keeps the handles that it gave out up to date.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// After `Ok` the handle has the secret's text and follows it. A change that cannot be read
    /// leaves the value before it in force.
    async fn text(&self, secret: &Secret) -> Result<LiveText, Failure>;

    /// The same for a ring of keys.
    async fn keys(&self, secret: &Secret) -> Result<LiveKeys, Failure>;
}

#[cfg(test)]
mod tests;
