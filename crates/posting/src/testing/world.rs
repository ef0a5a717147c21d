// SPDX-License-Identifier: Apache-2.0
//! A small world around posting: reference data, events with rows, workers that come and go, and the
//! least process that takes refused events back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use model::code::Code;
use model::event::{EventKind, EventState};
use model::exception::{self, ItemState, Subject};
use model::id::{DocumentId, EventId, Hash, RemittanceId, RowId};
use model::money::{Currency, Minor, Money};
use model::reference::{ChartEntry, Facility, Payer, Reference, Route, Standing};
use model::role::Role;
use model::row::{Purpose, Row, Side};
use model::target::Target;
use ports::book::{Effects, InboxEntry, Transition, Unit};
use ports::erp::PostingMode;
use ports::failure::Failure;
use ports::inquiry::{Inquiry, ItemFilter};
use ports::memory::{MemoryBook, MemoryClock, MemoryOutside};
use ports::reference::ReferenceData;
use serde::Deserialize;
use time::macros::date;
use workflow::{Lanes, Limits, Outcome, Runner, Scope, Shards, Step, record};

use super::TestErp;
use crate::{POSTING_LANES, Posting, REBOOK, RECHECK_JOURNAL, Releases, Settings, of_journal};

const TARGET: &str = "main";
const ENTITY: &str = "E1";
const LANES: Shards = Shards::new("remittance", 2);

/// Reference data that a test replaces as it likes.
#[derive(Clone)]
pub struct FixedReference(Arc<Mutex<Arc<Reference>>>);

impl FixedReference {
    pub fn new(reference: Reference) -> Self {
        Self(Arc::new(Mutex::new(Arc::new(reference))))
    }

    pub fn get(&self) -> Arc<Reference> {
        self.0.lock().expect("nobody panics while holding it").clone()
    }

    pub fn change(&self, change: impl FnOnce(&mut Reference)) {
        let mut held = self.0.lock().expect("nobody panics while holding it");
        change(Arc::make_mut(&mut held));
    }
}

#[async_trait]
impl ReferenceData for FixedReference {
    async fn current(&self) -> Result<Arc<Reference>, Failure> {
        Ok(self.get())
    }
}

/// One entity, three facilities, three payers, every role under its own number in target `main`.
pub fn reference() -> Reference {
    let named = |prefix: &str, number: u32| Code::from(format!("{prefix}{number}"));
    let facility = |number: u32| Facility {
        code: named("F", number),
        npi: named("10000000", number),
        entity: ENTITY.into(),
        department: "D1".into(),
        name: "Sample facility".to_owned(),
        standing: Standing::Governed,
    };
    let payer = |number: u32| Payer {
        code: named("P", number),
        name: "Sample payer".to_owned(),
        class: "commercial".into(),
        identifiers: Vec::new(),
        standing: Standing::Governed,
    };
    let entry = |role: &Role| ChartEntry {
        target: TARGET.into(),
        role: *role,
        account: role.code().into(),
        from: None,
        to: None,
    };
    Reference {
        version: "r1".into(),
        facilities: (1..=3).map(facility).map(|one| (one.npi.clone(), one)).collect(),
        payers: (1..=3).map(payer).map(|one| (one.code.clone(), one)).collect(),
        chart: Role::ALL.iter().map(entry).collect(),
        routes: vec![Route::every(Target::commit(TARGET).expect("a name"))],
        ..Reference::default()
    }
}

pub fn settings() -> Settings {
    Settings {
        tenant: "t1".into(),
        process: "remittance-to-reconciliation".into(),
        process_lanes: LANES,
        window: Duration::from_secs(5),
        rows_max: 8,
        lines_max: 100,
        erp_call_max: Duration::from_secs(5),
        versions: "v1".into(),
    }
}

/// A book, an ERP and the steps between them. Clones share everything.
#[derive(Clone)]
pub struct World {
    pub book: MemoryBook,
    pub erp: TestErp,
    pub outside: MemoryOutside,
    pub reference: FixedReference,
    pub posting: Posting,
    pub limits: Limits,
}

impl World {
    pub fn new(mode: PostingMode) -> Self {
        let clock = MemoryClock::default();
        let erp = TestErp::new(mode, clock.clone());
        let reference = FixedReference::new(reference());
        let erps = BTreeMap::from([(Code::new(TARGET), erp.erp(TARGET))]);
        let outside = MemoryOutside::new();
        let data = Arc::new(reference.clone());
        let posting = Posting::new(settings(), erps, data, Arc::new(outside.clone()));
        let limits = Limits { backoff_ms_max: 10_000, ..Limits::default() };
        Self { book: MemoryBook::with_clock(clock), erp, outside, reference, posting, limits }
    }

    pub fn clock(&self) -> &MemoryClock {
        self.book.clock()
    }

    /// Workers of all lanes of posting, as a process of their own.
    pub fn poster(&self, holder: &str) -> Lanes {
        let runner = |lane| {
            let book = Arc::new(self.book.clone());
            Runner::new(book, lane, holder, self.posting.steps(), self.limits)
        };
        POSTING_LANES.lanes().map(runner).fold(Lanes::new(), Lanes::with)
    }

    /// Workers of the process's lanes.
    pub fn taker(&self, holder: &str) -> Lanes {
        let steps: Vec<Arc<dyn Step>> = vec![Arc::new(Rebook { world: self.clone() })];
        let runner = |lane| {
            let book = Arc::new(self.book.clone());
            Runner::new(book, lane, holder, steps.clone(), self.limits)
        };
        LANES.lanes().map(runner).fold(Lanes::new(), Lanes::with)
    }

