// SPDX-License-Identifier: Apache-2.0
//! What a sender may rely on, over the in-memory book and a source that is easy to read: one claim
//! per line, `control number;cents`.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use model::code::Code;
use model::document::{Channel, ControlTotals, DocumentState};
use model::event::v1::{ClaimAdjudicated, Header, RemittanceSealed, Totals};
use model::event::{Body, Event, EventBatch, Position};
use model::id::{DocumentId, EventId, Hash, RemittanceId};
use model::token::{Clear, Field, Reason, Token};
use ports::accept::{Accept, ByteStream, Delivery, Receipt};
use ports::book::Book;
use ports::failure::Failure;
use ports::memory::MemoryBook;
use ports::raw::{Documents, RawStore};
use ports::remittances::{
    Decided, DecisionOutcome, DocumentClosed, OpeningClaim, Remittances, Taken,
};
use ports::secret::LiveKeys;
use ports::source::{Closing, ControlPass, DocumentParser, EventSink, SourceAdapter};
use ports::vault::Reveal;
use time::UtcOffset;
use workflow::{Lanes, Runner, Step};

use crate::{INTAKE_LANES, Intake, Limits, ReadDocument, Tokeniser};

mod disclosing;

struct Lines;

#[derive(Default)]
struct Counting(ControlTotals, Vec<u8>);

impl ControlPass for Counting {
    fn push(&mut self, bytes: &[u8], ends: &mut Vec<usize>) {
        self.1.extend_from_slice(bytes);
        let lines = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        ends.extend(lines.map(|(place, _)| place + 1));
    }

    fn finish(mut self: Box<Self>) -> ControlTotals {
        for line in String::from_utf8_lossy(&self.1).lines() {
            self.0.claims += 1;
            self.0.claims_paid += line.split(';').nth(1).unwrap().parse::<i64>().unwrap();
        }
        self.0.sets = 1;
        self.0
    }
}

struct Parsing(Code, Code, DocumentId, Vec<u8>);

impl DocumentParser for Parsing {
    fn push(&mut self, bytes: &[u8], _: &mut dyn EventSink) {
        self.3.extend_from_slice(bytes);
    }

    fn finish(self: Box<Self>, sink: &mut dyn EventSink) -> Closing {
        let mut ordinal = 0;
        let mut event = |body| {
            ordinal += 1;
            Event {
                id: EventId::of(&self.0, &self.1, self.2, ordinal),
                document: self.2,
                remittance: RemittanceId::of(self.2, 1),
                ordinal,
                position: Position { segment: ordinal, offset: ordinal },
                source_hash: Hash::of(&[&ordinal.to_be_bytes()]),
                body,
            }
        };
        for line in String::from_utf8_lossy(&self.3).lines() {
            let (control, cents) = line.split_once(';').unwrap();
            sink.event(event(Body::Claim(claim(control, cents.parse().unwrap()))));
        }
        sink.event(event(Body::RemittanceSealed(Box::new(sealed()))));
        Closing { sets: 1, ..Closing::default() }
    }
}

impl SourceAdapter for Lines {
    fn version(&self) -> Code {
        Code::new("lines/1")
    }

    fn control_pass(&self) -> Box<dyn ControlPass> {
        Box::<Counting>::default()
    }

    fn parser(
        &self,
        tenant: &Code,
        source: &Code,
        document: DocumentId,
    ) -> Box<dyn DocumentParser> {
        Box::new(Parsing(tenant.clone(), source.clone(), document, Vec::new()))
    }
}

fn claim(control: &str, paid: i64) -> ClaimAdjudicated<Clear> {
    ClaimAdjudicated {
        patient_control: Clear::new(control.to_owned()),
        payer_control: None,
        member: Some(Clear::new(format!("M{control}"))),
        patient: None,
        status: Code::new("1"),
        filing: None,
        charge: paid,
        paid,
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
    }
}

fn sealed() -> RemittanceSealed {
    RemittanceSealed {
        header: Header::default(),
        totals: Totals::default(),
        balanced: true,
        envelope: true,
        findings: Vec::new(),
        findings_total: 0,
        body_hash: Hash::of(&[]),
        interchange: 1,
    }
}

