// SPDX-License-Identifier: Apache-2.0
//! Whoever lost a lane commits nothing after the new holder was told that it has it.

use std::time::{Duration, Instant};

use model::code::Code;
use ports::book::{Applied, ApplyError, Book, Effects, Unit};
use sqlx::{Connection, PgConnection};
use store::PostgresBook;
use time::OffsetDateTime;

use crate::world::{World, process};

const HOUR: Duration = Duration::from_secs(3600);
const WAIT_MAX: Duration = Duration::from_secs(20);

/// A step that has to wait for whoever holds the unit table.
fn step(key: &str) -> Effects {
    let mut effects = Effects::new(key);
    let due = OffsetDateTime::UNIX_EPOCH;
    effects.puts.push(Unit::new("lane", "kind", key, serde_json::json!({}), due));
    effects
}

/// Waits until so many of the book's connections wait for a lock.
async fn until_waiting(connection: &mut PgConnection, count: i64) {
    let begin = Instant::now();
    while begin.elapsed() < WAIT_MAX {
        let waiting: i64 = sqlx::query_scalar(
            "select count(*)
             from pg_stat_activity
             where datname = current_database()
               and application_name = 'revbridge'
               and wait_event_type = 'Lock'",
        )
        .fetch_one(&mut *connection)
        .await
        .expect("asked");
        if waiting == count {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("there were never {count} waiting for a lock");
}

async fn expire(connection: &mut PgConnection) {
    sqlx::query("update lane set until = clock_timestamp() - interval '1 second'")
        .execute(connection)
        .await
        .expect("expired");
}

async fn units(book: &PostgresBook) -> usize {
    book.due(&Code::new("lane"), 100).await.expect("units").len()
}

#[tokio::test]
async fn a_new_lease_waits_for_the_old_holders_commit_and_then_shuts_it_out() {
    let world = World::new().await;
    let (book, lane) = (world.book().await, Code::new("lane"));
    let old = book.lease(&lane, &Code::new("a"), HOUR).await.expect("asked").expect("leased");
    let mut connection = world.connection(&process()).await;
    expire(&mut connection).await;
    let mut lock = connection.begin().await.expect("begun");
    sqlx::query("lock table unit in exclusive mode").execute(&mut *lock).await.expect("locked");

    let (own, fence) = (book.clone(), old.fence.clone());
    let applying = tokio::spawn(async move { own.apply(&fence, &step("one")).await });
    until_waiting(&mut lock, 1).await;
    let (own, asked) = (book.clone(), lane.clone());
    let leasing = tokio::spawn(async move { own.lease(&asked, &Code::new("b"), HOUR).await });
    until_waiting(&mut lock, 2).await;
    assert!(!leasing.is_finished(), "the lease was granted over an unfinished commit");

    lock.rollback().await.expect("unlocked");
    assert_eq!(applying.await.expect("ran"), Ok(Applied::Now));
    let new = leasing.await.expect("ran").expect("asked").expect("leased");
    assert!(new.fence.number > old.fence.number);
    assert_eq!(units(&book).await, 1);

    let late = book.apply(&old.fence, &step("two")).await;
    assert_eq!(late, Err(ApplyError::StaleFence { lane }));
    assert_eq!(units(&book).await, 1);
    assert_eq!(book.apply(&new.fence, &step("two")).await, Ok(Applied::Now));
}

#[tokio::test]
async fn of_many_who_ask_at_once_one_gets_the_lane() {
    let world = World::new().await;
    let (book, lane) = (world.book().await, Code::new("lane"));
    let asking: Vec<_> = (0..12)
        .map(|number| {
            let (book, lane) = (book.clone(), lane.clone());
            let holder = Code::from(format!("holder-{number}"));
            tokio::spawn(async move { book.lease(&lane, &holder, HOUR).await })
        })
        .collect();
    let mut granted = 0;
    for one in asking {
        granted += usize::from(one.await.expect("ran").expect("asked").is_some());
    }
    assert_eq!(granted, 1);
}

#[tokio::test]
async fn of_many_who_apply_one_step_at_once_one_does_it() {
    let world = World::new().await;
    let book = world.book().await;
    let applying: Vec<_> = (0..8)
        .map(|_| {
            let book = book.clone();
            tokio::spawn(async move { book.apply_unfenced(&step("one")).await })
        })
        .collect();
    let mut now = 0;
    for one in applying {
        now += usize::from(one.await.expect("ran").expect("applied") == Applied::Now);
    }
    assert_eq!(now, 1);
    assert_eq!(units(&book).await, 1);
}
