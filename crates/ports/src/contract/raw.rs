// SPDX-License-Identifier: Apache-2.0
//! Raw documents and the vault: durable before they are acknowledged, found again byte by byte.

use std::time::Duration;

use bytes::Bytes;
use model::code::Code;
use model::document::{Channel, ControlTotals, Document, DocumentState};
use model::id::{DocumentId, Hash};
use model::token::{Clear, Field};
use uuid::Uuid;

use super::Fixture;
use super::samples::{at, token, unit};
use crate::raw::{Committed, Incoming, Segmented};

fn document(name: &str) -> Document {
    let byte_hash = Hash::of(&[name.as_bytes()]);
    Document {
        id: DocumentId::of(&Code::new("t1"), &byte_hash),
        source: "s1".into(),
        channel: Channel::Folder,
        byte_hash,
        bytes: 6,
        totals: ControlTotals { sets: 1, claims: 2, claims_paid: 300, ..ControlTotals::default() },
        state: DocumentState::Accepted,
        repeats: 0,
        received_at: at(0),
    }
}

/// Each upload draws a secret of its own.
fn segmented(upload: Uuid) -> Segmented {
    let secret = Hash::of(&[b"secret", upload.as_bytes()]).0;
    Segmented { root: Hash::of(&[b"root", upload.as_bytes()]), segments: 2, secret }
}

async fn commit(fixture: &Fixture, upload: u128, name: &str) -> Committed {
    let (intake, upload) = (&fixture.intake, Uuid::from_u128(upload));
    intake.raw.stage(upload, 0, Bytes::from_static(b"abc")).await.expect("works");
    let now = intake.book.now().await.expect("a clock");
    let incoming = Incoming {
        upload,
        document: document(name),
        segmented: segmented(upload),
        staged: 1,
        rest: Bytes::copy_from_slice(name.as_bytes()),
        by: "feeder".into(),
        work: vec![unit("intake", &format!("read/{name}"), now, -10)],
    };
    intake.raw.commit(incoming).await.expect("works")
}

async fn number_log(fixture: &Fixture) {
    let (lane, holder) = ("sequencer".into(), "suite".into());
    let lease = fixture.intake.book.lease(&lane, &holder, Duration::from_secs(600));
    let fence = lease.await.expect("works").expect("the lane is free").fence;
    fixture.intake.book.sequence(&fence, 100).await.expect("works");
}

pub async fn committed_bytes_come_back_chunk_by_chunk_with_their_work(fixture: &Fixture) {
    let intake = &fixture.intake;
    let before = intake.book.now().await.expect("a clock");
    assert_eq!(intake.raw.document(document("one").id).await, Ok(None));
    assert_eq!(commit(fixture, 1, "one").await, Committed::New);
    let id = document("one").id;
    let stored = intake.raw.document(id).await.expect("works").expect("it is committed");
    assert!(stored.received_at >= before - Duration::from_secs(1), "by the book's own clock");
    assert_eq!(Document { received_at: at(0), ..stored }, document("one"));
    assert_eq!(intake.raw.chunk(id, 0).await, Ok(Some(Bytes::from_static(b"abc"))));
    assert_eq!(intake.raw.chunk(id, 1).await, Ok(Some(Bytes::from_static(b"one"))));
    assert_eq!(intake.raw.chunk(id, 2).await, Ok(None));
    let due = intake.book.due(&"intake".into(), 10).await.expect("works");
    assert_eq!(due.iter().map(|unit| unit.id.as_str()).collect::<Vec<_>>(), ["read/one"]);
    number_log(fixture).await;
    let log = intake.feed.about(&id.to_string(), 10).await.expect("works");
    assert_eq!((log.len(), &log[0].entry.by), (1, &Code::new("feeder")));
    let first = segmented(Uuid::from_u128(1));
    assert_eq!(log[0].entry.body, first.told(), "the log tells the root and not the secret");
    assert_eq!(intake.raw.segmented(id).await, Ok(Some(first)));
    assert_eq!(intake.raw.segmented(document("two").id).await, Ok(None));
}

