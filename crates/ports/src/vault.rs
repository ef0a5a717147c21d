// SPDX-License-Identifier: Apache-2.0
//! The vault: the only place where an identifier of a patient is kept, sealed, beside its token.

use std::collections::BTreeSet;

use async_trait::async_trait;
use model::code::Code;
use model::token::{Clear, Field, Token};

use crate::failure::Failure;

/// What may be asked of the vault from elsewhere.
#[async_trait]
pub trait Reveal: Send + Sync {
    /// The clear value of a token; the caller has been authorised and the reveal is logged.
    async fn reveal(&self, token: &str, by: &str) -> Result<Option<Clear>, Failure>;
}

/// The whole of it, which only intake has.
#[async_trait]
pub trait Vault: Reveal {
    /// After `Ok` each value can be revealed by its token. Repeating it changes no answer.
    async fn keep(&self, entries: Vec<(Field, Token, Clear)>) -> Result<(), Failure>;

    /// Those of these tokens that were ever kept. One whose value was shredded is among them: what it
    /// joins outlives it.
    async fn held(&self, tokens: &[Code]) -> Result<BTreeSet<Code>, Failure>;
}
