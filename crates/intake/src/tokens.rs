// SPDX-License-Identifier: Apache-2.0
//! Tokens: keyed, joinable, irreversible stand-ins for identifiers of patients. Their keys rotate: what
//! the vault holds keeps its token, and what is new gets one of the newest key.

mod met;
mod ring;

use std::sync::Arc;

use model::code::Code;
use model::event::Event;
use model::token::{Clear, Field, Reason, Token};
use ports::failure::Failure;
use ports::secret::LiveKeys;
use ports::vault::Vault;

use crate::screen;

use met::Value;
pub use met::{Met, Renamed, Unknown};
use ring::{Followed, Ring};

/// Shown of a control number; shorter numbers show nothing, four would be most of them.
const LAST_CHARACTERS: usize = 4;
const CONTROL_CHARACTERS_MIN: usize = 8;

/// Values with their fields and tokens, for the vault.
pub type Values = Vec<(Field, Token, Clear)>;

/// Makes tokens for one tenant and gathers what the vault has to keep.
#[derive(Clone)]
pub struct Tokeniser {
    tenant: Code,
    keys: Arc<Followed>,
}

impl Tokeniser {
    /// The keys live outside the database; a change of them is in force from the next batch on.
    pub fn new(tenant: Code, keys: LiveKeys) -> Result<Self, Failure> {
        Ok(Self { tenant, keys: Arc::new(Followed::new(keys)?) })
    }

    /// The token of a value under the newest key: the same value of the same field and tenant always
    /// has the same one.
    pub fn token(&self, field: Field, clear: &Clear) -> Token {
        self.made(&self.keys.ring(), field, clear).0
    }

    /// Its token under the newest key, and those under the older ones.
    fn made(&self, ring: &Ring, field: Field, clear: &Clear) -> (Token, Vec<Code>) {
        let normalised = clear.expose(Reason::Tokenise).trim().to_uppercase();
        let token = ring.newest(&self.tenant, field, &normalised);
        let token = Token { token, last4: last_four(field, &normalised) };
        (token, ring.older(&self.tenant, field, &normalised))
    }

    /// The token of a value that the vault has to keep: it is added to `met`.
    pub fn meet(&self, field: Field, clear: Clear, met: &mut Met) -> Token {
        let ring = met.ring.get_or_insert_with(|| self.keys.ring()).clone();
        let (token, older) = self.made(&ring, field, &clear);
        let clear = screen::kept(clear, &mut met.cards);
        met.insert(field, token.clone(), Value { clear, older });
        token
    }

    /// The same event with tokens, and without card numbers; the values are added to `met`.
    pub fn tokenise(&self, mut event: Event<Clear>, met: &mut Met) -> Event<Token> {
        met.cards += screen::screen(&mut event.body);
        event.identified(|field, clear| self.meet(field, clear, met))
    }
}

/// Hands over what was met, with the events that it was met in: under the tokens that stand for good.
/// With one key the vault is not asked.
pub async fn settled(
    vault: &dyn Vault,
    met: &mut Met,
    events: Vec<Event<Token>>,
) -> Result<(Values, Vec<Event<Token>>), Failure> {
    let renamed = met.renamed(vault, Unknown::Newest).await?;
    let values = met.take();
    if renamed == Renamed::default() {
        return Ok((values, events));
    }
    let values = values.into_iter().map(|(field, token, clear)| (field, renamed.of(token), clear));
    let own = |event: Event<Token>| event.identified(|_, token| renamed.of(token));
    Ok((values.collect(), events.into_iter().map(own).collect()))
}

fn last_four(field: Field, value: &str) -> Option<Code> {
    let long_enough = value.chars().count() >= CONTROL_CHARACTERS_MIN;
    if field != Field::Control || !long_enough {
        return None;
    }
    let skip = value.chars().count() - LAST_CHARACTERS;
    Some(Code::from(value.chars().skip(skip).collect::<String>()))
}

#[cfg(test)]
mod tests;
