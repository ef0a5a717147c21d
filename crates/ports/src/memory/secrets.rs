// SPDX-License-Identifier: Apache-2.0
//! Secrets in memory, for tests: each is set by the name of its place and followed by whoever asked.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use secrecy::SecretString;

use crate::failure::Failure;
use crate::secret::{Live, LiveKeys, LiveText, Secret, Secrets, keys};

/// A place that was never set is missing.
#[derive(Default)]
pub struct MemorySecrets(Mutex<BTreeMap<String, LiveText>>);

impl MemorySecrets {
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a text in force at a place.
    pub fn set(&self, place: &Secret, text: &str) {
        let mut held = self.0.lock().expect("nothing panics while it holds the secrets");
        let text = SecretString::from(text);
        match held.get(&place.to_string()) {
            Some(live) => live.replace(text),
            None => {
                held.insert(place.to_string(), Live::new(text));
            }
        }
    }
}

#[async_trait]
impl Secrets for MemorySecrets {
    async fn text(&self, secret: &Secret) -> Result<LiveText, Failure> {
        let held = self.0.lock().expect("nothing panics while it holds the secrets");
        let found = held.get(&secret.to_string()).cloned();
        found.ok_or_else(|| Failure::defect(format!("no secret in {secret}")))
    }

    /// Rings are not followed here.
    async fn keys(&self, secret: &Secret) -> Result<LiveKeys, Failure> {
        let text = self.text(secret).await?.get();
        keys(&text).map(Live::new).map_err(|why| Failure::defect(why.to_string()))
    }
}
