// SPDX-License-Identifier: Apache-2.0
//! What becomes of a set, and which reason goes before which.

use std::time::Duration;

use model::code::Code;
use model::event::v1::{Finding, Header, Totals};
use model::exception;
use model::id::{DocumentId, Hash, RemittanceId};
use model::money::Currency;
use model::reference::Reference;
use model::remittance::{Remittance, RemittanceState};
use ports::remittances::DocumentClosed;
use time::OffsetDateTime;
use time::macros::date;

use super::verdict::{Verdict, decide};
use crate::room::LANES;
use crate::rules::Rules;
use crate::scene::Scene;
use crate::settings::Settings;

fn remittance(number: u32, body: &[u8]) -> Remittance {
    let document = DocumentId::of(&Code::new("t"), &Hash::of(&[&number.to_be_bytes()]));
    Remittance {
        id: RemittanceId::of(document, 1),
        document,
        source: Code::new("s"),
        header: Header {
            set: 1,
            payment: 100,
            credit_debit: Code::new("C"),
            originator: Code::new("TIN-1"),
            payee_npi: Some(Code::new("1111111112")),
            ..Header::default()
        },
        totals: Totals::default(),
        balanced: true,
        envelope: true,
        findings: Vec::new(),
        body_hash: Hash::of(&[body]),
        interchange: 1,
        identity: Hash::of(&[b"same"]),
        state: RemittanceState::Receiving,
        code: None,
        payer: Code::default(),
        entity: Code::default(),
        facility: Code::default(),
        received_on: date!(2026 - 03 - 02),
        sealed_at: OffsetDateTime::UNIX_EPOCH,
    }
}

fn closed(remittance: &Remittance) -> DocumentClosed {
    DocumentClosed {
        document: remittance.document,
        source: Code::new("s"),
        sets: 1,
        delivered_events: 2,
        expected_events: 2,
        delivered_cents: 100,
        expected_cents: 100,
        broken_interchanges: Vec::new(),
        refusal: None,
        received_on: date!(2026 - 03 - 02),
    }
}

fn verdict(remittance: &Remittance, closed: &DocumentClosed, others: &[Remittance]) -> Verdict {
    let posting = posting::Settings {
        tenant: Code::new("t"),
        process: Code::new("p"),
        process_lanes: LANES,
        window: Duration::from_secs(1),
        rows_max: 1,
        lines_max: 1,
        erp_call_max: Duration::from_secs(1),
        versions: Code::new("v"),
    };
    let scene = Scene {
        reference: &Reference::default(),
        rules: &Rules::compiled_in(),
        settings: &Settings::new("t"),
        posting: &posting,
        remittance,
        day: date!(2026 - 03 - 02),
        now: OffsetDateTime::UNIX_EPOCH,
        by: "test",
    };
    decide(&scene, closed, others)
}

fn with_state(
    number: u32,
    body: &[u8],
    state: RemittanceState,
    code: Option<exception::Code>,
) -> Remittance {
    Remittance { state, code, ..remittance(number, body) }
}

#[test]
fn the_first_of_an_identity_books_the_same_body_is_a_duplicate_another_a_conflict() {
    use RemittanceState as S;
    use exception::Code as C;
    let own = remittance(1, b"a");
    let conflict = Some(C::DuplicateConflict);
    for (others, state, code) in [
        (vec![], S::Booking, None),
        (vec![with_state(2, b"a", S::Decided, None)], S::Duplicate, Some(C::Duplicate)),
        (vec![with_state(2, b"b", S::Booking, None)], S::Held, conflict),
        // The same body as one that conflicts is a duplicate of that one.
        (
            vec![with_state(2, b"b", S::Decided, None), with_state(3, b"a", S::Held, conflict)],
            S::Duplicate,
            Some(C::Duplicate),
        ),
        // Never whole, left out by a person, or not decided yet: not the first.
        (vec![with_state(2, b"b", S::Held, Some(C::Structure))], S::Booking, None),
        (vec![with_state(2, b"b", S::Held, Some(C::ControlTotals))], S::Booking, None),
        (vec![with_state(2, b"b", S::Decided, Some(C::BalanceTransaction))], S::Booking, None),
        (vec![with_state(2, b"b", S::Receiving, None)], S::Booking, None),
        // A rival that only waits itself does not keep another waiting.
        (vec![with_state(2, b"b", S::Held, conflict)], S::Booking, None),
        (vec![with_state(2, b"b", S::Held, Some(C::BalanceTransaction))], S::Held, conflict),
    ] {
        let found = verdict(&own, &closed(&own), &others);
        assert_eq!(found, Verdict { state, code }, "{others:?}");
    }
}

#[test]
fn a_set_that_is_not_whole_or_not_sound_is_held_with_the_first_reason() {
    use exception::Code as C;
    let sound = remittance(1, b"a");
    let held = |remittance: &Remittance, closed: &DocumentClosed| {
        let verdict = verdict(remittance, closed, &[]);
        assert_eq!(verdict.state, RemittanceState::Held, "{:?}", verdict.code);
        verdict.code
    };
    let whole = closed(&sound);
    let finding = Finding { code: Code::new("X"), segment: 1, message: String::new() };
    let cut = DocumentClosed { broken_interchanges: vec![(1, finding)], ..whole.clone() };
    let lost = DocumentClosed { expected_events: 3, ..whole.clone() };
    let cents = DocumentClosed { expected_cents: 99, ..whole.clone() };
    let header = |change: fn(&mut Header)| {
        let mut changed = sound.clone();
        change(&mut changed.header);
        changed
    };
    let unbalanced = Remittance { balanced: false, ..sound.clone() };
    for (set, document, code) in [
        (header(|header| header.set = 0), &whole, C::Structure),
        (Remittance { envelope: false, ..unbalanced.clone() }, &whole, C::Structure),
        (sound.clone(), &cut, C::Structure),
        (sound.clone(), &lost, C::ControlTotals),
        (sound.clone(), &cents, C::ControlTotals),
        (header(|header| header.payment = i64::MAX), &whole, C::Overflow),
        (unbalanced, &whole, C::BalanceTransaction),
        (header(|header| header.credit_debit = Code::new("D")), &whole, C::DebitPayment),
        (header(|header| header.payee_npi = None), &whole, C::MasterEntity),
        (header(|header| header.currency = Currency::parse("EUR")), &whole, C::Currency),
    ] {
        assert_eq!(held(&set, document), Some(code));
    }
}
