// SPDX-License-Identifier: Apache-2.0
//! A token is found at every stage of its number's way: waiting with its batch, entered in the
//! register, and put together with earlier ones.

use model::code::Code;
use model::id::Hash;
use model::token::{Clear, Field, Token};
use ports::vault::{Reveal, Vault};
use sqlx::Row;
use sqlx::migrate::Migrator;
use store::{PoolSettings, PostgresBook};

use crate::world::{World, intake};

/// As many rows of one part as are put together, and a few more.
const BATCHES: usize = 20;

/// Tokens whose numbers begin alike, so that they are in one part of the register.
fn tokens(count: usize) -> Vec<Token> {
    let token = |number: u32| Code::from(format!("tok_v1_{number:026}"));
    let alike = |token: &Code| {
        let Hash([first, second, ..]) = Hash::sha256(token.as_bytes());
        first == 0 && second < 0x10
    };
    let own = (0..).map(token).filter(alike).take(count);
    own.map(|token| Token { token, last4: None }).collect()
}

fn value(number: usize) -> Clear {
    Clear::new(format!("VALUE {number}"))
}

/// One value after the other, each in a batch of its own; `waiting_max` decides when they are entered.
async fn kept(world: &World, waiting_max: u32, tokens: &[Token]) -> PostgresBook {
    let settings = PoolSettings { vault_waiting_max: waiting_max, ..PoolSettings::default() };
    let room = world.open_with(&intake(), settings).await;
    for (number, token) in tokens.iter().enumerate() {
        let entry = (Field::Name, token.clone(), value(number));
        room.keep(vec![entry]).await.expect("kept");
    }
    room
}

async fn counted(world: &World, what: &'static str) -> i64 {
    let mut connection = world.connection(&intake()).await;
    sqlx::query(what).fetch_one(&mut connection).await.expect(what).get(0)
}

async fn each_is_found(room: &PostgresBook, tokens: &[Token]) {
    for (number, token) in tokens.iter().enumerate() {
        let revealed = room.reveal(token.as_str(), "auditor").await.expect("revealed");
        assert!(revealed == Some(value(number)), "{number}");
    }
    let asked: Vec<Code> = tokens
        .iter()
        .map(|token| token.token.clone())
        .chain([Code::new("tok_v1_nobody")])
        .collect();
    let held = room.held(&asked).await.expect("held");
    assert_eq!(held.len(), tokens.len());
    assert!(!held.contains("tok_v1_nobody"));
}

#[tokio::test]
async fn a_token_is_found_while_its_number_waits() {
    let world = World::new().await;
    let tokens = tokens(BATCHES);
    let room = kept(&world, 1_000_000, &tokens).await;
    assert_eq!(counted(&world, "select count(*) from vault_register").await, 0);
    each_is_found(&room, &tokens).await;
}

#[tokio::test]
async fn a_token_is_found_in_the_register_and_what_is_put_together_there() {
    let world = World::new().await;
    let tokens = tokens(BATCHES);
    let room = kept(&world, 1, &tokens).await;
    assert_eq!(counted(&world, "select count(*) from vault_waiting").await, 0);
    let merged = "select sum(cardinality(numbers)) from vault_register where level = 1";
    assert_eq!(counted(&world, merged).await, 16, "one row of sixteen");
    let rows = "select count(*) from vault_register where part = 0";
    assert_eq!(counted(&world, rows).await, 5, "and one of each that came later");
    each_is_found(&room, &tokens).await;
}

#[tokio::test]
async fn what_was_put_together_often_enough_is_put_together_again() {
    let world = World::new().await;
    // One level at a time: what fills the second one is put together with the next entry.
    let tokens = tokens(16 * 16 + 1);
    let room = kept(&world, 1, &tokens).await;
    let rows = "select sum(cardinality(numbers)) from vault_register where level = 2";
    assert_eq!(counted(&world, rows).await, 16 * 16);
    assert_eq!(counted(&world, "select count(*) from vault_register").await, 2);
    each_is_found(&room, &tokens).await;
}

