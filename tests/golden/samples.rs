// SPDX-License-Identifier: Apache-2.0
//! Public remittances that nobody here wrote, given one after another in any order: each claim posts
//! once, and what repeats or contradicts is told apart. They are read from beside the project.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use interchange::x12::Limits;
use model::code::Code;
use model::event::{BATCH_EVENTS_MAX, Event, EventBatch, EventKind};
use model::id::{DocumentId, Hash, RemittanceId};
use model::reference::{Reference, Route};
use model::target::Target;
use model::token::{Clear, Reason, Token};
use ports::remittances::{DocumentClosed, Remittances};
use ports::source::{EventSink, SourceAdapter};
use system_rcm::remittance_x12::RemittanceX12;
use time::macros::date;

use crate::input::{SOURCE, Setup, TENANT};
use crate::render;
use crate::world::{World, entity};

const SAMPLES: &str = "../../shared/samples/835";

#[derive(Default)]
struct Collected(Vec<Event<Token>>);

impl EventSink for Collected {
    fn event(&mut self, event: Event<Clear>) {
        self.0.push(event.identified(|_, clear| token(clear)));
    }
}

/// As the intake does it, without the key: nothing of this is kept.
fn token(clear: Clear) -> Token {
    let hash = Hash::of(&[clear.expose(Reason::Test).as_bytes()]);
    Token { token: format!("tok_{}", &hash.hex()[..16]).into(), last4: None }
}

/// Each file is a document of its own even where its bytes are another's: the same bytes never get
/// past the intake, the same remittance in another document must not get past the process.
async fn hand_in(world: &mut World, number: usize, bytes: &[u8]) {
    let id = DocumentId::of(&Code::new(TENANT), &Hash::of(&[bytes, &number.to_be_bytes()]));
    let adapter = RemittanceX12::new(Limits::default());
    let (mut counting, mut sink) = (adapter.control_pass(), Collected::default());
    counting.push(bytes, &mut Vec::new());
    let totals = counting.finish();
    let mut parser = adapter.parser(&Code::new(TENANT), &Code::new(SOURCE), id);
    parser.push(bytes, &mut sink);
    let closing = parser.finish(&mut sink);
    let mut sets: BTreeMap<u64, (RemittanceId, Vec<Event<Token>>)> = BTreeMap::new();
    let mut last = None;
    for event in sink.0 {
        let first = match last {
            Some((remittance, first)) if remittance == event.remittance => first,
            _ => event.ordinal,
        };
        last = Some((event.remittance, first));
        sets.entry(first).or_insert((event.remittance, Vec::new())).1.push(event);
    }
    let events: Vec<&Event<Token>> = sets.values().flat_map(|(_, events)| events).collect();
    let closed = DocumentClosed {
        document: id,
        source: Code::new(SOURCE),
        sets: closing.sets,
        delivered_events: events.len() as u64,
        expected_events: totals.events(),
        delivered_cents: events.iter().map(|event| event.body.amount()).sum(),
        expected_cents: totals.cents(),
        broken_interchanges: closing.broken_interchanges,
        refusal: closing.refusal,
        received_on: date!(2026 - 03 - 02),
    };
    for (remittance, events) in sets.values() {
        for chunk in events.chunks(BATCH_EVENTS_MAX) {
            let batch = EventBatch {
                remittance: *remittance,
                document: id,
                source: Code::new(SOURCE),
                first: chunk[0].ordinal,
                events: chunk.to_vec(),
            };
            world.process.deliver(batch).await.expect("taken");
        }
    }
    world.process.close(closed).await.expect("closed");
    world.settle().await;
}

/// Claims by what became of them, and whether every sound set's clearing came to its payment.
async fn outcome(files: &[Vec<u8>], entities: &[&str]) -> BTreeMap<String, u64> {
    let setup = Setup { provisional: true, ..Setup::default() };
    let routes = vec![Route::every(Target::commit("erp").expect("a name"))];
    let entities = entities.iter().map(|code| (Code::new(code), entity(&setup, code))).collect();
    let reference = Reference { routes, entities, ..Reference::default() };
    let mut world = World::with_reference(&setup, reference);
    for (number, bytes) in files.iter().enumerate() {
        hand_in(&mut world, number, bytes).await;
    }
    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    for entry in world.book.inbox_entries() {
        if entry.kind == EventKind::Claim {
            let outcome = entry.code.map_or("posted".to_owned(), |code| code.to_string());
            *counted.entry(outcome).or_default() += 1;
        }
    }
    for remittance in world.remittances().await {
        let posted = remittance.state.as_str() == "decided";
        let payment = if posted { remittance.header.signed_payment() } else { 0 };
        assert_eq!(render::clearing(&world, &remittance), payment, "{}", remittance.header.trace);
    }
    counted
}

/// The same order for the same seed.
fn shuffled(files: &[Vec<u8>], mut seed: u64) -> Vec<Vec<u8>> {
    let mut files = files.to_vec();
    for at in (1..files.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = (seed >> 33) % (at as u64 + 1);
        files.swap(at, usize::try_from(other).expect("small"));
    }
    files
}

#[test]
fn public_samples_in_any_order_post_each_claim_once() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(SAMPLES);
    let Ok(listing) = fs::read_dir(&folder) else {
        tests::say!("public samples are not beside the project: this test shows nothing");
        return;
    };
    let mut paths: Vec<_> = listing.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let files: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).expect("bytes")).collect();
    let expected: BTreeMap<String, u64> = [
        ("posted".to_owned(), 40),
        ("DUP".to_owned(), 5),
        ("DUP-CONFLICT".to_owned(), 16),
        ("DUP-CLAIM".to_owned(), 6),
    ]
    .into();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime");
    for seed in 0..20 {
        let order = if seed == 0 { files.clone() } else { shuffled(&files, seed) };
        // Each payee an entity of its own, or all of them one.
        for entities in [&[][..], &["ALL"][..]] {
            let found = runtime.block_on(outcome(&order, entities));
            assert_eq!(found, expected, "order {seed}, entities {entities:?}");
        }
    }
}
