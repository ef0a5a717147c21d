// SPDX-License-Identifier: Apache-2.0
//! The vault over the state in memory. What it holds is never sealed: synthetic data only.

use std::collections::BTreeSet;

use async_trait::async_trait;
use model::code::Code;
use model::token::{Clear, Field, Token};

use super::{MemoryBook, Operation};
use crate::failure::Failure;
use crate::vault::{Reveal, Vault};

#[async_trait]
impl Vault for MemoryBook {
    async fn keep(&self, entries: Vec<(Field, Token, Clear)>) -> Result<(), Failure> {
        self.ask(Operation::Read, |state, _| {
            for (_, token, clear) in entries {
                state.vault.entry(token.as_str().to_owned()).or_insert(clear);
            }
        })
        .await
    }

    async fn held(&self, tokens: &[Code]) -> Result<BTreeSet<Code>, Failure> {
        self.ask(Operation::Read, |state, _| {
            let held = tokens.iter().filter(|token| state.vault.contains_key(token.as_str()));
            held.cloned().collect()
        })
        .await
    }
}

#[async_trait]
impl Reveal for MemoryBook {
    async fn reveal(&self, token: &str, by: &str) -> Result<Option<Clear>, Failure> {
        self.ask(Operation::Read, |state, now| {
            let clear = state.vault.get(token).cloned();
            if clear.is_some() {
                state.write_log(now, "vault.revealed", token.to_owned(), by);
            }
            clear
        })
        .await
    }
}
