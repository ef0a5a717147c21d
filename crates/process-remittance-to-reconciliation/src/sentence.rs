// SPDX-License-Identifier: Apache-2.0
//! The one sentence of a work item, with the figures that a person looks at first. Never a patient:
//! codes, amounts, payers, and the last four of a reference.

use model::event::v1::ClaimAdjudicated;
use model::exception::Code;
use model::money::decimal;
use model::token::Token;

use crate::account::{Adjudication, Note, Verdict};
use crate::claim::classify::all_adjustments;
use crate::provider_adjustment::PlbLine;

/// Why a claim cannot be booked by itself.
pub fn of_barred(code: Code, claim: &ClaimAdjudicated<Token>) -> String {
    if code == Code::BalanceLine {
        let failing = claim.lines.iter().filter(|line| {
            let adjusted: i128 = line.adjustments.iter().map(|one| i128::from(one.amount)).sum();
            i128::from(line.charge) - adjusted != i128::from(line.paid)
        });
        let places: Vec<String> =
            failing.take(5).map(|line| line.position_segment.to_string()).collect();
        let count = claim.lines_out_of_balance;
        return format!("{count} lines do not balance, at segments {}", places.join(", "));
    }
    if code == Code::BalanceClaim {
        let adjusted: i128 = all_adjustments(claim).map(|(one, _)| i128::from(one.amount)).sum();
        let adjusted = i64::try_from(adjusted).unwrap_or(i64::MAX);
        let (charge, paid) = (decimal(claim.charge), decimal(claim.paid));
        return format!(
            "charge {charge} less adjustments {} is not paid {paid}",
            decimal(adjusted)
        );
    }
    if code == Code::MasterFacility {
        let npi = claim.facility_npi.as_deref().unwrap_or("none");
        return format!("facility {npi} is not in the reference data");
    }
    if code == Code::MasterPayer {
        let carrier = claim.crossover.as_deref().unwrap_or("none");
        return format!("crossover carrier {carrier} is not in the reference data");
    }
    code.title().to_owned()
}

/// Every sentence that the items of a claim may need.
pub fn of_claim(one: &Adjudication, verdict: &Verdict) -> Vec<(Code, String)> {
    let mut sentences: Vec<(Code, String)> =
        verdict.notes.iter().map(|note| (note.code, of_note(one, note))).collect();
    let barred = one.barred.as_ref().and_then(|barred| barred.reason.clone());
    if let Some(code) = verdict.held {
        let (payer, paid) = (&one.payer, decimal(one.paid));
        let sentence = barred.unwrap_or_else(|| {
            if code == Code::DuplicateClaim {
                format!("{payer}: {paid} has posted from another remittance, no reversal between")
            } else if code == Code::ReversalOrphan {
                format!("{payer}: {paid} takes back a claim whose posting is not known")
            } else {
                code.title().to_owned()
            }
        });
        sentences.push((code, sentence));
    }
    sentences
}

fn of_note(one: &Adjudication, note: &Note) -> String {
    let (payer, amount) = (&one.payer, decimal(note.amount));
    if note.code == Code::MapCarc {
        let unmapped = one.classified.unmapped.iter();
        let codes: Vec<String> = unmapped
            .map(|(group, reason, amount)| format!("{group} {reason} {}", decimal(*amount)))
            .collect();
        return format!("{payer}: no rule for {}", codes.join(", "));
    }
    if note.code == Code::CoordinationExcess {
        return format!("{amount} beyond what is open at {payer}");
    }
    if note.code == Code::OtherAdjusted {
        return format!("{payer} is primary and shows {amount} of a prior payer");
    }
    if note.code == Code::Capitation {
        return format!("{payer}: {amount} capitated without a capitation contract");
    }
    note.code.title().to_owned()
}

/// Every sentence that the items of a provider adjustment may need.
pub fn of_line(line: &PlbLine, notes: &[Note], held: Option<Code>) -> Vec<(Code, String)> {
    let amount = decimal(line.amount);
    let what = format!("{} {amount} under reference {}", line.code, line.shown);
    let of = |note: &Note| {
        let sentence = if note.code == Code::MapPlb {
            format!("no rule for {what}")
        } else {
            format!("{what}: {} is not covered", decimal(note.amount))
        };
        (note.code, sentence)
    };
    let held = held.map(|code| (code, format!("{what}: {}", code.title())));
    notes.iter().map(of).chain(held).collect()
}