pub async fn the_same_bytes_again_are_counted_and_nothing_else(fixture: &Fixture) {
    let intake = &fixture.intake;
    commit(fixture, 1, "one").await;
    let due = intake.book.due(&"intake".into(), 10).await.expect("works");
    for (upload, repeats) in [(2, 1), (3, 2)] {
        assert_eq!(commit(fixture, upload, "one").await, Committed::Repeated);
        let stored = intake.raw.document(document("one").id).await.expect("works");
        assert_eq!(stored.expect("it is there").repeats, repeats);
    }
    assert_eq!(intake.book.due(&"intake".into(), 10).await, Ok(due), "no further work");
    assert_eq!(intake.raw.documents(None, 10).await.expect("works").len(), 1);
    let chunk = intake.raw.chunk(document("one").id, 1).await;
    assert_eq!(chunk, Ok(Some(Bytes::from_static(b"one"))));
    let kept = intake.raw.segmented(document("one").id).await;
    assert_eq!(kept, Ok(Some(segmented(Uuid::from_u128(1)))), "the first upload's");
}

pub async fn a_document_settles_and_is_listed_newest_first(fixture: &Fixture) {
    let raw = &fixture.intake.raw;
    for (upload, name) in [(1, "one"), (2, "two"), (3, "six")] {
        commit(fixture, upload, name).await;
        (fixture.pass)(Duration::from_millis(5)).await;
    }
    raw.settle(document("two").id, DocumentState::Delivered).await.expect("works");
    raw.settle(document("two").id, DocumentState::Delivered).await.expect("works");
    let page = raw.documents(None, 2).await.expect("works");
    let ids: Vec<_> = page.iter().map(|one| one.id).collect();
    assert_eq!(ids, [document("six").id, document("two").id]);
    assert_eq!(page[1].state, DocumentState::Delivered);
    let rest = raw.documents(Some(ids[1]), 2).await.expect("works");
    assert_eq!(rest.iter().map(|one| one.id).collect::<Vec<_>>(), [document("one").id]);
    assert_eq!(rest[0].state, DocumentState::Accepted);
}

pub async fn uploads_never_committed_are_swept_and_documents_stay(fixture: &Fixture) {
    let raw = &fixture.intake.raw;
    commit(fixture, 1, "one").await;
    let forgotten = Uuid::from_u128(9);
    raw.stage(forgotten, 0, Bytes::from_static(b"abc")).await.expect("works");
    raw.stage(forgotten, 1, Bytes::from_static(b"def")).await.expect("works");
    assert_eq!(raw.sweep(1).await, Ok(0), "an upload of this hour may still come through");
    (fixture.pass)(Duration::from_millis(5)).await;
    assert!(raw.sweep(0).await.expect("works") > 0);
    assert_eq!(raw.sweep(0).await, Ok(0));
    assert!(raw.chunk(document("one").id, 1).await.expect("works").is_some());
}

pub async fn the_vault_reveals_what_it_kept_and_nothing_else(fixture: &Fixture) {
    let vault = &fixture.intake.vault;
    let entry = (Field::Control, token("a", 1), Clear::new("SAMPLE-0042".to_owned()));
    vault.keep(vec![entry.clone()]).await.expect("works");
    let second = (Field::Member, token("a", 2), Clear::new("SAMPLE-MEMBER".to_owned()));
    vault.keep(vec![entry.clone(), second]).await.expect("repeating it is fine");
    let revealed = vault.reveal(token("a", 1).as_str(), "someone").await.expect("works");
    assert!(revealed == Some(entry.2), "the value comes back");
    let revealed = vault.reveal(token("a", 2).as_str(), "someone").await.expect("works");
    assert!(revealed == Some(Clear::new("SAMPLE-MEMBER".to_owned())), "the other value too");
    assert!(vault.reveal("tok_v1_unknown", "someone").await.expect("works").is_none());
}

pub async fn the_vault_says_which_tokens_it_ever_kept(fixture: &Fixture) {
    let vault = &fixture.intake.vault;
    let asked = [token("h", 1), token("h", 2), token("h", 3)].map(|token| token.token);
    assert!(vault.held(&asked).await.expect("works").is_empty());
    let kept = |ordinal| (Field::Control, token("h", ordinal), Clear::new("SAMPLE".to_owned()));
    vault.keep(vec![kept(1), kept(3)]).await.expect("works");
    let held: Vec<_> = vault.held(&asked).await.expect("works").into_iter().collect();
    assert_eq!(held, [asked[0].clone(), asked[2].clone()]);
    assert!(vault.held(&[]).await.expect("works").is_empty());
}
