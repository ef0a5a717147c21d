// SPDX-License-Identifier: Apache-2.0
//! Shows the value behind a token to a person who may see it; the vault logs who asked first.

use model::token::Reason;
use ports::identity::{Permission, Principal};

use super::{Desk, allow};
use crate::problem::{Kind, Problem};
use crate::view::Revealed;

impl Desk {
    /// `NotFound` for a token that is not ours; `Expired` for one whose value was shredded.
    pub async fn reveal(&self, caller: &Principal, token: &str) -> Result<Revealed, Problem> {
        allow(caller, Permission::Reveal)?;
        if !caller.entities.is_empty() {
            // A token does not say whose patient it is.
            let why = "a caller who is limited to some entities cannot reveal";
            return Err(Problem::detailed(Kind::Forbidden, why));
        }
        let found = self.0.vault.reveal(token, &caller.subject).await?;
        let clear = found.ok_or_else(Problem::not_found)?;
        Ok(Revealed { token: token.to_owned(), value: clear.expose(Reason::Reveal).clone() })
    }
}
