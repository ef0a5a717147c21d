// SPDX-License-Identifier: Apache-2.0
//! Which original a reversal takes back: the same payer, the amounts turned round, best by the payer's
//! own claim number. A pair is found in whatever order its halves arrived.

use crate::account::Adjudication;

/// An original and its reversal, by position on the account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pair {
    pub original: usize,
    pub reversal: usize,
}

/// Every pair among the adjudications that are not barred. A pair that has booked stays one.
pub fn pairs(adjudications: &[Adjudication]) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = Vec::new();
    for (reversal, taken_back) in adjudications.iter().enumerate() {
        if !taken_back.is_reversal() || taken_back.barred.is_some() {
            continue;
        }
        let mut best: Option<((u8, u8), usize)> = None;
        for (original, candidate) in adjudications.iter().enumerate() {
            let free = pairs.iter().all(|pair| pair.original != original);
            if !free || !fits(candidate, taken_back) {
                continue;
            }
            let closeness = (
                u8::from(candidate.control == taken_back.control),
                u8::from(candidate.shape == taken_back.shape),
            );
            if best.is_none_or(|(other, _)| other < closeness) {
                best = Some((closeness, original));
            }
        }
        if let Some((_, original)) = best {
            pairs.push(Pair { original, reversal });
        }
    }
    pairs
}

fn fits(candidate: &Adjudication, taken_back: &Adjudication) -> bool {
    candidate.rank().is_some()
        && candidate.barred.is_none()
        && candidate.payer == taken_back.payer
        && candidate.charge == taken_back.charge.saturating_neg()
        && candidate.paid == taken_back.paid.saturating_neg()
}
