// SPDX-License-Identifier: Apache-2.0
//! Where deductible, coinsurance and copayment go: to the next payer where one is known, else to the
//! patient (B5).

use model::code::Code;
use model::role::Role;

use crate::account::{Account, Adjudication, Post, Standing};

/// The payer of a forwarded claim whose next payer nobody has named yet.
pub const UNNAMED_PAYER: &str = "unassigned";

/// The receivable that an adjudication's patient responsibility moves to.
pub fn destination(account: &Account, adjudication: &Adjudication) -> Post {
    match next_payer(account, adjudication) {
        Some(payer) => Post::payer(Role::ReceivablePayer, &payer),
        None => Post::plain(Role::ReceivablePatient),
    }
}

/// A payer that has adjudicated further down the line is certain; the crossover carrier is named by
/// the payer; the opening file lists coverage; a status *forwarded* alone names nobody.
fn next_payer(account: &Account, adjudication: &Adjudication) -> Option<Code> {
    let Standing::Adjudicated { rank, forwarded } = adjudication.standing else { return None };
    let others = account.adjudications.iter();
    let further = others
        .filter(|other| other.payer != adjudication.payer)
        .filter_map(|other| other.rank().map(|further| (further, &other.payer)))
        .filter(|(further, _)| *further > rank)
        .min();
    if let Some((_, payer)) = further {
        return Some(payer.clone());
    }
    if let Some(crossover) = &adjudication.crossover {
        return Some(crossover.clone());
    }
    let listed = account.opening.iter().flat_map(|opening| &opening.payers);
    let mut coverage = listed.filter(|(payer, _)| *payer != adjudication.payer);
    if rank == 1
        && let Some((payer, _)) = coverage.next()
    {
        return Some(payer.clone());
    }
    forwarded.then(|| Code::new(UNNAMED_PAYER))
}
