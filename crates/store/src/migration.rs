// SPDX-License-Identifier: Apache-2.0
//! Brings schemas to the version that this program knows. Nothing else in the product issues DDL.

use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::book::options;
use crate::settings::{PoolSettings, Room, Schema};
use crate::{Error, error};

static KERNEL: Migrator = sqlx::migrate!("migrations/kernel");
static INTAKE: Migrator = sqlx::migrate!("migrations/intake");

/// The kernel versions that this program works with.
pub const SCHEMA_MIN: i64 = 10;
pub const SCHEMA_MAX: i64 = 10;
/// Versions from here on belong to intake.
pub(crate) const INTAKE_FROM: i64 = 1_000;
pub(crate) const INTAKE_MIN: i64 = 1_009;
pub(crate) const INTAKE_MAX: i64 = 1_009;
/// Partitions are made so many months ahead at every migration.
pub const MONTHS_AHEAD: i32 = 3;
const SERVER_VERSION_MIN: u32 = 150_000;

/// After `Ok` each schema exists at the newest version, with partitions for the months ahead.
/// Running it again, or from several programs at once, changes nothing more.
pub async fn migrate(database_url: &str, schemas: &[Schema]) -> Result<(), Error> {
    for schema in schemas {
        let options = options(database_url, schema, &PoolSettings::default())?;
        let mut connection =
            PgConnection::connect_with(&options).await.map_err(|error| connect(&error))?;
        check_server(&mut connection).await?;
        let migrated = migrate_one(&mut connection, schema).await;
        let closed = connection.close().await;
        migrated?;
        closed.map_err(|error| migration(&error))?;
    }
    Ok(())
}

async fn migrate_one(connection: &mut PgConnection, schema: &Schema) -> Result<(), Error> {
    // The name was checked to be a plain one; DDL takes no parameters. Two programs that start at
    // once would collide in the catalogue: one goes first.
    let create = format!("create schema if not exists {}", schema.name());
    let lock = "select pg_advisory_lock(hashtext('revbridge migration'))";
    sqlx::query(lock).execute(&mut *connection).await.map_err(|error| migration(&error))?;
    sqlx::query(AssertSqlSafe(create))
        .execute(&mut *connection)
        .await
        .map_err(|error| migration(&error))?;
    run(&KERNEL, connection).await?;
    match schema.room() {
        Room::Intake => run(&INTAKE, connection).await?,
        Room::Process => {}
    }
    sqlx::query!("select make_months($1)", MONTHS_AHEAD)
        .fetch_one(&mut *connection)
        .await
        .map_err(|error| migration(&error))?;
    let unlock = "select pg_advisory_unlock(hashtext('revbridge migration'))";
    sqlx::query(unlock).execute(&mut *connection).await.map_err(|error| migration(&error))?;
    Ok(())
}

async fn run(migrations: &'static Migrator, connection: &mut PgConnection) -> Result<(), Error> {
    let mut migrator = Migrator::with_migrations(migrations.iter().cloned().collect());
    // Kernel and intake share one table of versions: each sees the other's as missing.
    migrator.set_ignore_missing(true);
    migrator.run(connection).await.map_err(|error| Error::Migration(error.to_string()))
}

/// Refuses a server or schema that this program does not know.
pub(crate) async fn check(connection: &mut PgConnection, schema: &Schema) -> Result<(), Error> {
    check_server(connection).await?;
    let kernel = newest(connection, 1, INTAKE_FROM - 1).await?;
    within(schema, kernel, SCHEMA_MIN, SCHEMA_MAX)?;
    match schema.room() {
        Room::Intake => {
            let intake = newest(connection, INTAKE_FROM, i64::MAX).await?;
            within(schema, intake, INTAKE_MIN, INTAKE_MAX)
        }
        Room::Process => Ok(()),
    }
}

fn within(schema: &Schema, found: i64, min: i64, max: i64) -> Result<(), Error> {
    if (min..=max).contains(&found) {
        return Ok(());
    }
    Err(Error::SchemaVersion { schema: schema.name().to_owned(), found, min, max })
}

/// The newest version in a range that has been applied. The table is the migration library's own.
pub(crate) async fn newest(
    connection: &mut PgConnection,
    from: i64,
    to: i64,
) -> Result<i64, Error> {
    let exists: bool = sqlx::query_scalar(
        "select exists (
           select from pg_tables
           where schemaname = current_schema()
             and tablename = '_sqlx_migrations'
         )",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(error::failure)?;
    if !exists {
        return Ok(0);
    }
    let newest: Option<i64> = sqlx::query_scalar(
        "select max(version)
         from _sqlx_migrations
         where success
           and version between $1 and $2",
    )
    .bind(from)
    .bind(to)
    .fetch_one(connection)
    .await
    .map_err(error::failure)?;
    Ok(newest.unwrap_or(0))
}

pub(crate) async fn check_server(connection: &mut PgConnection) -> Result<(), Error> {
    let number: String = sqlx::query_scalar("select current_setting('server_version_num')")
        .fetch_one(connection)
        .await
        .map_err(error::failure)?;
    let found = number.parse().unwrap_or(0);
    if found < SERVER_VERSION_MIN { Err(Error::ServerVersion { found }) } else { Ok(()) }
}

fn migration(error: &sqlx::Error) -> Error {
    Error::Migration(error::described(error))
}

pub(crate) fn connect(error: &sqlx::Error) -> Error {
    Error::Connect(error::described(error))
}
