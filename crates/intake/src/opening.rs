// SPDX-License-Identifier: Apache-2.0
//! Open balances at the cut-over. Their claim numbers are tokens before they leave this room, and the
//! vault keeps them too: a remittance that comes under a newer key finds its claim.

use model::token::{Clear, Field, Token};
use ports::failure::Failure;
use ports::remittances::{OpeningClaim, Remittances};
use ports::vault::Vault;

use crate::tokens::{Met, Unknown};

/// Opening lines handed over at a time.
const LINES_MAX: usize = 500;
/// Values handed to the vault at a time.
const VAULT_VALUES_MAX: usize = 4_000;

/// An opening file with tokens of the newest key, and the values that they stand for.
pub struct Opening {
    pub lines: Vec<OpeningClaim>,
    pub met: Met,
}

impl Opening {
    /// Repeating it changes nothing, whatever keys have come since: a line has the token that the vault
    /// holds for its claim, else that of the oldest key, which is there at every start.
    pub async fn enter(
        &self,
        vault: &dyn Vault,
        remittances: &dyn Remittances,
    ) -> Result<(), Failure> {
        let renamed = self.met.renamed(vault, Unknown::Oldest).await?;
        let values: Vec<(Field, Token, Clear)> =
            self.met.entries().map(|(field, token, own)| (field, renamed.of(token), own)).collect();
        for part in values.chunks(VAULT_VALUES_MAX) {
            keep_new(vault, part).await?;
        }
        for part in self.lines.chunks(LINES_MAX) {
            let part = part.iter().cloned().map(|line| OpeningClaim {
                claim: renamed.of(line.claim),
                payer_control: line.payer_control.map(|own| renamed.of(own)),
                ..line
            });
            remittances.open(part.collect()).await?;
        }
        Ok(())
    }
}

/// What is there already stays as it was sealed: a start is no reason to keep it for longer.
async fn keep_new(vault: &dyn Vault, values: &[(Field, Token, Clear)]) -> Result<(), Failure> {
    let tokens: Vec<_> = values.iter().map(|(_, token, _)| token.token.clone()).collect();
    let held = vault.held(&tokens).await?;
    let new = values.iter().filter(|(_, token, _)| !held.contains(&token.token));
    let new: Vec<_> = new.cloned().collect();
    if new.is_empty() {
        return Ok(());
    }
    vault.keep(new).await
}

#[cfg(test)]
mod tests;
