// SPDX-License-Identifier: Apache-2.0
//! The same claim payment from another remittance, without a reversal between (B13): the first one
//! counts, the others are held.

use crate::account::Adjudication;
use crate::claim::reversal::Pair;

/// For each adjudication whether it repeats an earlier one of another remittance.
pub fn repeats(adjudications: &[Adjudication], pairs: &[Pair]) -> Vec<bool> {
    let open = |at: usize| {
        let one = &adjudications[at];
        one.rank().is_some() && one.barred.is_none() && pairs.iter().all(|pair| pair.original != at)
    };
    let mut repeats = vec![false; adjudications.len()];
    for later in 0..adjudications.len() {
        if !open(later) {
            continue;
        }
        let first = (0..later).find(|&earlier| {
            open(earlier)
                && !repeats[earlier]
                && same(&adjudications[earlier], &adjudications[later])
        });
        repeats[later] = first.is_some();
    }
    repeats
}

fn same(one: &Adjudication, other: &Adjudication) -> bool {
    one.remittance != other.remittance
        && one.payer == other.payer
        && one.control == other.control
        && one.standing == other.standing
        && one.charge == other.charge
        && one.paid == other.paid
        && one.shape == other.shape
}