#[tokio::test]
async fn what_waits_too_long_is_entered_by_several_at_once_exactly_once() {
    let world = World::new().await;
    let tokens = tokens(BATCHES);
    let room = kept(&world, 1_000_000, &tokens[..BATCHES / 2]).await;
    room.close().await;
    let settings = PoolSettings { vault_waiting_max: 1, ..PoolSettings::default() };
    let room = world.open_with(&intake(), settings).await;
    let kept = tokens.iter().enumerate().skip(BATCHES / 2).map(|(number, token)| {
        let room = room.clone();
        async move { room.keep(vec![(Field::Name, token.clone(), value(number))]).await }
    });
    for kept in futures::future::join_all(kept).await {
        kept.expect("kept");
    }
    let entered = "select count(*) + (select count(*) from vault_waiting)
                   from vault_register
                   cross join unnest(numbers)";
    assert_eq!(counted(&world, entered).await, i64::try_from(BATCHES).unwrap());
    each_is_found(&room, &tokens).await;
}

#[tokio::test]
async fn a_value_is_kept_although_the_register_cannot_be_written() {
    let world = World::new().await;
    world.run(&intake(), "alter table vault_register add constraint refused check (false)").await;
    let tokens = tokens(3);
    let room = kept(&world, 1, &tokens).await;
    assert_eq!(counted(&world, "select count(*) from vault_waiting").await, 3);
    each_is_found(&room, &tokens).await;
}

/// The newest batch has it.
#[tokio::test]
async fn a_value_that_is_met_again_is_found_as_it_was_kept_last() {
    let world = World::new().await;
    let token = tokens(1).remove(0);
    let room = kept(&world, 1, &[token.clone(), token.clone(), token.clone()]).await;
    let revealed = room.reveal(token.as_str(), "auditor").await.expect("revealed");
    assert!(revealed == Some(value(2)));
}

/// The last version that had a list of numbers with each batch.
const BEFORE: i64 = 1_008;

#[tokio::test]
async fn what_an_earlier_version_kept_is_found_after_the_migration() {
    let world = World::bare();
    world.run(&intake(), "create schema intake").await;
    let mut connection = world.connection(&intake()).await;
    for migrator in [sqlx::migrate!("migrations/kernel"), sqlx::migrate!("migrations/intake")] {
        let earlier = migrator.iter().filter(|one| one.version <= BEFORE).cloned().collect();
        let mut earlier = Migrator::with_migrations(earlier);
        earlier.set_ignore_missing(true);
        earlier.run(&mut connection).await.expect("migrated");
    }
    let tokens = tokens(3);
    let numbers: Vec<i64> = tokens
        .iter()
        .map(|token| {
            let Hash([a, b, c, d, e, f, g, h, ..]) = Hash::sha256(token.as_str().as_bytes());
            i64::from_be_bytes([a, b, c, d, e, f, g, h])
        })
        .collect();
    let kept = "insert into vault_batch (tenant, id, numbers, body)
                values ('north', gen_random_uuid(), $1, '')";
    for numbers in [&numbers[..2], &numbers[2..]] {
        sqlx::query(kept).bind(numbers).execute(&mut connection).await.expect("kept");
    }

    store::migrate(&world.url, &[intake()]).await.expect("migrated");
    let asked: Vec<Code> = tokens.iter().map(|token| token.token.clone()).collect();
    assert_eq!(world.intake().await.held(&asked).await.expect("held").len(), 3);
    let places = "select count(distinct place)
                  from vault_register
                  cross join lateral unnest(places) as own (place)
                  join vault_batch using (tenant, place)";
    assert_eq!(counted(&world, places).await, 2);
    assert_eq!(counted(&world, "select nextval('vault_place')").await, 3);
}
