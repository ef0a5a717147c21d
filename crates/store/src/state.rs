// SPDX-License-Identifier: Apache-2.0
//! What a database is like before it is used: the versions of its schemas, and whether what it has
//! confirmed survives a crash. Nothing is changed here.

use std::fmt;

use sqlx::{Connection, PgConnection};

use crate::book::options;
use crate::error::{Error, failure};
use crate::migration::{self, INTAKE_FROM, INTAKE_MAX, INTAKE_MIN, SCHEMA_MAX, SCHEMA_MIN};
use crate::settings::{PoolSettings, Room, Schema};

/// The version of a schema beside those that this program works with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaState {
    pub schema: String,
    /// 0 where nothing has been migrated yet.
    pub kernel: i64,
    /// Intake has tables of its own.
    pub intake: Option<i64>,
}

impl SchemaState {
    /// Whether this program works with it.
    pub fn fits(&self) -> bool {
        let kernel = (SCHEMA_MIN..=SCHEMA_MAX).contains(&self.kernel);
        kernel && self.intake.is_none_or(|own| (INTAKE_MIN..=INTAKE_MAX).contains(&own))
    }

    /// Whether a newer program has migrated it.
    pub fn is_newer(&self) -> bool {
        self.kernel > SCHEMA_MAX || self.intake.is_some_and(|own| own > INTAKE_MAX)
    }

    /// The version, with that of intake where there is one: `1 and 1001`.
    pub fn version(&self) -> String {
        match self.intake {
            None => self.kernel.to_string(),
            Some(intake) => format!("{} and {intake}", self.kernel),
        }
    }

    /// What this program needs: `1, and 1001`.
    pub fn needed(&self) -> String {
        let span = |min: i64, max: i64| {
            if min == max { min.to_string() } else { format!("{min} to {max}") }
        };
        let kernel = span(SCHEMA_MIN, SCHEMA_MAX);
        match self.intake {
            None => kernel,
            Some(_) => format!("{kernel} and {}", span(INTAKE_MIN, INTAKE_MAX)),
        }
    }
}

impl fmt::Display for SchemaState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (schema, version) = (&self.schema, self.version());
        write!(f, "schema {schema} has version {version}, needed is {}", self.needed())
    }
}

/// The state of each schema. A database that does not answer is an error.
pub async fn schema_states(
    database_url: &str,
    schemas: &[Schema],
) -> Result<Vec<SchemaState>, Error> {
    let mut states = Vec::with_capacity(schemas.len());
    for schema in schemas {
        let mut connection = connect(database_url, schema).await?;
        migration::check_server(&mut connection).await?;
        let kernel = migration::newest(&mut connection, 1, INTAKE_FROM - 1).await?;
        let intake = match schema.room() {
            Room::Intake => Some(migration::newest(&mut connection, INTAKE_FROM, i64::MAX).await?),
            Room::Process => None,
        };
        states.push(SchemaState { schema: schema.name().to_owned(), kernel, intake });
        connection.close().await.map_err(failure)?;
    }
    Ok(states)
}

/// How safe a commit is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Durability {
    pub fsync: bool,
    pub synchronous_commit: String,
    pub synchronous_standby_names: String,
    /// Replicas that stream from it now; 0 where we may not see them.
    pub replicas: i64,
}

/// Asks a database for what its commits are worth.
pub async fn durability(database_url: &str, schema: &Schema) -> Result<Durability, Error> {
    let mut connection = connect(database_url, schema).await?;
    let fsync = setting(&mut connection, "fsync").await? == "on";
    let synchronous_commit = setting(&mut connection, "synchronous_commit").await?;
    let synchronous_standby_names = setting(&mut connection, "synchronous_standby_names").await?;
    let replicas: i64 = sqlx::query_scalar("select count(*) from pg_stat_replication")
        .fetch_one(&mut connection)
        .await
        .map_err(failure)?;
    connection.close().await.map_err(failure)?;
    Ok(Durability { fsync, synchronous_commit, synchronous_standby_names, replicas })
}

/// Whether a partition of its own is there for the month after this one. Rows of a month without
/// one are kept in the default partitions.
pub async fn is_ready_for_next_month(database_url: &str, schema: &Schema) -> Result<bool, Error> {
    let mut connection = connect(database_url, schema).await?;
    let ready: bool = sqlx::query_scalar(
        "select bool_and(to_regclass(format('%I', parent || to_char(next, '\"_\"YYYY\"_\"MM'))) is not null)
         from unnest(array['event_batch', 'row', 'log']) as parent,
           (values (date_trunc('month', now() at time zone 'utc') + interval '1 month')) as ahead(next)",
    )
    .fetch_one(&mut connection)
    .await
    .map_err(failure)?;
    connection.close().await.map_err(failure)?;
    Ok(ready)
}

async fn setting(connection: &mut PgConnection, name: &str) -> Result<String, Error> {
    let value = sqlx::query_scalar("select current_setting($1)").bind(name);
    value.fetch_one(connection).await.map_err(|error| failure(error).into())
}

async fn connect(database_url: &str, schema: &Schema) -> Result<PgConnection, Error> {
    let options = options(database_url, schema, &PoolSettings::default())?;
    PgConnection::connect_with(&options).await.map_err(|error| migration::connect(&error))
}
