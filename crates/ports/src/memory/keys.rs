// SPDX-License-Identifier: Apache-2.0
//! Key-encryption keys in memory, for tests: what they wrap is remembered, not encrypted. Synthetic
//! data only.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use model::code::Code;
use secrecy::{ExposeSecret, SecretBox};

use crate::failure::Failure;
use crate::keys::{KEY_BYTES, KeyBytes, KeyEncryption, Wrapped};

#[derive(Default)]
struct Held {
    /// How often the current key was replaced.
    rotations: u32,
    forgotten: u32,
    unwrapped: u32,
    keys: BTreeMap<Vec<u8>, (String, [u8; KEY_BYTES])>,
}

/// Wraps by remembering. A clone of the `Arc` around it is the same holder.
#[derive(Default)]
pub struct MemoryKeys(Mutex<Held>);

impl MemoryKeys {
    pub fn new() -> Self {
        Self::default()
    }

    /// Another key wraps from now on; the older ones still unwrap.
    pub fn rotate(&self) {
        self.held().rotations += 1;
    }

    /// Only the current key is left.
    pub fn forget_older(&self) {
        let mut held = self.held();
        held.forgotten = held.rotations;
    }

    /// How many keys were unwrapped so far.
    pub fn unwrapped(&self) -> u32 {
        self.held().unwrapped
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().expect("nothing panics while it holds the keys")
    }
}

fn id(rotation: u32) -> Code {
    Code::from(format!("memory-{rotation}"))
}

#[async_trait]
impl KeyEncryption for MemoryKeys {
    async fn current(&self) -> Result<Code, Failure> {
        Ok(id(self.held().rotations))
    }

    async fn wrap(&self, context: &str, key: &KeyBytes) -> Result<Wrapped, Failure> {
        let mut held = self.held();
        let under = id(held.rotations);
        let body = format!("{under} {}", held.keys.len()).into_bytes();
        held.keys.insert(body.clone(), (context.to_owned(), *key.expose_secret()));
        Ok(Wrapped { under, body })
    }

    async fn unwrap(&self, context: &str, wrapped: &Wrapped) -> Result<KeyBytes, Failure> {
        let mut held = self.held();
        if (0..held.forgotten).any(|rotation| id(rotation) == wrapped.under) {
            return Err(Failure::defect(format!("the key {} is not there", wrapped.under)));
        }
        held.unwrapped += 1;
        match held.keys.get(&wrapped.body) {
            Some((own, key)) if own == context => Ok(SecretBox::new(Box::new(*key))),
            Some(_) | None => Err(Failure::defect("not wrapped here")),
        }
    }
}
