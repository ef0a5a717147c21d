// SPDX-License-Identifier: Apache-2.0
//! Nothing that was sealed can be read in the tables, and nothing can be altered or moved there
//! without being noticed.

use bytes::Bytes;
use model::code::Code;
use model::document::{Channel, ControlTotals, Document, DocumentState};
use model::id::{DocumentId, Hash};
use model::token::{Clear, Field, Token};
use ports::book::{Book, Effects, Records, StatePut};
use ports::contract::samples::{at, delivery, remittance_id, token};
use ports::failure::Failure;
use ports::raw::{Committed, Documents, Incoming, RawStore, Segmented};
use ports::vault::{Reveal, Vault};
use sqlx::Row;
use uuid::Uuid;

use crate::world::{World, intake, process};

/// Stands in every kind of thing that is to be sealed, and in nothing else.
pub const NEEDLE: &str = "QXNEEDLEZ";

pub fn segmented() -> Segmented {
    Segmented { root: Hash::of(&[b"root"]), segments: 1, secret: [1; 32] }
}

pub fn document() -> Document {
    let byte_hash = Hash::of(&[b"sealed"]);
    Document {
        id: DocumentId::of(&Code::new("north"), &byte_hash),
        source: "s1".into(),
        channel: Channel::Upload,
        byte_hash,
        bytes: NEEDLE.len() as u64,
        totals: ControlTotals::default(),
        state: DocumentState::Accepted,
        repeats: 0,
        received_at: at(0),
    }
}

/// The document above, of which so many chunks were staged.
pub fn incoming(upload: u128, staged: u32, rest: &'static [u8]) -> Incoming {
    Incoming {
        upload: Uuid::from_u128(upload),
        document: document(),
        segmented: segmented(),
        staged,
        rest: Bytes::from_static(rest),
        by: "feeder".into(),
        work: Vec::new(),
    }
}

fn state() -> StatePut {
    let body = serde_json::json!({ "note": NEEDLE });
    StatePut { kind: "claim".into(), key: "tok_v1_a".into(), body: body.into(), expected: 0 }
}

pub fn kept() -> (Field, Token, Clear) {
    (Field::Name, token("name", 1), Clear::new(NEEDLE.to_owned()))
}

pub async fn filled(world: &World) -> (store::PostgresBook, store::PostgresBook) {
    let (book, room) = (world.book().await, world.intake().await);
    room.commit(incoming(7, 0, NEEDLE.as_bytes())).await.expect("committed");
    room.keep(vec![kept()]).await.expect("kept");
    let mut effects = delivery("doc", 1, 3);
    std::sync::Arc::make_mut(&mut effects.batches[0]).source = Code::new(NEEDLE);
    effects.states = vec![state()];
    book.apply_unfenced(&effects).await.expect("applied");
    (book, room)
}

/// Every place in a schema where a text stands, as text or as the bytes of it.
pub async fn places(world: &World, schema: &store::Schema, text: &str) -> Vec<String> {
    let mut connection = world.connection(schema).await;
    let tables: Vec<String> = sqlx::query_scalar(
        "select quote_ident(tablename) from pg_tables where schemaname = current_schema()",
    )
    .fetch_all(&mut connection)
    .await
    .expect("tables");
    assert!(tables.len() > 20, "{tables:?}");
    let hex = data_encoding::HEXLOWER.encode(text.as_bytes());
    let mut found = Vec::new();
    for table in tables {
        let sql = format!(
            "select count(*) from {table} as t where strpos(t::text, $1) > 0 or strpos(t::text, $2) > 0"
        );
        let count: i64 = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(text)
            .bind(&hex)
            .fetch_one(&mut connection)
            .await
            .expect("searched")
            .get(0);
        if count > 0 {
            found.push(table);
        }
    }
    found
}

#[tokio::test]
async fn nothing_clear_stands_in_any_table() {
    let world = World::new().await;
    let (book, room) = filled(&world).await;
    assert_eq!(places(&world, &intake(), NEEDLE).await, Vec::<String>::new());
    assert_eq!(places(&world, &process(), NEEDLE).await, Vec::<String>::new());
    // The search does find what is there.
    let remittance = remittance_id("doc").to_string();
    let there = places(&world, &process(), &remittance).await;
    assert!(there.contains(&"inbox_batch".to_owned()), "{there:?}");
    assert_eq!(places(&world, &process(), "tok_v1_a").await, Vec::<String>::new());

    let chunk = room.chunk(document().id, 0).await.expect("a chunk");
    assert_eq!(chunk, Some(Bytes::from_static(NEEDLE.as_bytes())));
    let batches = book.batches(remittance_id("doc"), 0, 10).await.expect("batches");
    assert_eq!(batches[0].source, NEEDLE);
    let states = book.states("claim", &[Code::new("tok_v1_a")]).await.expect("states");
    assert_eq!(states[0].body, state().body);
    let clear = room.reveal(token("name", 1).as_str(), "auditor").await.expect("revealed");
    assert!(clear == Some(Clear::new(NEEDLE.to_owned())));
}