/// The process that owns the events, remembering what it was told; it fails when told to.
#[derive(Default)]
struct Owner {
    batches: Mutex<Vec<EventBatch<Token>>>,
    closed: Mutex<Vec<DocumentClosed>>,
    fails: Mutex<u32>,
    failure: Mutex<Option<Failure>>,
}

fn away() -> Failure {
    Failure::transient("the process is away")
}

#[async_trait]
impl Remittances for Owner {
    async fn deliver(&self, batch: EventBatch<Token>) -> Result<Vec<Taken>, Failure> {
        let mut fails = self.fails.lock().unwrap();
        if *fails > 0 {
            *fails -= 1;
            return Err(self.failure.lock().unwrap().clone().unwrap_or_else(away));
        }
        let taken = vec![Taken::Accepted; batch.events.len()];
        self.batches.lock().unwrap().push(batch);
        Ok(taken)
    }

    async fn close(&self, closed: DocumentClosed) -> Result<(), Failure> {
        self.closed.lock().unwrap().push(closed);
        Ok(())
    }

    async fn open(&self, _: Vec<OpeningClaim>) -> Result<(), Failure> {
        Ok(())
    }

    async fn decide(&self, _: Decided) -> Result<DecisionOutcome, Failure> {
        Ok(DecisionOutcome::NotFound)
    }
}

fn tokeniser(tenant: Code, keys: &LiveKeys) -> Tokeniser {
    Tokeniser::new(tenant, keys.clone()).unwrap()
}

struct World {
    book: Arc<MemoryBook>,
    intake: Intake,
    owner: Arc<Owner>,
    runner: Lanes,
}

fn world(document_bytes_max: u64) -> World {
    let book = Arc::new(MemoryBook::new());
    let tenant = Code::new("t");
    let limits = Limits { document_bytes_max };
    let intake = Intake::new(tenant.clone(), book.clone(), Arc::new(Lines), limits);
    let owner = Arc::new(Owner::default());
    let read = ReadDocument {
        tenant: tenant.clone(),
        raw: book.clone(),
        vault: book.clone(),
        adapter: Arc::new(Lines),
        tokeniser: tokeniser(tenant, &LiveKeys::of(&[[7; 32]])),
        remittances: owner.clone(),
        offset: UtcOffset::UTC,
        business_day: None,
    };
    let lanes: Arc<dyn Book> = book.clone();
    let limits = workflow::Limits { backoff_ms_min: 0, backoff_ms_max: 0, ..Default::default() };
    let read: Arc<dyn Step> = Arc::new(read);
    let runner = |lane| Runner::new(lanes.clone(), lane, "test", vec![read.clone()], limits);
    let runner = INTAKE_LANES.lanes().map(runner).fold(Lanes::new(), Lanes::with);
    World { book, intake, owner, runner }
}

fn parts(texts: &[&str]) -> ByteStream {
    let parts: Vec<_> = texts.iter().map(|text| Ok(Bytes::from((*text).to_owned()))).collect();
    futures::stream::iter(parts).boxed()
}

async fn send(world: &World, content: ByteStream) -> Result<Receipt, Failure> {
    let delivery =
        Delivery { source: Code::new("s"), channel: Channel::Upload, by: Code::new("sender") };
    world.intake.accept(delivery, content).await
}

#[tokio::test]
async fn what_is_acknowledged_can_be_read_back_byte_for_byte() {
    let world = world(1 << 20);
    let receipt = send(&world, parts(&["A0000001;1", "00\nA0000002;250\n"])).await.unwrap();
    assert!(!receipt.duplicate);
    assert_eq!((receipt.totals.claims, receipt.totals.claims_paid), (2, 350));
    let chunk = world.book.chunk(receipt.document, 0).await.unwrap().unwrap();
    assert_eq!(&chunk[..], b"A0000001;100\nA0000002;250\n");
}

