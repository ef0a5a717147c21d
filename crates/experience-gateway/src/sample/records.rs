// SPDX-License-Identifier: Apache-2.0
//! The synthetic records of the world, applied to a book in memory. The same name always gives the
//! same record.

use std::sync::Arc;

use bytes::Bytes;
use model::code::Code;
use model::document::{Channel, ControlTotals, Document, DocumentState};
use model::event::v1::{Adjustment, ClaimAdjudicated, Finding, Header, Totals};
use model::event::{Body, Event, EventBatch, EventState, Position};
use model::exception::{self, Holds, Item, ItemState, Subject};
use model::id::{DocumentId, EventId, ExceptionId, Hash, RemittanceId, RowId};
use model::journal::{Balanced, Journal, JournalKey, JournalState, Line};
use model::money::{Currency, Minor, Money};
use model::remittance::{Remittance, RemittanceState};
use model::role::Role;
use model::row::{Purpose, Row, Side, WindowGroup};
use model::token::{Clear, Field, Token};
use ports::book::{Book, Effects, InboxEntry, JournalChange, LogEntry, Transition};
use ports::memory::MemoryBook;
use ports::raw::{Incoming, RawStore, Segmented};
use ports::vault::Vault;
use serde_json::json;
use time::macros::{date, datetime};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::{CLEAR, EAST, TOKEN, WEST};

const DAY: Date = date!(2026 - 11 - 02);
const AT: OffsetDateTime = datetime!(2026-11-02 09:00 UTC);

pub(super) fn document(name: &str) -> DocumentId {
    DocumentId::of(&Code::new("north"), &Hash::of(&[name.as_bytes()]))
}

pub(super) fn remittance_id(name: &str) -> RemittanceId {
    RemittanceId::of(document(name), 1)
}

pub(super) fn event_id(name: &str, ordinal: u64) -> EventId {
    EventId::of(&Code::new("north"), &Code::new("clearinghouse"), document(name), ordinal)
}

fn paid(ordinal: u64) -> Minor {
    i64::try_from(ordinal).unwrap_or(0) * 10_005
}

fn remittance(name: &str, entity: &str) -> Remittance {
    let header = Header {
        set: 1,
        control_number: "0001".into(),
        payment: 60_030,
        credit_debit: "C".into(),
        method: "ACH".into(),
        effective_date: Some(DAY),
        trace: Code::from(format!("TRACE-{name}")),
        originator: "1999999999".into(),
        // A name that a spreadsheet would run, and that a page must not.
        payer_name: "=Sample Health <Plan>".into(),
        payee_name: "Sample Hospital".into(),
        ..Header::default()
    };
    let body_hash = Hash::of(&[b"body", name.as_bytes()]);
    Remittance {
        id: remittance_id(name),
        document: document(name),
        source: "clearinghouse".into(),
        identity: Remittance::identity_of(&header, &body_hash),
        header,
        totals: Totals { claims: 3, claims_paid: 60_030, ..Totals::default() },
        balanced: true,
        envelope: true,
        findings: vec![Finding {
            code: "BAL-L2".into(),
            segment: 31,
            message: "the claim does not balance".to_owned(),
        }],
        body_hash,
        interchange: 1,
        state: RemittanceState::Booking,
        code: None,
        payer: "P1".into(),
        entity: entity.into(),
        facility: "F1".into(),
        received_on: DAY,
        sealed_at: AT,
    }
}

fn event(name: &str, ordinal: u64) -> Event<Token> {
    let token = Code::from(format!("tok_v1_{name}{ordinal:06}"));
    let claim = ClaimAdjudicated {
        patient_control: Token { token, last4: Some("0042".into()) },
        payer_control: None,
        member: None,
        patient: None,
        status: "1".into(),
        filing: None,
        charge: paid(ordinal) + 5_000,
        paid: paid(ordinal),
        patient_responsibility: None,
        adjustments: vec![Adjustment { group: "CO".into(), reason: "45".into(), amount: 5_000 }],
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
        position: Position { segment: 10 * ordinal + 1, offset: 500 * ordinal },
        source_hash: Hash::of(&[b"source", name.as_bytes(), &ordinal.to_be_bytes()]),
        body: Body::Claim(claim),
    }
}

