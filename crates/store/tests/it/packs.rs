// SPDX-License-Identifier: Apache-2.0
//! States that one step puts for the first time are sealed together: nothing of them can be read in the
//! tables, and none can pass for another.

use model::code::Code;
use model::retention::RetentionClass;
use ports::book::{Book, Effects, Records, StatePut};
use sqlx::Row;
use store::PostgresBook;

use crate::sealed::{NEEDLE, places};
use crate::world::{World, process};

/// Two packs are full, and five are too few for a third.
const STATES: u32 = 69;

fn key(number: u32) -> Code {
    Code::from(format!("k{number:02}"))
}

fn note(text: &str) -> ports::json::Json {
    serde_json::json!({ "note": format!("{NEEDLE} {text}") }).into()
}

async fn packed(world: &World) -> PostgresBook {
    let book = world.book().await;
    let mut effects = Effects::new("many");
    let put = |number| StatePut {
        kind: "claim".into(),
        key: key(number),
        body: note(&key(number)),
        expected: 0,
    };
    effects.states = (0..STATES).map(put).collect();
    book.apply_unfenced(&effects).await.expect("applied");
    book
}

async fn counted(world: &World, what: &'static str) -> i64 {
    let mut connection = world.connection(&process()).await;
    sqlx::query(what).fetch_one(&mut connection).await.expect(what).get(0)
}

#[tokio::test]
async fn first_versions_share_packs_and_nothing_clear_stands_in_any_table() {
    let world = World::new().await;
    let book = packed(&world).await;
    assert_eq!(counted(&world, "select count(*) from state_pack").await, 2);
    assert_eq!(counted(&world, "select count(*) from state where body is not null").await, 5);
    assert_eq!(places(&world, &process(), NEEDLE).await, Vec::<String>::new());
    let all: Vec<Code> = (0..STATES).map(key).collect();
    let found = book.states("claim", &all).await.expect("states");
    assert_eq!(found.len(), all.len());
    for state in found {
        assert_eq!(state.body, note(&state.key), "{}", state.key);
    }
}

#[tokio::test]
async fn a_later_version_is_sealed_by_itself() {
    let world = World::new().await;
    let book = packed(&world).await;
    let mut effects = Effects::new("next");
    let put = |number, text| StatePut {
        kind: "claim".into(),
        key: key(number),
        body: note(text),
        expected: 1,
    };
    effects.states = vec![put(3, "changed"), put(68, "changed")];
    book.apply_unfenced(&effects).await.expect("applied");
    assert_eq!(counted(&world, "select count(*) from state_pack").await, 2);
    assert_eq!(counted(&world, "select count(*) from state where pack is not null").await, 63);
    let found = book.states("claim", &[key(2), key(3), key(68)]).await.expect("states");
    let found: Vec<_> = found.iter().map(|one| (one.version, &one.body)).collect();
    assert_eq!(found, [(1, &note("k02")), (2, &note("changed")), (2, &note("changed"))]);
}

#[tokio::test]
async fn a_state_that_was_pointed_at_another_pack_is_not_read() {
    let world = World::new().await;
    let book = packed(&world).await;
    world.run(&process(), "update state set pack = (select max(id::text)::uuid from state_pack) where pack is not null").await;
    let refused = book.states("claim", &[key(0)]).await.expect_err("not in that pack");
    assert!(refused.to_string().contains("state"), "{refused}");
    assert_eq!(book.states("claim", &[key(63)]).await.expect("in it").len(), 1);
}

#[tokio::test]
async fn packs_are_counted_among_what_a_key_has_sealed() {
    let world = World::new().await;
    let book = packed(&world).await;
    let keys = book.data_keys().await.expect("keys");
    let key = keys.iter().find(|key| key.class == RetentionClass::Standing).expect("a key");
    assert_eq!(book.sealed_under(key).await.expect("counted"), 2 + 5);
}

#[tokio::test]
async fn a_state_is_found_where_the_migration_has_put_those_of_before() {
    let world = World::new().await;
    packed(&world).await;
    let found = "select count(*)
                 from state
                 where id = encode(
                   substring(sha256(convert_to('claim' || '/' || 'k07', 'UTF8')) for 16), 'hex'
                 )::uuid";
    assert_eq!(counted(&world, found).await, 1);
}