    /// What lets held journals go.
    pub fn releases(&self) -> Releases {
        let book = Arc::new(self.book.clone());
        Releases { book: book.clone(), inquiry: book }
    }

    pub fn event(&self, number: u64) -> EventId {
        EventId::of(&"t1".into(), &"s1".into(), document(), number)
    }

    /// Claim `number`: a payment and a contractual, at one of three facilities and payers.
    pub async fn book_event(&self, number: u64) -> Result<(), Failure> {
        let event = self.event(number);
        let paid = Minor::try_from(number).unwrap_or(0) * 100 + 1;
        let mut effects = Effects::new(format!("event/{number}"));
        effects.inbox = vec![InboxEntry {
            event,
            remittance: RemittanceId::of(document(), 1),
            document: document(),
            kind: EventKind::Claim,
            ordinal: number,
            batch: number,
            source_hash: Hash::of(&[&number.to_be_bytes()]),
            amount: paid,
            state: EventState::Pending,
            code: None,
            bookings: 1,
        }];
        let rows = vec![
            row(event, number, 1, 0, (Role::Clearing, Role::ReceivablePayer, paid)),
            row(event, number, 1, 1, (Role::Contractual, Role::ReceivablePayer, 50)),
        ];
        self.book_rows(effects, rows).await
    }

    /// One more row for an event that has been booked.
    pub async fn book_more(&self, number: u64) -> Result<(), Failure> {
        let event = self.event(number);
        let effects = Effects::new(format!("more/{number}"));
        let more = row(event, number, 2, 0, (Role::Clearing, Role::Interest, 7));
        self.book_rows(effects, vec![more]).await
    }

    /// A person replays every open item about a journal: it is looked up again, and sent again if the
    /// ERP has nothing.
    pub async fn replay_journals(&self) -> Result<usize, Failure> {
        let open = ItemFilter { code: None, state: Some("open".into()) };
        let mut replayed = 0;
        for mut item in self.book.items(&open, None, 99).await? {
            let Subject::Journal { journal } = item.subject.clone() else { continue };
            item.version += 1;
            item.state = ItemState::Replayed { by: "someone".into() };
            let mut effects = Effects::new(format!("replay/{}", item.id));
            effects.items = vec![item];
            effects.puts = vec![of_journal(RECHECK_JOURNAL, &journal, self.clock().now())];
            record(&self.book, effects)
                .await
                .map_err(|error| Failure::transient(error.to_string()))?;
            replayed += 1;
        }
        Ok(replayed)
    }

    async fn book_rows(&self, mut effects: Effects, rows: Vec<Row>) -> Result<(), Failure> {
        let now = self.clock().now();
        let settings = &self.posting.settings;
        crate::book(&mut effects, rows, &[], &self.reference.get(), settings, now)?;
        match record(&self.book, effects).await {
            Ok(_) => Ok(()),
            Err(error) => Err(Failure::transient(error.to_string())),
        }
    }

    pub fn facility_of(number: u64) -> String {
        format!("F{}", number % 3 + 1)
    }
}

fn document() -> DocumentId {
    DocumentId::of(&"t1".into(), &Hash::of(&[b"document"]))
}

fn row(
    event: EventId,
    number: u64,
    booking: u32,
    leg: u32,
    (debit, credit, minor): (Role, Role, Minor),
) -> Row {
    let side = |role| Side {
        role,
        facility: World::facility_of(number).into(),
        department: "D1".into(),
        service_line: "SL1".into(),
        payer: Code::from(format!("P{}", number / 3 % 3 + 1)),
    };
    Row {
        id: RowId::of(event, booking, leg),
        event,
        remittance: RemittanceId::of(document(), 1),
        entity: ENTITY.into(),
        accounting_date: date!(2026 - 11 - 02),
        prior_period: None,
        debit: side(debit),
        credit: side(credit),
        amount: Money::new(minor, Currency::USD),
        purpose: Purpose::Payment,
        item: Code::from(format!("TRACE-{}", number % 2)),
        reverses: None,
    }
}

/// Holds what an ERP has refused: one row under dimensions that every target has, quarantined.
pub struct Rebook {
    pub world: World,
}

#[derive(Deserialize)]
struct Work {
    events: Vec<EventId>,
    code: exception::Code,
}

#[async_trait]
impl Step for Rebook {
    fn kind(&self) -> &'static str {
        REBOOK
    }

    async fn run(&self, unit: &Unit, scope: &Scope<'_>) -> Result<Outcome, Failure> {
        let work: Work = serde_json::from_value(unit.body.clone())
            .map_err(|error| Failure::defect(error.to_string()))?;
        let mut effects = Effects::new(scope.key("hold"));
        let mut rows = Vec::new();
        for entry in scope.records.inbox(&work.events).await? {
            let bookings = entry.bookings + 1;
            let (number, event) = (entry.ordinal, entry.event);
            let (to, code) = (EventState::Quarantined, Some(work.code));
            effects.transitions.push(Transition { event, to, code, bookings });
            // A refused hold is not held once more, and a closed period has no day for it.
            let again = entry.state == EventState::Quarantined;
            if !again && work.code != exception::Code::PeriodClosed {
                let amount = (Role::Clearing, Role::Quarantine, entry.amount);
                let mut held = row(event, number, bookings, 0, amount);
                held.purpose = Purpose::Hold;
                for side in [&mut held.debit, &mut held.credit] {
                    side.facility = crate::UNASSIGNED.into();
                    side.payer = crate::UNASSIGNED.into();
                }
                rows.push(held);
            }
        }
        let settings = &self.world.posting.settings;
        crate::book(&mut effects, rows, &[], &self.world.reference.get(), settings, scope.now)?;
        Ok(Outcome::Done(effects))
    }
}
