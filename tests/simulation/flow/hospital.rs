// SPDX-License-Identifier: Apache-2.0
//! A hospital with its remittance process, its posting and an ERP, all in memory; and the remittances
//! that a seed makes up for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::code::Code;
use model::event::v1::{Adjustment, ClaimAdjudicated, Header, RemittanceSealed, Totals};
use model::event::{Body, Event, EventBatch, Position};
use model::id::{DocumentId, EventId, Hash, RemittanceId};
use model::money::Currency;
use model::reference::{Entity, Standing};
use model::role::Role;
use model::token::Token;
use ports::book::Book;
use ports::erp::{FoundState, PostingMode};
use ports::failure::Failure;
use ports::memory::{MemoryBook, MemoryClock, MemoryOutside};
use ports::remittances::{DocumentClosed, Remittances};
use posting::testing::{Dice, FixedReference, TestErp, reference};
use posting::{POSTING_LANES, Posting};
use process_remittance_to_reconciliation::{LANES, PROCESS, RemittanceProcess, Rules, Settings};
use time::macros::date;
use workflow::{Lanes, Limits, Runner};

const TENANT: &str = "t1";
const SOURCE: &str = "s1";

pub struct Hospital {
    pub book: MemoryBook,
    pub erp: TestErp,
    pub process: RemittanceProcess,
    posting: Posting,
}

impl Hospital {
    pub fn new(mode: PostingMode) -> Self {
        let book = MemoryBook::with_clock(MemoryClock::default());
        let erp = TestErp::new(mode, book.clock().clone());
        let mut reference = reference();
        let entity = Entity {
            code: "E1".into(),
            name: "Sample hospital".to_owned(),
            currency: Currency::USD,
            utc_offset_minutes: 0,
            cut_over: None,
            standing: Standing::Governed,
        };
        reference.entities.insert(entity.code.clone(), entity);
        for payer in reference.payers.values_mut() {
            payer.identifiers = vec![Code::from(format!("TIN-{}", payer.code))];
        }
        let reference = Arc::new(FixedReference::new(reference));
        let settings = posting::Settings {
            process: PROCESS.into(),
            process_lanes: LANES,
            rows_max: 12,
            ..posting::testing::settings()
        };
        let shared: Arc<dyn Book> = Arc::new(book.clone());
        let rules = Arc::new(Rules::compiled_in());
        let own = Settings::new(TENANT);
        let process =
            RemittanceProcess::new(shared, reference.clone(), rules, own, settings.clone());
        let erps = BTreeMap::from([(Code::new("main"), erp.erp("main"))]);
        let posting = Posting::new(settings, erps, reference, Arc::new(MemoryOutside::new()));
        Self { book, erp, process, posting }
    }

    pub fn clock(&self) -> &MemoryClock {
        self.book.clock()
    }

    fn limits() -> Limits {
        Limits { backoff_ms_max: 10_000, ..Limits::default() }
    }

    pub fn poster(&self, holder: &str) -> Lanes {
        let runner = |lane| {
            let book = Arc::new(self.book.clone());
            Runner::new(book, lane, holder, self.posting.steps(), Self::limits())
        };
        POSTING_LANES.lanes().map(runner).fold(Lanes::new(), Lanes::with)
    }

    pub fn decider(&self, holder: &str) -> Lanes {
        let runner = |lane| {
            let book = Arc::new(self.book.clone());
            Runner::new(book, lane, holder, self.process.steps(), Self::limits())
        };
        LANES.lanes().map(runner).fold(Lanes::new(), Lanes::with)
    }

    /// Every batch, then the last word; the sender repeats it all after any failure.
    pub async fn send(&self, sent: &Sent) -> Result<(), Failure> {
        for events in sent.events.chunks(3) {
            let batch = EventBatch {
                remittance: events[0].remittance,
                document: sent.document,
                source: SOURCE.into(),
                first: events[0].ordinal,
                events: events.to_vec(),
            };
            self.process.deliver(batch).await?;
        }
        let cents = sent.events.iter().map(|event| event.body.amount()).sum();
        let events = sent.events.len() as u64;
        let closed = DocumentClosed {
            document: sent.document,
            source: SOURCE.into(),
            sets: 1,
            delivered_events: events,
            expected_events: events,
            delivered_cents: cents,
            expected_cents: cents,
            broken_interchanges: Vec::new(),
            refusal: None,
            received_on: date!(2026 - 11 - 02),
        };
        self.process.close(closed).await
    }

