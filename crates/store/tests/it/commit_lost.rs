// SPDX-License-Identifier: Apache-2.0
//! When the answer to a commit is lost, the book says so and the step key tells what happened.

use std::time::{Duration, Instant};

use model::code::Code;
use ports::book::{Applied, ApplyError, Book, Effects, LogEntry};
use ports::failure::Failure;
use store::{PoolSettings, PostgresBook};

use crate::proxy::Proxy;
use crate::world::{World, process};

fn step(key: &str) -> Effects {
    let mut effects = Effects::new(key);
    effects.log.push(LogEntry {
        kind: Code::new("test.happened"),
        subject: Code::new(key),
        by: Code::new("test"),
        body: serde_json::json!({}),
    });
    effects
}

async fn through(proxy: &Proxy, world: &World) -> PostgresBook {
    let settings = PoolSettings { connections_max: 1, ..PoolSettings::default() };
    let (url, tenant) = (proxy.url(&world.name), Code::new("north"));
    PostgresBook::open(&url, &process(), &tenant, world.keys.clone(), &settings)
        .await
        .expect("an open book")
}

async fn logged(world: &World) -> i64 {
    let mut connection = world.connection(&process()).await;
    sqlx::query_scalar("select count(*) from log_pending")
        .fetch_one(&mut connection)
        .await
        .expect("a count")
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_found_by_its_step_and_happens_once() {
    let (world, proxy) = (World::new().await, Proxy::start().await);
    let book = through(&proxy, &world).await;
    proxy.lose_the_answer();
    let lost = book.apply_unfenced(&step("one")).await;
    assert_eq!(lost, Err(ApplyError::CommitUnknown));
    let effects = step("one");
    assert_eq!(book.applied(&effects.step).await, Ok(true));
    assert_eq!(book.apply_unfenced(&effects).await, Ok(Applied::Before));
    assert_eq!(logged(&world).await, 1);
}

#[tokio::test]
async fn a_commit_whose_order_is_lost_is_known_not_to_have_happened() {
    let (world, proxy) = (World::new().await, Proxy::start().await);
    let book = through(&proxy, &world).await;
    proxy.lose_the_order();
    let lost = book.apply_unfenced(&step("one")).await;
    assert_eq!(lost, Err(ApplyError::CommitUnknown));
    let effects = step("one");
    // The server may still be about to notice that we are gone; asking never blocks on it.
    assert_eq!(book.applied(&effects.step).await, Ok(false));
    assert_eq!(book.apply_unfenced(&effects).await, Ok(Applied::Now));
    assert_eq!(logged(&world).await, 1);
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_commit_is_tried_again() {
    let world = World::new().await;
    let book = world.book().await;
    let own = book.clone();
    let running = tokio::spawn(async move {
        let mut blocked = step("one");
        blocked.puts.push(ports::book::Unit::new(
            "lane",
            "kind",
            "unit",
            serde_json::json!({}),
            time::OffsetDateTime::UNIX_EPOCH,
        ));
        own.apply_unfenced(&blocked).await
    });
    // Whoever writes a unit now waits for us; then its connection is ended.
    let mut connection = world.connection(&process()).await;
    use sqlx::Connection;
    let mut lock = connection.begin().await.expect("begun");
    sqlx::query("lock table unit in exclusive mode").execute(&mut *lock).await.expect("locked");
    let begin = Instant::now();
    let first = loop {
        assert!(begin.elapsed() < Duration::from_secs(20), "it never came to the lock");
        let ended: i64 = sqlx::query_scalar(
            "select count(*) filter (where pg_terminate_backend(pid))
             from pg_stat_activity
             where datname = current_database()
               and application_name = 'revbridge'
               and wait_event_type = 'Lock'",
        )
        .fetch_one(&mut *lock)
        .await
        .expect("asked");
        if ended > 0 || running.is_finished() {
            break running.await.expect("ran");
        }
        tokio::task::yield_now().await;
    };
    lock.rollback().await.expect("unlocked");
    match first {
        // It was quicker than our lock: nothing to see.
        Ok(Applied::Now) => {}
        Err(ApplyError::Failed(Failure::Transient { .. })) => {
            assert_eq!(book.apply_unfenced(&step("one")).await, Ok(Applied::Now));
        }
        other => panic!("{other:?}"),
    }
}