fn delivery(name: &str, entity: &str, claims: u64) -> Effects {
    let mut effects = Effects::new(format!("deliver/{name}"));
    let entry = |ordinal| InboxEntry {
        event: event_id(name, ordinal),
        remittance: remittance_id(name),
        document: document(name),
        kind: event(name, ordinal).body.kind(),
        ordinal,
        batch: 1,
        source_hash: event(name, ordinal).source_hash,
        amount: paid(ordinal),
        state: EventState::Pending,
        code: None,
        bookings: 0,
    };
    effects.inbox = (1..=claims).map(entry).collect();
    effects.batches = vec![Arc::new(EventBatch {
        remittance: remittance_id(name),
        document: document(name),
        source: "clearinghouse".into(),
        first: 1,
        events: (1..=claims).map(|ordinal| event(name, ordinal)).collect(),
    })];
    effects.remittances = vec![remittance(name, entity)];
    effects.log = vec![LogEntry {
        kind: "remittance.sealed".into(),
        subject: remittance_id(name).to_string().into(),
        by: "process".into(),
        body: json!({"claims": claims}),
    }];
    effects
}

fn side(role: Role) -> Side {
    let (facility, department) = ("F1".into(), "D1".into());
    Side { role, facility, department, service_line: "SL1".into(), payer: "P1".into() }
}

fn group() -> WindowGroup {
    WindowGroup { target: "main".into(), entity: EAST.into(), accounting_date: DAY }
}

fn row(ordinal: u64) -> Row {
    Row {
        id: RowId::of(event_id("east", ordinal), 1, 0),
        event: event_id("east", ordinal),
        remittance: remittance_id("east"),
        entity: EAST.into(),
        accounting_date: DAY,
        prior_period: None,
        debit: side(Role::Clearing),
        credit: side(Role::ReceivablePayer),
        amount: Money::new(paid(ordinal), Currency::USD),
        purpose: Purpose::Payment,
        item: "TRACE-east".into(),
        reverses: None,
    }
}

pub(super) fn journal() -> Journal {
    journal_of(1, JournalState::Ready)
}

pub(super) fn held_journal() -> Journal {
    journal_of(2, JournalState::Held)
}

fn journal_of(ordinal: u64, state: JournalState) -> Journal {
    let row = row(ordinal);
    let (item, amount) = (row.item.clone(), row.amount.minor);
    let line =
        |side: &Side, debit, credit| Line { side: side.clone(), debit, credit, item: item.clone() };
    let lines = vec![line(&row.debit, amount, 0), line(&row.credit, 0, amount)];
    Journal {
        key: JournalKey::of(&"north".into(), &"remittance".into(), &group(), &[row.id]),
        process: "remittance".into(),
        group: group(),
        currency: Currency::USD,
        body: Balanced::new(lines).expect("one row brings as much debit as credit"),
        rows: 1,
        versions: "v1".into(),
        state,
        created_at: AT,
    }
}

fn item(about: Subject, code: exception::Code, holds: Holds, round: u32) -> Item {
    Item {
        id: ExceptionId::of(&about.id(), code.as_str(), round),
        code,
        subject: about,
        holds,
        amount: paid(3),
        claims: 1,
        reason: "segment 31 does not balance <b>".to_owned(),
        state: ItemState::Open,
        parent: None,
        version: 0,
        opened_at: AT + time::Duration::seconds(i64::from(round)),
    }
}

pub(super) fn held() -> Item {
    let subject = Subject::Event { event: event_id("east", 3), remittance: remittance_id("east") };
    item(subject, exception::Code::BalanceClaim, Holds::Events, 1)
}

