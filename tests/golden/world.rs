// SPDX-License-Identifier: Apache-2.0
//! A hospital group with two entities and its remittance process over a book in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use model::code::Code;
use model::event::{BATCH_EVENTS_MAX, Event, EventBatch};
use model::exception::{self, Item};
use model::journal::{Journal, JournalKey, JournalState};
use model::money::Currency;
use model::reference::{
    Basis, BasisRule, Entity, Facility, Payer, Period, PeriodStatus, Reference, Route, Standing,
};
use model::remittance::Remittance;
use model::row::{Row, WindowGroup};
use model::target::Target;
use model::token::Token;
use ports::book::{Book, Effects, JournalChange, Records, Unit};
use ports::failure::Failure;
use ports::inquiry::{Inquiry, ItemFilter, RemittanceFilter};
use ports::memory::{Fault, MemoryBook};
use ports::reference::ReferenceData;
use ports::remittances::{
    Decided, Decision, DecisionOutcome, DocumentClosed, OpeningClaim, Remittances,
};
use process_remittance_to_reconciliation::{
    LANES, PROCESS, RemittanceProcess, Rules, Settings, UnknownReference,
};
use time::macros::{date, datetime};
use time::{Date, OffsetDateTime};
use workflow::{Lanes, Limits, Runner};

use crate::input::{self, CITY, Document, Receive, SOURCE, Setup, TENANT, token};

pub const HILL: &str = "2222222222";

pub struct World {
    pub book: MemoryBook,
    pub process: RemittanceProcess,
    pub documents: Vec<Document>,
    reference: Arc<Changing>,
    setup: Setup,
    lanes: Lanes,
    journals: u64,
}

/// Reference data that a case may teach something.
struct Changing(Mutex<Arc<Reference>>);

#[async_trait]
impl ReferenceData for Changing {
    async fn current(&self) -> Result<Arc<Reference>, Failure> {
        Ok(self.0.lock().expect("nobody panics with it").clone())
    }
}

/// Two entities, three facilities, four payers; without what the case says is unknown at first.
fn reference(setup: &Setup, knows_all: bool) -> Reference {
    let entities = ["MAIN", "EAST"].map(|code| entity(setup, code));
    let facilities = [
        facility(CITY, "CITY", "MAIN", "100"),
        facility(HILL, "HILL", "EAST", "200"),
        facility("3333333333", "PARK", "MAIN", "300"),
    ];
    let payers = [
        payer("MCR", "medicare"),
        payer("BLU", "commercial"),
        payer("AET", "commercial"),
        payer("CAP", "managed-care"),
    ];
    let known =
        |identifier: &str| knows_all || setup.unknown.iter().all(|unknown| unknown != identifier);
    let mut bases = Vec::new();
    for entity in entities.iter().filter(|_| setup.expected) {
        for payer in &payers {
            let (entity, class) = (entity.code.clone(), payer.class.clone());
            let from = date!(2020 - 01 - 01);
            bases.push(BasisRule { entity, class, basis: Basis::Expected, from });
        }
    }
    let open_from = setup.open_from.as_deref().map(input::date);
    let periods = entities.iter().flat_map(|entity| periods(&entity.code, open_from)).collect();
    Reference {
        version: Code::new(if knows_all { "2" } else { "1" }),
        entities: entities.map(|entity| (entity.code.clone(), entity)).into(),
        facilities: facilities
            .into_iter()
            .filter(|facility| known(&facility.npi))
            .map(|facility| (facility.npi.clone(), facility))
            .collect(),
        payers: payers
            .into_iter()
            .filter(|payer| known(&payer.code))
            .map(|payer| (payer.code.clone(), payer))
            .collect(),
        bases,
        periods,
        chart: Vec::new(),
        routes: vec![Route::every(Target::commit("erp").expect("a name"))],
        ..Reference::default()
    }
}

pub fn entity(setup: &Setup, code: &str) -> Entity {
    Entity {
        code: Code::new(code),
        name: code.to_owned(),
        currency: Currency::USD,
        utc_offset_minutes: 0,
        cut_over: setup.cut_over.as_deref().map(input::date),
        standing: Standing::Governed,
    }
}

fn facility(npi: &str, code: &str, entity: &str, department: &str) -> Facility {
    Facility {
        code: Code::new(code),
        npi: Code::new(npi),
        entity: Code::new(entity),
        department: Code::new(department),
        name: code.to_owned(),
        standing: Standing::Governed,
    }
}

