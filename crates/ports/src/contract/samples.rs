// SPDX-License-Identifier: Apache-2.0
//! Synthetic records for the suites. The same name always gives the same record.

use std::sync::Arc;
use std::time::Duration;

use model::code::Code;
use model::event::v1::{ClaimAdjudicated, Header, Totals};
use model::event::{Body, Event, EventBatch, EventState, Position};
use model::exception::{self, Holds, Item, ItemState, Subject};
use model::id::{DocumentId, EventId, ExceptionId, Hash, RemittanceId, RowId};
use model::journal::{Balanced, Journal, JournalKey, JournalState, Line};
use model::money::{Currency, Minor, Money};
use model::remittance::{Remittance, RemittanceState};
use model::role::Role;
use model::row::{Purpose, Row, Side, WindowGroup};
use model::token::Token;
use serde_json::{Value, json};
use time::macros::{date, datetime};
use time::{Date, OffsetDateTime};

use super::Fixture;
use crate::book::{Effects, Fence, InboxEntry, JournalChange, LogEntry, Transition, Unit};

pub const ENTITY: &str = "E1";
pub const TARGET: &str = "main";
pub const DAY: Date = date!(2026 - 11 - 02);

pub fn at(seconds: i64) -> OffsetDateTime {
    datetime!(2026-11-02 09:00 UTC) + time::Duration::seconds(seconds)
}

pub fn document(name: &str) -> DocumentId {
    DocumentId::of(&Code::new("t1"), &Hash::of(&[name.as_bytes()]))
}

/// The first set of the document of that name.
pub fn remittance_id(name: &str) -> RemittanceId {
    RemittanceId::of(document(name), 1)
}

pub fn event_id(name: &str, ordinal: u64) -> EventId {
    EventId::of(&Code::new("t1"), &Code::new("s1"), document(name), ordinal)
}

pub fn row_id(name: &str, ordinal: u64, leg: u32) -> RowId {
    RowId::of(event_id(name, ordinal), 1, leg)
}

pub fn token(name: &str, ordinal: u64) -> Token {
    let token = format!("tok_v1_{name}{ordinal:06}");
    Token { token: token.into(), last4: Some("0042".into()) }
}

pub fn remittance(name: &str) -> Remittance {
    let header = Header {
        set: 1,
        control_number: "0001".into(),
        payment: 10_000,
        credit_debit: "C".into(),
        method: "ACH".into(),
        trace: Code::from(format!("TRACE-{name}")),
        originator: "1999999999".into(),
        payer_name: "Sample Health Plan".into(),
        payee_name: "Sample Hospital".into(),
        ..Header::default()
    };
    let body_hash = Hash::of(&[b"body", name.as_bytes()]);
    Remittance {
        id: remittance_id(name),
        document: document(name),
        source: "s1".into(),
        identity: Remittance::identity_of(&header, &body_hash),
        header,
        totals: Totals { claims: 2, claims_paid: 10_000, ..Totals::default() },
        balanced: true,
        envelope: true,
        findings: Vec::new(),
        body_hash,
        interchange: 1,
        state: RemittanceState::Booking,
        code: None,
        payer: "P1".into(),
        entity: ENTITY.into(),
        facility: "F1".into(),
        received_on: DAY,
        sealed_at: at(0),
    }
}

/// Claim `ordinal` of the remittance of that name, worth `ordinal` dollars.
pub fn event(name: &str, ordinal: u64) -> Event<Token> {
    let claim = ClaimAdjudicated {
        patient_control: token(name, ordinal),
        payer_control: None,
        member: None,
        patient: None,
        status: "1".into(),
        filing: None,
        charge: cents(ordinal),
        paid: cents(ordinal),
        patient_responsibility: None,
        adjustments: Vec::new(),
        lines: Vec::new(),
        remarks: Vec::new(),
        service_from: None,
        service_through: None,
        rendering_npi: None,
        facility_npi: None,
        crossover: None,
        lines_out_of_balance: 0,
        balanced: true,
    };
    Event {
        id: event_id(name, ordinal),
        document: document(name),
        remittance: remittance_id(name),
        ordinal,
        position: Position::default(),
        source_hash: Hash::of(&[b"source", name.as_bytes(), &ordinal.to_be_bytes()]),
        body: Body::Claim(claim),
    }
}

fn cents(ordinal: u64) -> Minor {
    i64::try_from(ordinal).unwrap_or(0) * 100
}

pub fn entry(name: &str, ordinal: u64, batch: u64) -> InboxEntry {
    let event = event(name, ordinal);
    InboxEntry {
        event: event.id,
        remittance: event.remittance,
        document: event.document,
        kind: event.body.kind(),
        ordinal,
        batch,
        source_hash: event.source_hash,
        amount: event.body.amount(),
        state: EventState::Pending,
        code: None,
        bookings: 0,
    }
}

/// Claims `first..=last` of a remittance as one batch with their inbox entries.
pub fn delivery(name: &str, first: u64, last: u64) -> Effects {
    let mut effects = Effects::new(format!("deliver/{name}/{first}"));
    effects.inbox = (first..=last).map(|ordinal| entry(name, ordinal, first)).collect();
    effects.batches = vec![Arc::new(EventBatch {
        remittance: remittance_id(name),
        document: document(name),
        source: "s1".into(),
        first,
        events: (first..=last).map(|ordinal| event(name, ordinal)).collect(),
    })];
    effects
}

