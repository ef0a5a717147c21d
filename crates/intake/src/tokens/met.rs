// SPDX-License-Identifier: Apache-2.0
//! Values met since the last hand-over to the vault, and which token each of them has for good: the one
//! that the vault holds, of whichever key, so that what joins goes on joining when keys rotate.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::code::Code;
use model::token::{Clear, Field, Token};
use ports::failure::Failure;
use ports::vault::Vault;

use super::ring::Ring;

/// Tokens that the vault is asked about at a time.
const ASKED_MAX: usize = 16_000;

/// Values met since the last hand-over to the vault, each once.
#[derive(Default)]
pub struct Met {
    /// Of everything that is met until the hand-over: two rings would give a value two tokens.
    pub(super) ring: Option<Arc<Ring>>,
    values: BTreeMap<(Field, Token), Value>,
    /// Card numbers that were masked since the beginning.
    pub(super) cards: u64,
}

/// Beside its token of the newest key.
pub(super) struct Value {
    pub clear: Clear,
    /// Its tokens of the older keys, the oldest first.
    pub older: Vec<Code>,
}

/// Which token a value gets that the vault holds under no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    Newest,
    Oldest,
}

/// Tokens of the newest key for which another one stands.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Renamed(BTreeMap<Code, Code>);

impl Renamed {
    /// The token that stands for good.
    pub fn of(&self, token: Token) -> Token {
        match self.0.get(&token.token) {
            Some(own) => Token { token: own.clone(), ..token },
            None => token,
        }
    }
}

impl Met {
    pub fn len(&self) -> usize {
        self.values.len()
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub fn cards(&self) -> u64 {
        self.cards
    }

    pub(super) fn insert(&mut self, field: Field, token: Token, value: Value) {
        self.values.insert((field, token), value);
    }

    /// Everything met, in order of token; nothing is left.
    pub fn take(&mut self) -> Vec<(Field, Token, Clear)> {
        self.ring = None;
        let met = std::mem::take(&mut self.values);
        met.into_iter().map(|((field, token), value)| (field, token, value.clear)).collect()
    }

    /// The same, and everything stays.
    pub fn entries(&self) -> impl Iterator<Item = (Field, Token, Clear)> {
        let met = self.values.iter();
        met.map(|((field, token), value)| (*field, token.clone(), value.clear.clone()))
    }

    /// Asks the vault, if there was more than one key: a value keeps the oldest token under which it
    /// is held.
    pub async fn renamed(&self, vault: &dyn Vault, unknown: Unknown) -> Result<Renamed, Failure> {
        let mut asked = Vec::new();
        for ((_, token), value) in &self.values {
            asked.extend(value.older.iter().cloned());
            if unknown == Unknown::Oldest && !value.older.is_empty() {
                asked.push(token.token.clone());
            }
        }
        let mut held = BTreeSet::new();
        for part in asked.chunks(ASKED_MAX) {
            held.extend(vault.held(part).await?);
        }
        let mut renamed = BTreeMap::new();
        for ((_, token), value) in &self.values {
            let known = value.older.iter().find(|own| held.contains(*own));
            let stands = match (known, unknown) {
                (Some(own), Unknown::Newest | Unknown::Oldest) => Some(own),
                (None, Unknown::Oldest) if !held.contains(&token.token) => value.older.first(),
                (None, Unknown::Newest | Unknown::Oldest) => None,
            };
            if let Some(own) = stands {
                renamed.insert(token.token.clone(), own.clone());
            }
        }
        Ok(Renamed(renamed))
    }
}