fn payer(code: &str, class: &str) -> Payer {
    Payer {
        code: Code::new(code),
        name: code.to_owned(),
        class: Code::new(class),
        identifiers: vec![Code::from(format!("TIN-{code}"))],
        standing: Standing::Governed,
    }
}

/// Closed before a day and open from it on; no calendar at all without one.
fn periods(entity: &Code, open_from: Option<Date>) -> Vec<Period> {
    let Some(from) = open_from else { return Vec::new() };
    let period = |code: &str, from, to, status| Period {
        entity: entity.clone(),
        code: Code::new(code),
        from,
        to,
        status,
    };
    let before = from.previous_day().expect("there is one");
    vec![
        period("past", date!(2020 - 01 - 01), before, PeriodStatus::Closed),
        period("now", from, date!(2030 - 12 - 31), PeriodStatus::Open),
    ]
}

fn process(
    book: &MemoryBook,
    reference: &Arc<Changing>,
    setup: &Setup,
    rules: Rules,
) -> RemittanceProcess {
    let mut settings = Settings::new(TENANT);
    settings.unknown_reference = match setup.provisional {
        true => UnknownReference::Provisional,
        false => UnknownReference::Hold,
    };
    settings.patience = Duration::from_secs(setup.patience_s);
    let posting = posting::Settings {
        tenant: Code::new(TENANT),
        process: Code::new(PROCESS),
        process_lanes: LANES,
        window: Duration::from_secs(10),
        rows_max: 1_000,
        lines_max: 1_000,
        erp_call_max: Duration::from_secs(5),
        versions: Code::new("test"),
    };
    let (book, reference) = (Arc::new(book.clone()), reference.clone());
    RemittanceProcess::new(book, reference, Arc::new(rules), settings, posting)
}

fn lanes(book: &MemoryBook, process: &RemittanceProcess) -> Lanes {
    let steps = process.steps();
    let runner =
        |lane| Runner::new(Arc::new(book.clone()), lane, "test", steps.clone(), Limits::default());
    LANES.lanes().map(runner).fold(Lanes::new(), Lanes::with)
}

impl World {
    pub fn new(setup: &Setup) -> Self {
        Self::with_reference(setup, reference(setup, false))
    }

    pub fn with_reference(setup: &Setup, reference: Reference) -> Self {
        let book = MemoryBook::new();
        book.clock().set(datetime!(2026-03-02 09:00 UTC));
        let reference = Arc::new(Changing(Mutex::new(Arc::new(reference))));
        let process = process(&book, &reference, setup, Rules::compiled_in());
        let lanes = lanes(&book, &process);
        let (setup, documents) = (setup.clone(), Vec::new());
        Self { book, process, documents, reference, setup, lanes, journals: 0 }
    }

    /// From here on these rules stand before the compiled-in ones.
    pub fn rule(&mut self, text: &str) {
        let all = Rules::compiled_in_text().to_owned() + text;
        let rules = Rules::read(&all).expect("sound rules");
        self.process = process(&self.book, &self.reference, &self.setup, rules);
        self.lanes = lanes(&self.book, &self.process);
    }

    pub fn learn(&self) {
        let all = Arc::new(reference(&self.setup, true));
        *self.reference.0.lock().expect("nobody panics with it") = all;
    }

    /// Runs the lanes until nothing is due; nothing may have been parked or put back.
    pub async fn settle(&self) {
        for _ in 0..1_000 {
            let ran = self.lanes.pass().await;
            assert!(ran.held && !ran.lost && ran.failure.is_none(), "{ran:?}");
            let items = self.items().await;
            let parked = items.iter().find(|item| item.code == exception::Code::Defect);
            assert!(parked.is_none(), "{parked:?}");
            assert_eq!((ran.parked, ran.put_back), (0, 0), "{ran:?} {:?}", self.book.units());
            if ran.units == 0 {
                return;
            }
        }
        panic!("the lanes never rest");
    }

    /// Runs the lanes beside each other until nothing is due, in whatever order `plan` lets them go.
    pub async fn settle_together(&self, mut lets: impl FnMut() -> bool + Send + 'static) {
        self.book.plan_faults(Box::new(move |_| (!lets()).then_some(Fault::Others)));
        for _ in 0..1_000 {
            let ran = self.lanes.pass_together().await;
            assert!(ran.failure.is_none() && ran.parked == 0, "{ran:?}");
            if !self.book.units().iter().any(|unit| LANES.has(&unit.lane)) {
                return self.book.calm();
            }
            self.book.clock().advance(Duration::from_secs(60));
        }
        panic!("the lanes never rest");
    }

