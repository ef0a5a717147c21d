// SPDX-License-Identifier: Apache-2.0
//! What the adjustments of a claim mean under the rules of its payer, and how the claim stands.
//! Decided once and kept: a later change of rules reaches a claim only by replay.

use std::fmt::Write;

use model::code::Code;
use model::event::v1::{Adjustment, ClaimAdjudicated};
use model::id::Hash;
use model::money::Minor;
use model::token::Token;
use time::Date;

use crate::account::{Classified, Standing};
use crate::rules::{CasAction, CasKey, Reversal, Rules};

/// Deductible, coinsurance and so on of a claim whose status says nothing of its payer's place.
const PRIMARY: u8 = 1;

/// What CLP02 says. A denied claim that shows a prior payer is a later payer's. Statuses that are
/// not adjudications (23 forwarded, 25 predetermined) post nothing, unless money came with them.
pub fn standing(claim: &ClaimAdjudicated<Token>) -> Standing {
    let adjudicated = |rank, forwarded| Standing::Adjudicated { rank, forwarded };
    match claim.status.as_str() {
        "1" => adjudicated(PRIMARY, false),
        "2" => adjudicated(2, false),
        "3" => adjudicated(3, false),
        "19" => adjudicated(PRIMARY, true),
        "20" => adjudicated(2, true),
        "21" => adjudicated(3, true),
        "22" => Standing::Reversal,
        "23" | "25" if claim.paid == 0 => Standing::Informative,
        "4" if all_adjustments(claim).any(|(one, _)| one.reason == "23") => adjudicated(2, false),
        _ => adjudicated(PRIMARY, false),
    }
}

/// Every adjustment of the claim with the remark codes that stand beside it.
pub fn all_adjustments(
    claim: &ClaimAdjudicated<Token>,
) -> impl Iterator<Item = (&Adjustment, &[Code])> {
    let own = claim.adjustments.iter().map(|one| (one, claim.remarks.as_slice()));
    let lines = claim.lines.iter();
    own.chain(lines.flat_map(|line| line.adjustments.iter().map(|one| (one, &line.remarks[..]))))
}

/// The first day of service, from the claim or else its lines.
pub fn service_date(claim: &ClaimAdjudicated<Token>) -> Option<Date> {
    let lines = claim.lines.iter().filter_map(|line| line.service_date).min();
    claim.service_from.or(lines)
}

/// Sorts every amount by what its rule does with it.
pub fn classify(
    claim: &ClaimAdjudicated<Token>,
    rules: &Rules,
    class: &str,
    on: Date,
) -> Classified {
    let standing = standing(claim);
    let reversal = if standing == Standing::Reversal { Reversal::Yes } else { Reversal::No };
    let mut classified = Classified::default();
    for (adjustment, remarks) in all_adjustments(claim) {
        let remarks: Vec<&str> = remarks.iter().map(Code::as_str).collect();
        let (group, reason) = (adjustment.group.as_str(), adjustment.reason.as_str());
        let key = CasKey { group, reason, remarks: &remarks, class, on, reversal };
        let amount = match reversal {
            Reversal::Yes => adjustment.amount.saturating_neg(),
            Reversal::No => adjustment.amount,
        };
        sort_in(&mut classified, adjustment, amount, rules, &key);
    }
    classified.unmapped.retain(|(_, _, amount)| *amount != 0);
    classified
}

fn sort_in(
    classified: &mut Classified,
    adjustment: &Adjustment,
    amount: Minor,
    rules: &Rules,
    key: &CasKey<'_>,
) {
    let without_rule = || if amount < 0 { rules.unmapped_negative() } else { CasAction::Queue };
    let action = rules.cas(key).unwrap_or_else(without_rule);
    let sum = match action {
        CasAction::Contractual if amount < 0 => {
            classified.contra += amount.saturating_neg();
            return;
        }
        CasAction::Contractual => &mut classified.contractual,
        CasAction::Capitation => &mut classified.capitation,
        CasAction::UncontractedCapitation => &mut classified.uncontracted_capitation,
        CasAction::Responsibility => &mut classified.responsibility,
        CasAction::PendingResponsibility => &mut classified.pending,
        CasAction::Denial => &mut classified.denied,
        CasAction::PriorPayer => &mut classified.prior_payer,
        CasAction::Queue => {
            let known = |(group, reason, _): &&mut (Code, Code, Minor)| {
                *group == adjustment.group && *reason == adjustment.reason
            };
            if let Some((_, _, sum)) = classified.unmapped.iter_mut().find(known) {
                *sum += amount;
            } else {
                let (group, reason) = (adjustment.group.clone(), adjustment.reason.clone());
                classified.unmapped.push((group, reason, amount));
            }
            return;
        }
    };
    *sum += amount;
}

/// Hash over adjustments and service dates. A claim and its exact reversal have the same one, and so
/// have two copies of a claim that were written differently.
pub fn shape(claim: &ClaimAdjudicated<Token>) -> Code {
    let reversal = standing(claim) == Standing::Reversal;
    let mut sums: Vec<(&str, &str, Minor)> = Vec::new();
    for (adjustment, _) in all_adjustments(claim) {
        let amount = if reversal { adjustment.amount.saturating_neg() } else { adjustment.amount };
        let (group, reason) = (adjustment.group.as_str(), adjustment.reason.as_str());
        match sums.iter_mut().find(|(known, code, _)| *known == group && *code == reason) {
            Some((_, _, sum)) => *sum = sum.saturating_add(amount),
            None => sums.push((group, reason, amount)),
        }
    }
    sums.sort_unstable();
    let mut text = String::new();
    for (group, reason, amount) in sums {
        // Writing into a text does not fail.
        let _ = write!(text, "{group}*{reason}*{amount}~");
    }
    let from = service_date(claim).map(|date| date.to_string()).unwrap_or_default();
    let lines = claim.lines.iter().filter_map(|line| line.service_date).max();
    let through = claim.service_through.or(claim.service_from).or(lines);
    let through = through.map(|date| date.to_string()).unwrap_or_default();
    let hash = Hash::of(&[text.as_bytes(), from.as_bytes(), through.as_bytes()]);
    Code::new(&hash.hex()[..16])
}
