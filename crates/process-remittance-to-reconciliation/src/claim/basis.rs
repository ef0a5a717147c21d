// SPDX-License-Identifier: Apache-2.0
//! Against what a contractual adjustment posts: revenue at once, or the allowance that was set aside
//! for it, which is then trued up (B6). Nothing is estimated here.

use model::code::Code;
use model::money::Minor;
use model::reference::Basis;
use model::role::Role;
use model::row::Purpose;

use crate::account::{Account, Adjudication, Balances, Leg, Post};

/// The basis that applies: expected only where an expected amount is on file for the claim.
pub fn of(account: &Account, adjudication: &Adjudication) -> Basis {
    match (adjudication.basis, &account.opening) {
        (Basis::Expected, Some(_)) => Basis::Expected,
        (Basis::Actual | Basis::Expected, _) => Basis::Actual,
    }
}

/// The payer under which the allowance of a claim stands: that of the opening.
fn allowance_payer<'a>(account: &'a Account, adjudication: &'a Adjudication) -> &'a Code {
    let listed = account.opening.as_ref().and_then(|opening| opening.payers.first());
    listed.map_or(&adjudication.payer, |(payer, _)| payer)
}

/// The debit side of a contractual adjustment.
pub fn contractual(account: &Account, adjudication: &Adjudication) -> Post {
    match of(account, adjudication) {
        Basis::Actual => Post::payer(Role::Contractual, &adjudication.payer),
        Basis::Expected => {
            Post::payer(Role::AllowanceContractual, allowance_payer(account, adjudication))
        }
    }
}

/// What remains on the allowance after an adjudication is trued up against revenue. What is too
/// little is always made up; what is too much is given back once nothing of the claim is left to be
/// decided: not while it is denied, and not before its primary payer has spoken.
pub fn true_up(
    account: &Account,
    adjudication: &Adjudication,
    balances: &Balances,
    primary: Primary,
) -> Option<Leg> {
    if of(account, adjudication) == Basis::Actual {
        return None;
    }
    let missing: Minor = balances.allowance.saturating_neg();
    if missing < 0 && (primary == Primary::Awaited || undecided(adjudication)) {
        return None;
    }
    let payer = allowance_payer(account, adjudication);
    Leg::signed(
        Post::payer(Role::Contractual, payer),
        Post::payer(Role::AllowanceContractual, payer),
        missing,
        Purpose::ContractualTrueUp,
    )
}

fn undecided(adjudication: &Adjudication) -> bool {
    let classified = &adjudication.classified;
    classified.denied != 0
        || classified.pending != 0
        || classified.uncontracted_capitation != 0
        || !classified.unmapped.is_empty()
}

/// Whether the payer that comes first has adjudicated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Primary {
    Adjudicated,
    Awaited,
}

impl Primary {
    pub fn of(account: &Account, live: &[usize]) -> Self {
        let ones = live.iter().map(|&at| &account.adjudications[at]);
        let payers = account.opening.iter().flat_map(|opening| &opening.payers);
        let mut spoke = ones.clone().filter(|one| one.rank() == Some(1));
        let mut open =
            payers.filter(|(payer, open)| *open > 0 && ones.clone().all(|one| one.payer != *payer));
        if spoke.next().is_none() && open.next().is_some() {
            return Primary::Awaited;
        }
        Primary::Adjudicated
    }
}
