// SPDX-License-Identifier: Apache-2.0
//! Data keys: one per class and month, wrapped by keys that change, and shredded when their time is
//! over.

use std::time::Duration;

use bytes::Bytes;
use model::exception::Code as Exception;
use model::retention::{Month, RetentionClass};
use model::token::Field;
use ports::book::{Book, Records};
use ports::contract::samples::{delivery, remittance_id, token};
use ports::failure::Failure;
use ports::keys::KeyEncryption;
use ports::raw::{Documents, RawStore};
use ports::vault::{Reveal, Vault};
use sqlx::Row;
use store::{Error, PoolSettings, PostgresBook, Schema};

use crate::sealed::{NEEDLE, document, filled, kept};
use crate::world::{World, intake, process};

const SCHEMAS: [fn() -> Schema; 2] = [intake, process];

fn month(text: &str) -> Month {
    Month::parse(text).expect("a month")
}

/// Every sealed body there is, as text.
async fn bodies(world: &World) -> Vec<String> {
    let mut found = Vec::new();
    for (schema, tables) in
        [(intake(), &["raw_chunk", "vault_batch"][..]), (process(), &["event_batch", "state"][..])]
    {
        let mut connection = world.connection(&schema).await;
        for table in tables {
            let sql = format!("select encode(body, 'hex') from {table} order by 1");
            let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&mut connection).await;
            found.extend(rows.expect("bodies").iter().map(|row| row.get::<String, _>(0)));
        }
    }
    assert!(found.len() >= 4, "{found:?}");
    found
}

/// As if everything had been sealed in another month.
async fn sealed_in(world: &World, first_day: &str) {
    for schema in SCHEMAS {
        let mut connection = world.connection(&schema()).await;
        let sql = format!("update data_key set month = '{first_day}' where month is not null");
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.expect("moved");
    }
}

fn expired<T: std::fmt::Debug>(answer: Result<T, Failure>) {
    match answer {
        Err(Failure::Business { code: Exception::Expired, message }) => {
            assert!(message.contains("2025-12"), "{message}");
        }
        other => panic!("{other:?}"),
    }
}

async fn opened(world: &World, schema: &Schema) -> Result<PostgresBook, Error> {
    let settings = PoolSettings { connections_max: 4, ..PoolSettings::default() };
    PostgresBook::open(&world.url, schema, &"north".into(), world.keys.clone(), &settings).await
}

#[tokio::test]
async fn rotation_wraps_the_data_keys_anew_and_touches_no_sealed_body() {
    let world = World::new().await;
    let (book, room) = filled(&world).await;
    let before = bodies(&world).await;
    world.keys.rotate();
    let current = world.keys.current().await.expect("a key");
    for one in [&book, &room] {
        let keys = one.data_keys().await.expect("keys");
        assert_eq!(keys.len(), 2, "{keys:?}");
        assert!(keys.iter().all(|key| key.under != current), "{keys:?}");
        assert_eq!(one.rewrap("operator").await, Ok(2));
        assert_eq!(one.rewrap("operator").await, Ok(0), "there is nothing more to do");
        let keys = one.data_keys().await.expect("keys");
        assert!(keys.iter().all(|key| key.under == current), "{keys:?}");
    }
    assert_eq!(bodies(&world).await, before, "no sealed body has changed by a byte");
    let mut connection = world.connection(&process()).await;
    let logged: Vec<String> =
        sqlx::query_scalar("select by from log_pending where kind = 'keys.rewrapped'")
            .fetch_all(&mut connection)
            .await
            .expect("a log");
    assert_eq!(logged, ["operator"]);

    // The older key is not needed by anybody who starts from now on.
    world.keys.forget_older();
    let room = opened(&world, &intake()).await.expect("it opens");
    let chunk = room.chunk(document().id, 0).await.expect("a chunk");
    assert_eq!(chunk, Some(Bytes::from_static(NEEDLE.as_bytes())));
}