#[tokio::test]
async fn the_same_bytes_in_other_parts_are_the_same_document() {
    let world = world(1 << 20);
    let first = send(&world, parts(&["A0000001;100\n"])).await.unwrap();
    let again = send(&world, parts(&["A00", "00001;1", "00\n"])).await.unwrap();
    assert!(again.duplicate);
    assert_eq!(first.document, again.document);
    let document = world.book.document(first.document).await.unwrap().unwrap();
    assert_eq!(document.repeats, 1);
}

#[tokio::test]
async fn what_breaks_off_is_empty_or_is_too_large_leaves_no_document() {
    let world = world(20);
    let broken = futures::stream::iter([
        Ok(Bytes::from_static(b"A0000001;1")),
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
    ]);
    assert!(matches!(send(&world, broken.boxed()).await, Err(Failure::Transient { .. })));
    assert!(matches!(send(&world, parts(&[])).await, Err(Failure::Business { .. })));
    let large = send(&world, parts(&["A0000001;1\n", "A0000002;1\n"])).await;
    assert!(matches!(&large, Err(failure) if failure.to_string().contains("document_bytes_max")));
    assert!(world.book.documents(None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_document_becomes_events_without_a_clear_identifier() {
    let world = world(1 << 20);
    let receipt = send(&world, parts(&["PATIENT-42;100\nPATIENT-43;250\n"])).await.unwrap();
    world.runner.pass().await;
    let batches = world.owner.batches.lock().unwrap().clone();
    let told = serde_json::to_string(&batches).unwrap();
    assert!(!told.contains("PATIENT"), "{told}");
    assert!(told.contains("tok_v1_") && told.contains("\"last4\":\"T-42\""), "{told}");
    let closed = world.owner.closed.lock().unwrap().clone();
    assert_eq!((closed[0].delivered_events, closed[0].expected_events), (3, 3));
    assert_eq!((closed[0].delivered_cents, closed[0].expected_cents), (350, 350));
    let document = world.book.document(receipt.document).await.unwrap().unwrap();
    assert_eq!(document.state, DocumentState::Delivered);
}

#[tokio::test]
async fn the_vault_gives_back_what_a_token_stands_for() {
    let world = world(1 << 20);
    send(&world, parts(&["PATIENT-42;100\n"])).await.unwrap();
    world.runner.pass().await;
    let tokeniser = tokeniser(Code::new("t"), &LiveKeys::of(&[[7; 32]]));
    let token = tokeniser.token(Field::Control, &Clear::new(" patient-42".to_owned()));
    let clear = world.book.reveal(token.as_str(), "officer").await.unwrap().unwrap();
    assert_eq!(clear.expose(Reason::Test), "PATIENT-42");
}

#[tokio::test]
async fn a_reading_that_fails_is_repeated_from_the_start() {
    let world = world(1 << 20);
    *world.owner.fails.lock().unwrap() = 2;
    let receipt = send(&world, parts(&["A0000001;100\n"])).await.unwrap();
    for _ in 0..3 {
        world.runner.pass().await;
    }
    assert_eq!(world.owner.batches.lock().unwrap().len(), 1);
    let document = world.book.document(receipt.document).await.unwrap().unwrap();
    assert_eq!(document.state, DocumentState::Delivered);
}

#[tokio::test]
async fn a_document_that_cannot_be_read_is_refused_where_people_look() {
    let world = world(1 << 20);
    *world.owner.fails.lock().unwrap() = 9;
    *world.owner.failure.lock().unwrap() = Some(Failure::defect("a batch was not understood"));
    let receipt = send(&world, parts(&["A0000001;100\n"])).await.unwrap();
    for _ in 0..4 {
        world.runner.pass().await;
    }
    let closed = world.owner.closed.lock().unwrap().clone();
    let refusal = closed[0].refusal.clone().unwrap();
    assert_eq!(
        (refusal.code.as_str(), &*refusal.message),
        ("DEFECT", "a batch was not understood")
    );
    let document = world.book.document(receipt.document).await.unwrap().unwrap();
    assert_eq!(document.state, DocumentState::Refused);
}
