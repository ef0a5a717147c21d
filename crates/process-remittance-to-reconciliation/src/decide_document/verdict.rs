// SPDX-License-Identifier: Apache-2.0
//! What becomes of one sealed transaction set, pure: is it whole, is it new, does it balance, whose is it.

use model::exception::Code;
use model::remittance::{Remittance, RemittanceState};
use ports::remittances::DocumentClosed;

use crate::resolve_reference::{self, Found};
use crate::scene::Scene;

/// State and, where it is held or set aside, why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verdict {
    pub state: RemittanceState,
    pub code: Option<Code>,
}

impl Verdict {
    fn held(code: Code) -> Self {
        Self { state: RemittanceState::Held, code: Some(code) }
    }
}

/// `others` have the same identity and have been decided before this one.
pub fn decide(scene: &Scene<'_>, closed: &DocumentClosed, others: &[Remittance]) -> Verdict {
    let remittance = scene.remittance;
    if let Some(code) = not_whole(remittance, closed) {
        return Verdict::held(code);
    }
    if let Some(verdict) = known(remittance, others) {
        return verdict;
    }
    let max = scene.settings.amount_minor_max.unsigned_abs();
    let totals = [
        remittance.header.payment,
        remittance.totals.claims_paid,
        remittance.totals.provider_adjusted,
    ];
    if totals.iter().any(|amount| amount.unsigned_abs() > max) {
        return Verdict::held(Code::Overflow);
    }
    if !remittance.balanced {
        return Verdict::held(Code::BalanceTransaction);
    }
    if remittance.header.credit_debit == "D" {
        return Verdict::held(Code::DebitPayment);
    }
    let payee = resolve_reference::payee(scene.reference, scene.settings, &remittance.header);
    let Some(facility) = payee.value() else { return Verdict::held(Code::MasterEntity) };
    let kept = resolve_reference::currency(scene.reference, &facility.entity);
    if remittance.header.currency.is_some_and(|currency| currency != kept) {
        return Verdict::held(Code::Currency);
    }
    if scene.dated(&facility.entity).is_none() {
        return Verdict::held(Code::PeriodClosed);
    }
    // An unknown payer holds every claim, but the cash still clears.
    let payer = resolve_reference::payer(scene.reference, scene.settings, &remittance.header);
    let code = (payer == Found::Unknown).then_some(Code::MasterPayer);
    Verdict { state: RemittanceState::Booking, code }
}

/// Whether every set of the document has to wait, whatever it says itself.
pub fn document_code(closed: &DocumentClosed) -> Option<Code> {
    if closed.refusal.is_some() {
        return Some(Code::Unreadable);
    }
    let events = closed.delivered_events == closed.expected_events;
    let cents = closed.delivered_cents == closed.expected_cents;
    (!events || !cents).then_some(Code::ControlTotals)
}

fn not_whole(remittance: &Remittance, closed: &DocumentClosed) -> Option<Code> {
    let sealed = remittance.header.set > 0;
    let broken = closed.broken_interchanges.iter();
    let broken = broken.clone().any(|(interchange, _)| *interchange == remittance.interchange);
    if !sealed || broken || !remittance.envelope {
        return Some(Code::Structure);
    }
    document_code(closed)
}

/// A set that was never whole is not the first of its identity: sent again whole, it posts once.
fn was_whole(other: &Remittance) -> bool {
    match other.state {
        RemittanceState::Receiving => false,
        RemittanceState::Held => {
            !matches!(other.code, Some(Code::Structure | Code::Unreadable | Code::ControlTotals))
        }
        // Decided under a code: left out by a person.
        RemittanceState::Decided => other.code.is_none(),
        RemittanceState::Booking | RemittanceState::Duplicate => true,
    }
}

fn known(remittance: &Remittance, others: &[Remittance]) -> Option<Verdict> {
    let others = others.iter().filter(|other| other.id != remittance.id && was_whole(other));
    if others.clone().any(|other| other.body_hash == remittance.body_hash) {
        return Some(Verdict { state: RemittanceState::Duplicate, code: Some(Code::Duplicate) });
    }
    let mut explained = others.filter(|other| match other.state {
        RemittanceState::Duplicate => false,
        RemittanceState::Held => other.code != Some(Code::DuplicateConflict),
        RemittanceState::Booking | RemittanceState::Decided | RemittanceState::Receiving => true,
    });
    explained.next().map(|_| Verdict::held(Code::DuplicateConflict))
}