    /// Net debit on clearing and net credit on quarantine, in the ERP's own book.
    pub fn clearing_and_held(&self) -> (i64, i64) {
        let net = |role: Role| -> i64 {
            let papers = self.erp.papers(FoundState::Posted);
            let lines = papers.iter().flat_map(|paper| &paper.journal.lines);
            let own = lines.filter(|line| line.account == role.code());
            own.map(|line| line.debit - line.credit).sum()
        };
        (net(Role::Clearing), -net(Role::Quarantine))
    }
}

/// One document with one remittance.
#[derive(Clone)]
pub struct Sent {
    pub document: DocumentId,
    pub events: Vec<Event<Token>>,
    pub payment: i64,
    pub acknowledged: bool,
}

impl Sent {
    /// Claims of three facilities with a contractual and a patient's share.
    pub fn made_up(number: u64, dice: &mut Dice) -> Self {
        let document =
            DocumentId::of(&TENANT.into(), &Hash::of(&[b"document", &number.to_be_bytes()]));
        let claims = 1 + dice.below(7);
        let mut bodies: Vec<Body<Token>> =
            (1..=claims).map(|claim| Body::Claim(made_up_claim(number, claim, dice))).collect();
        let payment = bodies.iter().map(Body::amount).sum();
        bodies.push(Body::RemittanceSealed(Box::new(seal(number, claims, payment))));
        let event = |(index, body): (usize, Body<Token>)| {
            let ordinal = index as u64 + 1;
            Event {
                id: EventId::of(&TENANT.into(), &SOURCE.into(), document, ordinal),
                document,
                remittance: RemittanceId::of(document, 1),
                ordinal,
                position: Position { segment: ordinal, offset: 0 },
                source_hash: Hash::of(&[&number.to_be_bytes(), &ordinal.to_be_bytes()]),
                body,
            }
        };
        let events = bodies.into_iter().enumerate().map(event).collect();
        Self { document, events, payment, acknowledged: false }
    }
}

fn token(text: String) -> Token {
    Token { token: text.into(), last4: None }
}

fn cents(value: u64) -> i64 {
    i64::try_from(value).expect("small amounts")
}

fn made_up_claim(number: u64, claim: u64, dice: &mut Dice) -> ClaimAdjudicated<Token> {
    let charge = cents(10_000 + dice.below(50_000));
    let (contractual, share) = (cents(dice.below(5_000)), cents(dice.below(2_000)));
    let adjustment = |group: &str, reason: &str, amount| Adjustment {
        group: group.into(),
        reason: reason.into(),
        amount,
    };
    let mut adjustments = vec![adjustment("CO", "45", contractual), adjustment("PR", "1", share)];
    adjustments.retain(|adjustment| adjustment.amount != 0);
    ClaimAdjudicated {
        patient_control: token(format!("tok_v1_claim{number}x{claim}")),
        payer_control: Some(token(format!("tok_v1_payer{number}x{claim}"))),
        member: None,
        patient: None,
        status: "1".into(),
        filing: None,
        charge,
        paid: charge - contractual - share,
        patient_responsibility: Some(share),
        adjustments,
        lines: Vec::new(),
        remarks: Vec::new(),
        service_from: Some(date!(2026 - 10 - 01)),
        service_through: None,
        rendering_npi: None,
        facility_npi: Some(Code::from(format!("10000000{}", dice.below(3) + 1))),
        crossover: None,
        lines_out_of_balance: 0,
        balanced: true,
    }
}

fn seal(number: u64, claims: u64, payment: i64) -> RemittanceSealed {
    let header = Header {
        set: 1,
        control_number: "0001".into(),
        handling: "I".into(),
        payment,
        credit_debit: "C".into(),
        method: "ACH".into(),
        effective_date: Some(date!(2026 - 11 - 02)),
        trace: Code::from(format!("TRACE-{number}")),
        originator: Code::from(format!("TIN-P{}", number % 3 + 1)),
        payer_name: "Sample payer".into(),
        payee_name: "Sample hospital".into(),
        payee_npi: Some("100000001".into()),
        ..Header::default()
    };
    RemittanceSealed {
        totals: Totals { claims, claims_paid: payment, ..Totals::default() },
        balanced: true,
        envelope: true,
        findings: Vec::new(),
        findings_total: 0,
        body_hash: Hash::of(&[b"body", &number.to_be_bytes()]),
        interchange: 1,
        header,
    }
}