pub(super) fn follow_up() -> Item {
    let subject = Subject::Remittance { remittance: remittance_id("west") };
    item(subject, exception::Code::Duplicate, Holds::Nothing, 1)
}

pub(super) async fn add_item(book: &MemoryBook, name: &str, round: u32) -> ExceptionId {
    let subject = Subject::Remittance { remittance: remittance_id(name) };
    let new = item(subject, exception::Code::Duplicate, Holds::Nothing, round);
    let id = new.id;
    let mut effects = Effects::new(format!("item/{id}"));
    effects.items = vec![new];
    apply(book, effects).await;
    id
}

pub(super) async fn add(book: &MemoryBook, name: &str, entity: &str) {
    let document = Document {
        id: document(name),
        source: "clearinghouse".into(),
        channel: Channel::Folder,
        byte_hash: Hash::of(&[name.as_bytes()]),
        bytes: 4_096,
        totals: ControlTotals {
            interchanges: 1,
            sets: 1,
            claims: 3,
            claims_paid: 60_030,
            payments: 60_030,
            ..ControlTotals::default()
        },
        state: DocumentState::Delivered,
        repeats: 0,
        received_at: AT,
    };
    let segmented = Segmented { root: document.byte_hash, segments: 12, secret: [1; 32] };
    let incoming = Incoming {
        upload: Uuid::from_u128(1),
        document,
        segmented,
        staged: 0,
        rest: Bytes::new(),
        by: "folder".into(),
        work: Vec::new(),
    };
    book.commit(incoming).await.expect("a book without faults");
    apply(book, delivery(name, entity, 3)).await;
}

/// East: claim 1 posted, 2 pending in a journal on hold, 3 quarantined. West: three pending claims and follow-up work.
pub(super) async fn seed(book: &MemoryBook) {
    add(book, "east", EAST).await;
    add(book, "west", WEST).await;
    let token = Token { token: TOKEN.into(), last4: None };
    let kept = vec![(Field::Member, token, Clear::new(CLEAR.to_owned()))];
    book.keep(kept).await.expect("a vault in memory");
    let mut effects = Effects::new("book/east");
    effects.rows = vec![(group(), row(1)), (group(), row(2))];
    let mut transition = |ordinal, to, code, bookings| {
        let event = event_id("east", ordinal);
        effects.transitions.push(Transition { event, to, code, bookings });
    };
    transition(1, EventState::Pending, None, 1);
    transition(2, EventState::Pending, None, 1);
    transition(3, EventState::Quarantined, Some(exception::Code::BalanceClaim), 1);
    effects.items = vec![held(), follow_up()];
    apply(book, effects).await;
    let key = journal().key;
    let mut effects = Effects::new("close/east");
    effects.journals = vec![
        JournalChange::Close { journal: journal(), members: vec![row(1).id] },
        JournalChange::Close { journal: held_journal(), members: vec![row(2).id] },
    ];
    apply(book, effects).await;
    let to = JournalState::Posted { document: "GL-2026-0001".into(), at: AT };
    let mut effects = Effects::new("post/east");
    effects.journals = vec![JournalChange::Move { key, from: JournalState::Ready, to }];
    apply(book, effects).await;
    number_log(book).await;
}

/// Gives every entry of the log its number.
pub(super) async fn number_log(book: &MemoryBook) {
    let sequencer = Code::new("sequencer");
    let minute = std::time::Duration::from_secs(60);
    let lease = book.lease(&sequencer, &"sample".into(), minute).await;
    let fence = lease.expect("a book without faults").expect("a free lane").fence;
    book.sequence(&fence, 1_000).await.expect("a book without faults");
}

pub(super) async fn apply(book: &MemoryBook, effects: Effects) {
    book.apply_unfenced(&effects).await.expect("sound effects are applied");
}