    pub async fn receive(&mut self, receive: &Receive) {
        let document = input::document(receive, self.documents.len());
        self.deliver(&document).await;
        self.close(&document, receive).await;
        self.documents.push(document);
        self.settle().await;
    }

    /// As a caller does that tries again until it is told that all is durable.
    pub async fn receive_through_faults(&mut self, receives: &[Receive]) {
        for receive in receives {
            let document = input::document(receive, self.documents.len());
            for batch in batches(&document) {
                while self.process.deliver(batch.clone()).await.is_err() {}
            }
            while self.process.close(closed(&document, receive)).await.is_err() {}
            self.documents.push(document);
            while self.book.units().iter().any(|unit| LANES.has(&unit.lane)) {
                self.lanes.pass().await;
                self.book.clock().advance(Duration::from_secs(60));
            }
        }
    }

    /// All of them are there before anything is decided.
    pub async fn send_all(&mut self, receives: &[Receive]) {
        for receive in receives {
            let document = input::document(receive, self.documents.len());
            self.deliver(&document).await;
            self.close(&document, receive).await;
            self.documents.push(document);
        }
    }

    pub async fn deliver(&self, document: &Document) {
        for batch in batches(document) {
            self.process.deliver(batch).await.expect("taken");
        }
    }

    pub async fn close(&self, document: &Document, receive: &Receive) {
        self.process.close(closed(document, receive)).await.expect("closed");
    }

    pub async fn open(&self, csv: &str) {
        let lines = csv.lines().skip(1).filter(|line| !line.trim().is_empty()).map(opening);
        self.process.open(lines.collect()).await.expect("opened");
        self.settle().await;
    }

    /// All open rows into one posted journal per window.
    pub async fn post(&mut self) {
        for open in self.book.open_groups().await.expect("groups") {
            let rows = self.book.open_rows(&open.group, usize::MAX).await.expect("rows");
            let key = self.journal(&open.group, &rows).await;
            let to = JournalState::Posted {
                document: Code::from(format!("GJ-{}", self.journals)),
                at: OffsetDateTime::UNIX_EPOCH,
            };
            let change = JournalChange::Move { key, from: JournalState::Ready, to };
            self.change(change, None).await;
        }
    }

    async fn journal(&mut self, group: &WindowGroup, rows: &[Row]) -> JournalKey {
        let members: Vec<_> = rows.iter().map(|row| row.id).collect();
        let key = JournalKey::of(&Code::new(TENANT), &Code::new(PROCESS), group, &members);
        let journal = Journal {
            key: key.clone(),
            process: Code::new(PROCESS),
            group: group.clone(),
            currency: Currency::USD,
            body: posting::aggregate(rows).expect("rows balance"),
            rows: rows.len() as u64,
            versions: Code::new("test"),
            state: JournalState::Ready,
            created_at: OffsetDateTime::UNIX_EPOCH,
        };
        self.change(JournalChange::Close { journal, members }, None).await;
        key
    }

    async fn change(&mut self, change: JournalChange, unit: Option<Unit>) {
        self.journals += 1;
        let mut effects = Effects::new(format!("test/{}", self.journals));
        effects.journals.push(change);
        effects.puts.extend(unit);
        self.book.apply_unfenced(&effects).await.expect("applied");
    }

    /// The target refuses the rows of one claim; the others go back to the open set.
    pub async fn refuse(&mut self, claim: &str, code: &str) {
        let event = self.event_of(claim);
        for open in self.book.open_groups().await.expect("groups") {
            let rows = self.book.open_rows(&open.group, usize::MAX).await.expect("rows");
            let key = self.journal(&open.group, &rows).await;
            let refused = |row: &&Row| row.event == event;
            let withdraw = rows.iter().filter(refused).map(|row| row.id).collect();
            let reopen = rows.iter().filter(|row| row.event != event).map(|row| row.id).collect();
            let code = exception::Code::parse(code).expect("a code");
            let body = serde_json::json!({
                "events": [event], "code": code, "text": "department is inactive", "journal": key
            });
            let now = self.book.clock().now();
            let id = format!("{key}/0");
            let unit = Unit::new(&LANES.lane(&id), posting::REBOOK, id, body, now);
            let from = JournalState::Ready;
            let change = JournalChange::Reject { key, from, code, reopen, withdraw };
            self.change(change, Some(unit)).await;
        }
        self.settle().await;
    }