#[tokio::test]
async fn a_key_that_is_still_needed_is_missed_at_the_start() {
    let world = World::new().await;
    let _filled = filled(&world).await;
    world.keys.rotate();
    world.keys.forget_older();
    match opened(&world, &process()).await {
        Err(Error::KeyNotAtHand { under, .. }) => assert_eq!(under, "memory-0"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_data_key_is_unwrapped_once_however_often_it_is_used() {
    let world = World::new().await;
    let _filled = filled(&world).await;
    let room = opened(&world, &intake()).await.expect("it opens");
    let at_start = world.keys.unwrapped();
    for _ in 0..20 {
        room.chunk(document().id, 0).await.expect("a chunk");
    }
    assert!(world.keys.unwrapped() <= at_start + 1, "{at_start}");
}

#[tokio::test]
async fn what_is_shredded_answers_expired_and_everything_else_stays() {
    let world = World::new().await;
    let (book, room) = filled(&world).await;
    sealed_in(&world, "2025-12-01").await;
    let next = month("2026-01");
    for (one, class) in [
        (&room, RetentionClass::Raw),
        (&room, RetentionClass::Vault),
        (&book, RetentionClass::Canonical),
    ] {
        assert_eq!(one.shred(class, month("2025-12"), "operator").await, Ok(Vec::new()));
        assert_eq!(one.shreddable(class, next).await.expect("keys").len(), 1, "{class:?}");
        assert_eq!(one.shred(class, next, "operator").await, Ok(vec![month("2025-12")]));
        assert_eq!(one.shreddable(class, next).await, Ok(Vec::new()));
    }
    assert_eq!(book.shred(RetentionClass::Standing, next, "operator").await, Ok(Vec::new()));
    expired(room.chunk(document().id, 0).await);
    expired(room.reveal(token("name", 1).as_str(), "auditor").await.map(|found| found.is_some()));
    expired(book.batches(remittance_id("doc"), 0, 10).await);
    assert_eq!(book.states("claim", &["tok_v1_a".into()]).await.expect("states").len(), 1);
    assert!(room.document(document().id).await.expect("the document").is_some());
    let events = book.inbox_of(remittance_id("doc"), 0, 10).await.expect("the inbox");
    assert!(!events.is_empty(), "amounts and states stand outside what was shredded");
    let mut connection = world.connection(&process()).await;
    let logged: Vec<String> =
        sqlx::query_scalar("select subject from log_pending where kind = 'retention.shredded'")
            .fetch_all(&mut connection)
            .await
            .expect("a log");
    assert_eq!(logged, ["canonical/2025-12"]);
}

#[tokio::test]
async fn the_current_month_is_never_shredded() {
    let world = World::new().await;
    let (_, room) = filled(&world).await;
    let gone = room.shred(RetentionClass::Raw, month("2999-01"), "operator").await;
    assert_eq!(gone, Ok(Vec::new()));
    room.chunk(document().id, 0).await.expect("still there");
}

#[tokio::test]
async fn shredding_reaches_another_replica_once_its_hold_on_the_key_ends() {
    let world = World::new().await;
    let (_, room) = filled(&world).await;
    let settings = PoolSettings { data_key_cache_ms_max: 1, ..PoolSettings::default() };
    let keys = world.keys.clone();
    let replica = PostgresBook::open(&world.url, &intake(), &"north".into(), keys, &settings)
        .await
        .expect("it opens");
    replica.chunk(document().id, 0).await.expect("it holds the key now");
    sealed_in(&world, "2025-12-01").await;
    room.shred(RetentionClass::Raw, month("2026-01"), "operator").await.expect("shredded");
    tokio::time::sleep(Duration::from_millis(2)).await;
    expired(replica.chunk(document().id, 0).await);
}

#[tokio::test]
async fn a_value_that_is_met_again_outlives_the_month_in_which_it_was_first_met() {
    let world = World::new().await;
    let (_, room) = filled(&world).await;
    let settings = PoolSettings { data_key_cache_ms_max: 1, ..PoolSettings::default() };
    let keys = world.keys.clone();
    let room_again = PostgresBook::open(&world.url, &intake(), &"north".into(), keys, &settings)
        .await
        .expect("it opens");
    sealed_in(&world, "2025-12-01").await;
    room_again.keep(vec![kept()]).await.expect("met again");
    room.shred(RetentionClass::Vault, month("2026-01"), "operator").await.expect("shredded");
    let clear = room_again.reveal(kept().1.as_str(), "auditor").await.expect("revealed");
    assert!(clear.is_some_and(|clear| clear == kept().2));
    assert_eq!(kept().0, Field::Name);
}

#[tokio::test]
async fn books_that_begin_a_month_together_agree_on_its_key() {
    let world = World::new().await;
    let (one, two) = (world.book().await, world.book().await);
    let (first, second) = (delivery("one", 1, 2), delivery("two", 1, 2));
    let both = tokio::join!(one.apply_unfenced(&first), two.apply_unfenced(&second));
    both.0.expect("applied");
    both.1.expect("applied");
    let keys = one.data_keys().await.expect("keys");
    let canonical: Vec<_> =
        keys.iter().filter(|key| key.class == RetentionClass::Canonical).collect();
    assert_eq!(canonical.len(), 1, "{keys:?}");
    for (book, document) in [(&one, "two"), (&two, "one")] {
        let read = book.batches(remittance_id(document), 0, 10).await.expect("readable");
        assert_eq!(read.len(), 1);
    }
}
