// SPDX-License-Identifier: Apache-2.0
//! Documents that come at the same time share a transaction and nothing else: each has its own answer,
//! and one that cannot be taken is the only one that is not.

use bytes::Bytes;
use futures::future::join_all;
use model::code::Code;
use model::document::Document;
use model::id::{DocumentId, Hash};
use ports::book::{Book, Records, Unit};
use ports::failure::Failure;
use ports::raw::{Committed, Documents, Incoming, RawStore};
use store::PostgresBook;
use uuid::Uuid;

use crate::sealed::{document, segmented};
use crate::world::{World, intake};

fn incoming(number: u32) -> Incoming {
    let text = format!("document {number:04}");
    let byte_hash = Hash::of(&[text.as_bytes()]);
    let id = DocumentId::of(&Code::new("north"), &byte_hash);
    let due = time::OffsetDateTime::UNIX_EPOCH;
    Incoming {
        upload: Uuid::new_v4(),
        document: Document { id, byte_hash, bytes: text.len() as u64, ..document() },
        segmented: segmented(),
        staged: 0,
        rest: Bytes::from(text),
        by: "feeder".into(),
        work: vec![Unit::new("intake", "read", id.to_string(), serde_json::json!({}), due)],
    }
}

/// With its keys at hand, so that documents come at the same time indeed.
async fn warm(world: &World) -> PostgresBook {
    let room = world.intake().await;
    room.commit(incoming(9_999)).await.expect("committed");
    room
}

async fn all(room: &PostgresBook, documents: Vec<Incoming>) -> Vec<Result<Committed, Failure>> {
    join_all(documents.into_iter().map(|one| room.commit(one))).await
}

#[tokio::test]
async fn documents_that_come_together_share_few_transactions_and_keep_their_order() {
    let world = World::new().await;
    let room = warm(&world).await;
    let documents: Vec<Incoming> = (0..200).map(incoming).collect();
    let ids: Vec<String> = documents.iter().map(|one| one.document.id.to_string()).collect();
    let answers = all(&room, documents).await;
    assert!(answers.iter().all(|answer| *answer == Ok(Committed::New)), "{answers:?}");
    let mut connection = world.connection(&intake()).await;
    let transactions: i64 = sqlx::query_scalar("select count(distinct xmin::text) from document")
        .fetch_one(&mut connection)
        .await
        .expect("a count");
    assert!(transactions <= 10, "{transactions} transactions for 201 documents");
    let now = room.now().await.expect("a clock");
    let due = room.due(&"intake".into(), 1_000).await.expect("units");
    let order: Vec<String> = due.iter().skip(1).map(|unit| unit.id.to_string()).collect();
    assert_eq!(order, ids, "what came first is read first");
    assert!(due.iter().all(|unit| unit.due <= now), "and nothing waits");
    let chunk = room.chunk(incoming(42).document.id, 0).await.expect("a chunk");
    assert_eq!(chunk, Some(Bytes::from_static(b"document 0042")));
}

#[tokio::test]
async fn one_that_cannot_be_taken_fails_alone() {
    let world = World::new().await;
    let room = warm(&world).await;
    let mut documents: Vec<Incoming> = (0..50).map(incoming).collect();
    // Its first chunk was never staged.
    documents[20].staged = 1;
    let bad = documents[20].document.id;
    let answers = all(&room, documents).await;
    for (number, answer) in answers.iter().enumerate() {
        match number {
            20 => assert!(matches!(answer, Err(Failure::Transient { .. })), "{answer:?}"),
            _ => assert_eq!(*answer, Ok(Committed::New), "{number}"),
        }
    }
    assert_eq!(room.document(bad).await, Ok(None));
    assert_eq!(room.documents(None, 100).await.expect("documents").len(), 50);
    assert_eq!(room.commit(incoming(20)).await, Ok(Committed::New), "sent again as it is");
}

#[tokio::test]
async fn the_same_bytes_twice_at_once_are_one_document_and_a_repeat() {
    let world = World::new().await;
    let room = warm(&world).await;
    let answers = all(&room, vec![incoming(1), incoming(2), incoming(1), incoming(1)]).await;
    let new = answers.iter().filter(|answer| **answer == Ok(Committed::New)).count();
    let repeated = answers.iter().filter(|answer| **answer == Ok(Committed::Repeated)).count();
    assert_eq!((new, repeated), (2, 2), "{answers:?}");
    let stored = room.document(incoming(1).document.id).await.expect("works").expect("it is there");
    assert_eq!(stored.repeats, 2);
}

#[tokio::test]
async fn a_sender_that_goes_away_takes_nobody_with_it() {
    let world = World::new().await;
    let room = warm(&world).await;
    let own = room.clone();
    let gone = tokio::spawn(async move { own.commit(incoming(1)).await });
    let others = all(&room, (2..20).map(incoming).collect());
    gone.abort();
    assert!(others.await.iter().all(|answer| *answer == Ok(Committed::New)));
}
