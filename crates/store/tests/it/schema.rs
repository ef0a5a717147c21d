// SPDX-License-Identifier: Apache-2.0
//! A book is opened only over a schema that fits and with the keys that its data keys need.

use std::sync::Arc;

use model::code::Code;
use ports::memory::MemoryKeys;
use sqlx::Row;
use store::{Error, PoolSettings, PostgresBook, SCHEMA_MAX, SCHEMA_MIN, Schema};

use crate::world::{World, intake, process};

async fn opened(
    world: &World,
    schema: &Schema,
    keys: Arc<MemoryKeys>,
) -> Result<PostgresBook, Error> {
    let tenant = Code::new("north");
    PostgresBook::open(&world.url, schema, &tenant, keys, &PoolSettings::default()).await
}

#[tokio::test]
async fn a_schema_that_was_never_migrated_is_refused() {
    let world = World::bare();
    match opened(&world, &process(), world.keys.clone()).await {
        Err(Error::SchemaVersion { found: 0, min: SCHEMA_MIN, max: SCHEMA_MAX, schema }) => {
            assert_eq!(schema, "remittance");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_schema_from_a_newer_program_is_refused() {
    let world = World::new().await;
    world
        .run(
            &process(),
            "insert into _sqlx_migrations
             select 999, description, installed_on, success, checksum, execution_time
             from _sqlx_migrations
             where version = 1",
        )
        .await;
    let refused = opened(&world, &process(), world.keys.clone()).await;
    assert!(matches!(refused, Err(Error::SchemaVersion { found: 999, .. })), "{refused:?}");
}

#[tokio::test]
async fn the_schema_of_a_process_is_no_intake() {
    let world = World::new().await;
    let schema = Schema::intake("remittance").expect("a name");
    let refused = opened(&world, &schema, world.keys.clone()).await;
    assert!(matches!(refused, Err(Error::SchemaVersion { found: 0, .. })), "{refused:?}");
}

#[tokio::test]
async fn programs_that_start_at_once_migrate_once() {
    let world = World::bare();
    let schemas = [intake(), process()];
    let start = || store::migrate(&world.url, &schemas);
    let (one, two, three) = tokio::join!(start(), start(), start());
    for migrated in [one, two, three] {
        migrated.expect("migrated");
    }
    start().await.expect("migrated again");
    let mut connection = world.connection(&intake()).await;
    let versions = sqlx::query("select version from _sqlx_migrations order by version")
        .fetch_all(&mut connection)
        .await
        .expect("versions");
    let versions: Vec<i64> = versions.iter().map(|row| row.get(0)).collect();
    // Numbers are given out per branch of work: what is asserted is that each was applied once.
    assert!(versions.is_sorted() && [1, 2, 3, 1001].iter().all(|one| versions.contains(one)));
}

#[tokio::test]
async fn this_month_and_the_months_ahead_have_partitions_of_their_own() {
    let world = World::new().await;
    let mut connection = world.connection(&process()).await;
    for table in ["event_batch", "row_batch", "log"] {
        let made: i64 = sqlx::query_scalar(
            "select count(*)
             from pg_inherits
             join pg_class on pg_class.oid = inhrelid
             where inhparent = $1::regclass
               and relname ~ '_[0-9]{4}_[0-9]{2}$'",
        )
        .bind(format!("\"{table}\""))
        .fetch_one(&mut connection)
        .await
        .expect("partitions");
        assert_eq!(made, i64::from(store::MONTHS_AHEAD) + 1, "{table}");
    }
}

#[tokio::test]
async fn a_database_that_is_not_there_is_an_error_and_no_wait() {
    let world = World::bare();
    let gone = world.url.replace(&world.name, "store_nowhere");
    let keys = world.keys.clone();
    let settings = PoolSettings::default();
    let refused = PostgresBook::open(&gone, &process(), &Code::new("north"), keys, &settings).await;
    assert!(matches!(refused, Err(Error::Connect(_))), "{refused:?}");
}