pub fn side(role: Role) -> Side {
    Side {
        role,
        facility: "F1".into(),
        department: "D1".into(),
        service_line: "SL1".into(),
        payer: "P1".into(),
    }
}

pub fn group() -> WindowGroup {
    WindowGroup { target: TARGET.into(), entity: ENTITY.into(), accounting_date: DAY }
}

/// `1090 | 1200` for a claim of [`delivery`].
pub fn row(name: &str, ordinal: u64, leg: u32, cents: Minor) -> (WindowGroup, Row) {
    let row = Row {
        id: row_id(name, ordinal, leg),
        event: event_id(name, ordinal),
        remittance: remittance_id(name),
        entity: ENTITY.into(),
        accounting_date: DAY,
        prior_period: None,
        debit: side(Role::Clearing),
        credit: side(Role::ReceivablePayer),
        amount: Money::new(cents, Currency::USD),
        purpose: Purpose::Payment,
        item: Code::from(format!("TRACE-{name}")),
        reverses: None,
    };
    (group(), row)
}

/// A journal over these rows, one line per side of each.
pub fn journal(rows: &[Row]) -> Journal {
    let ids: Vec<RowId> = rows.iter().map(|row| row.id).collect();
    let mut lines = Vec::new();
    for row in rows {
        let amount = row.amount.minor;
        let item = row.item.clone();
        lines.push(Line { side: row.debit.clone(), debit: amount, credit: 0, item: item.clone() });
        lines.push(Line { side: row.credit.clone(), debit: 0, credit: amount, item });
    }
    Journal {
        key: JournalKey::of(&"t1".into(), &"p1".into(), &group(), &ids),
        process: "p1".into(),
        group: group(),
        currency: Currency::USD,
        body: Balanced::new(lines).expect("each row brings as much debit as credit"),
        rows: rows.len() as u64,
        versions: "v1".into(),
        state: JournalState::Ready,
        created_at: at(0),
    }
}

pub fn close(rows: &[Row]) -> JournalChange {
    let members = rows.iter().map(|row| row.id).collect();
    JournalChange::Close { journal: journal(rows), members }
}

pub fn posted(document: &str) -> JournalState {
    JournalState::Posted { document: document.into(), at: at(60) }
}

pub fn item(about: Subject, code: exception::Code, round: u32) -> Item {
    Item {
        id: ExceptionId::of(&about.id(), code.as_str(), round),
        code,
        subject: about,
        holds: Holds::Nothing,
        amount: 1_250,
        claims: 1,
        reason: "a sample".to_owned(),
        state: ItemState::Open,
        parent: None,
        version: 0,
        opened_at: at(i64::from(round)),
    }
}

pub fn log(kind: &str, subject: &str, body: Value) -> LogEntry {
    LogEntry { kind: kind.into(), subject: subject.into(), by: "suite".into(), body }
}

pub fn transition(name: &str, ordinal: u64, to: EventState) -> Transition {
    Transition { event: event_id(name, ordinal), to, code: None, bookings: 1 }
}

/// A unit due `seconds` after `now`; negative is in the past.
pub fn unit(lane: &str, id: &str, now: OffsetDateTime, seconds: i64) -> Unit {
    let due = now.replace_nanosecond(0).unwrap_or(now) + time::Duration::seconds(seconds);
    Unit::new(lane, "sample", id, json!({ "id": id }), due)
}

/// A long lease of a lane that nobody else holds.
pub async fn hold(fixture: &Fixture, lane: &str) -> Fence {
    let lease = fixture.book.lease(&lane.into(), &"suite".into(), Duration::from_secs(600)).await;
    lease.expect("a book that works").expect("a lane that is free").fence
}

/// Applies without a fence; the effects are sound.
pub async fn apply(fixture: &Fixture, effects: Effects) {
    fixture.book.apply_unfenced(&effects).await.expect("sound effects are applied");
}

/// Delivers `claims` claims and puts one row for each, `ordinal` dollars; gives the rows.
pub async fn book_rows(fixture: &Fixture, name: &str, claims: u64) -> Vec<Row> {
    let mut effects = delivery(name, 1, claims);
    effects.remittances = vec![remittance(name)];
    effects.rows = (1..=claims).map(|ordinal| row(name, ordinal, 0, cents(ordinal))).collect();
    let rows = effects.rows.iter().map(|(_, row)| row.clone()).collect();
    apply(fixture, effects).await;
    rows
}

/// Closes these rows into a journal.
pub async fn close_rows(fixture: &Fixture, rows: &[Row]) -> JournalKey {
    let key = journal(rows).key;
    let mut effects = Effects::new(format!("close/{key}"));
    effects.journals = vec![close(rows)];
    apply(fixture, effects).await;
    key
}

/// Moves a journal from ready to posted.
pub async fn post(fixture: &Fixture, key: &JournalKey, document: &str) {
    let mut effects = Effects::new(format!("post/{key}"));
    let (from, to) = (JournalState::Ready, posted(document));
    effects.journals = vec![JournalChange::Move { key: key.clone(), from, to }];
    apply(fixture, effects).await;
}

pub async fn state_of(fixture: &Fixture, name: &str, ordinal: u64) -> EventState {
    let entries = fixture.book.inbox(&[event_id(name, ordinal)]).await.expect("a readable inbox");
    entries.first().expect("the event was delivered").state
}