#[tokio::test]
async fn every_reveal_is_in_the_log_with_who_asked() {
    let world = World::new().await;
    let (_, room) = filled(&world).await;
    let subject = token("name", 1);
    assert!(room.reveal("tok_v1_nobody", "auditor").await == Ok(None));
    room.reveal(subject.as_str(), "auditor").await.expect("revealed");
    let mut connection = world.connection(&intake()).await;
    let logged = sqlx::query("select subject, by from log_pending where kind = 'vault.revealed'")
        .fetch_all(&mut connection)
        .await
        .expect("a log");
    assert_eq!(logged.len(), 1);
    assert_eq!(logged[0].get::<String, _>(0), subject.as_str());
    assert_eq!(logged[0].get::<String, _>(1), "auditor");
}

#[tokio::test]
async fn what_was_altered_or_moved_in_a_table_is_noticed() {
    let world = World::new().await;
    let (book, room) = filled(&world).await;
    let mut next = Effects::new("next");
    next.states = vec![StatePut { expected: 1, ..state() }];
    let flip = "set body = set_byte(body, 60, get_byte(body, 60) # 1)";
    for (schema, statement) in [
        (intake(), format!("update raw_chunk {flip}")),
        (intake(), format!("update vault_batch {flip}")),
        (process(), format!("update event_batch {flip}")),
        (process(), "update state set version = version + 1".to_owned()),
    ] {
        let mut connection = world.connection(&schema).await;
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.expect("done");
    }
    let noticed = |failure: &Failure| {
        assert!(matches!(failure, Failure::Defect(_)), "{failure:?}");
        assert!(failure.to_string().contains("altered, or moved"), "{failure}");
    };
    noticed(&room.chunk(document().id, 0).await.expect_err("altered"));
    let revealed = room.reveal(token("name", 1).as_str(), "auditor").await;
    noticed(&revealed.err().expect("altered"));
    noticed(&book.batches(remittance_id("doc"), 0, 10).await.expect_err("altered"));
    noticed(&book.states("claim", &[Code::new("tok_v1_a")]).await.expect_err("moved"));
}

#[tokio::test]
async fn a_token_that_was_pointed_at_a_batch_without_it_is_not_revealed() {
    let world = World::new().await;
    let (_, room) = filled(&world).await;
    let other = (Field::Name, token("name", 2), Clear::new("ANOTHER".to_owned()));
    room.keep(vec![other, (Field::Name, token("name", 3), Clear::new("THIRD".to_owned()))])
        .await
        .expect("kept");
    assert!(room.reveal(token("name", 3).as_str(), "auditor").await.is_ok_and(|one| one.is_some()));
    let moved = "update vault_waiting set numbers = (
                   select numbers from vault_waiting order by place limit 1
                 )";
    world.run(&intake(), moved).await;
    // Both batches have the numbers of the first: its value is found, past the batch without it.
    let first = room.reveal(token("name", 1).as_str(), "auditor").await.expect("revealed");
    assert!(first == Some(Clear::new(NEEDLE.to_owned())));
    assert!(room.reveal(token("name", 3).as_str(), "auditor").await.is_ok_and(|one| one.is_none()));
}

#[tokio::test]
async fn a_document_whose_chunks_are_not_its_bytes_is_not_acknowledged() {
    let world = World::new().await;
    let room = world.intake().await;
    // Nothing was staged, another chunk than the first, and two of which one has the place of the last;
    // then a single chunk that is shorter than the document.
    let (one, two) = (&NEEDLE.as_bytes()[..3], &NEEDLE.as_bytes()[3..]);
    for (upload, staged, ordinals, rest) in
        [(1, 1, &[][..], two), (2, 1, &[1], two), (3, 2, &[0, 2], two), (4, 0, &[], two)]
    {
        for ordinal in ordinals {
            let chunk = Bytes::from_static(one);
            room.stage(Uuid::from_u128(upload), *ordinal, chunk).await.expect("staged");
        }
        let refused = room.commit(incoming(upload, staged, rest)).await;
        assert!(refused.is_err(), "{refused:?}");
        assert_eq!(room.document(document().id).await, Ok(None));
    }
    room.stage(Uuid::from_u128(5), 0, Bytes::from_static(one)).await.expect("staged");
    assert_eq!(room.commit(incoming(5, 1, two)).await, Ok(Committed::New), "both are the document");
}