    fn event_of(&self, claim: &str) -> model::id::EventId {
        let wanted = token(claim);
        let events = self.documents.iter().flat_map(|document| document.sets.iter().flatten());
        let mut found = events.filter(|event| match &event.body {
            model::event::Body::Claim(body) => body.patient_control == wanted,
            model::event::Body::ProviderAdjustment(_) | model::event::Body::RemittanceSealed(_) => {
                false
            }
        });
        found.next_back().expect("the claim was received").id
    }

    pub async fn remittances(&self) -> Vec<Remittance> {
        let filter = RemittanceFilter::default();
        self.book.remittances(&filter, None, 10_000).await.expect("remittances")
    }

    pub async fn items(&self) -> Vec<Item> {
        let filter = ItemFilter::default();
        self.book.items(&filter, None, 10_000).await.expect("items")
    }

    pub async fn decide(
        &self,
        code: &str,
        action: &str,
        reason: &str,
        by: &str,
    ) -> DecisionOutcome {
        let items = self.items().await;
        let open = |item: &&Item| {
            item.code.as_str() == code && matches!(item.state.as_str(), "open" | "proposed")
        };
        let item = items.iter().find(open).unwrap_or_else(|| panic!("no open item {code}"));
        let reason = Code::new(reason);
        let decision = match action {
            "replay" => Decision::Replay,
            "exclude" => Decision::Exclude { reason },
            "approve" => Decision::Approve,
            "withdraw" => Decision::Withdraw,
            "done" => Decision::Done { reason },
            other => panic!("no decision {other}"),
        };
        let (item, version) = (item.id, item.version);
        let decided = Decided { item, version, by: Code::new(by), decision };
        let outcome = self.process.decide(decided).await.expect("an answer");
        self.settle().await;
        outcome
    }

    /// Live rows net: (entity, facility, payer, role) → debit, without zeroes.
    pub fn balances(&self) -> BTreeMap<(String, String, String, &'static str), i64> {
        let mut net = BTreeMap::new();
        for row in self.book.live_rows() {
            for (side, amount) in [(&row.debit, row.amount.minor), (&row.credit, -row.amount.minor)]
            {
                let key = (
                    row.entity.to_string(),
                    side.facility.to_string(),
                    side.payer.to_string(),
                    side.role.code(),
                );
                *net.entry(key).or_insert(0) += amount;
            }
        }
        net.retain(|_, net| *net != 0);
        net
    }
}

fn batches(document: &Document) -> Vec<EventBatch<Token>> {
    let chunks = document.sets.iter().flat_map(|events| events.chunks(BATCH_EVENTS_MAX));
    let batch = |chunk: &[Event<Token>]| EventBatch {
        remittance: chunk[0].remittance,
        document: document.id,
        source: Code::new(SOURCE),
        first: chunk[0].ordinal,
        events: chunk.to_vec(),
    };
    chunks.map(batch).collect()
}

fn closed(document: &Document, receive: &Receive) -> DocumentClosed {
    let events = document.sets.iter().flatten();
    let delivered_events = events.clone().count() as u64;
    let delivered_cents = events.map(|event| event.body.amount()).sum();
    let broken = model::event::v1::Finding {
        code: Code::new("STRUCT"),
        segment: 9,
        message: "IEA is missing".to_owned(),
    };
    DocumentClosed {
        document: document.id,
        source: Code::new(SOURCE),
        sets: u32::try_from(document.sets.len()).expect("few"),
        delivered_events,
        expected_events: delivered_events + receive.lost_events,
        delivered_cents,
        expected_cents: delivered_cents,
        broken_interchanges: receive.cut_off.then_some((1, broken)).into_iter().collect(),
        refusal: None,
        received_on: input::date(&receive.on),
    }
}

/// `entity,facility,department,service_line,claim,payer_control,payer,open,expected,patient`
fn opening(line: &str) -> OpeningClaim {
    let cells: Vec<&str> = line.split(',').map(str::trim).collect();
    let [
        entity,
        facility,
        department,
        service_line,
        claim,
        control,
        payer,
        open,
        expected,
        patient,
    ] = cells.as_slice()
    else {
        panic!("no opening line: {line:?}")
    };
    OpeningClaim {
        entity: Code::new(entity),
        facility: Code::new(facility),
        department: Code::new(department),
        service_line: Code::new(service_line),
        claim: token(claim),
        payer_control: (!control.is_empty()).then(|| token(control)),
        payer: Code::new(payer),
        open: input::money(open),
        expected_contractual: input::money(expected),
        patient_open: input::money(patient),
    }
}
