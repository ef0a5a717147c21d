// SPDX-License-Identifier: Apache-2.0
//! The book of one room in one schema, over a pool of connections.
//! A clone is another handle to the same pool.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use async_trait::async_trait;
use model::code::Code;
use ports::book::{Applied, ApplyError, Book, Effects, Fence, Lane, Lease, StepKey, Unit};
use ports::failure::Failure;
use ports::keys::KeyEncryption;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgPool};
use time::OffsetDateTime;

use crate::data_keys::DataKeys;
use crate::error::failure;
use crate::opened::Opened;
use crate::raw::group::Groups;
use crate::sealing::{self, Place, Purpose};
use crate::settings::{PoolSettings, Schema};
use crate::{Error, apply, error, lane, migration};

/// A connection that was in use so lately is still there: if not, its user is told and tries again.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// A room's book in Postgres: kernel for every room; raw documents and vault where the schema is
/// one of intake.
#[derive(Debug, Clone)]
pub struct PostgresBook {
    pub(crate) pool: PgPool,
    tenant: Arc<str>,
    pub(crate) keys: Arc<DataKeys>,
    pub(crate) groups: Arc<Groups>,
    pub(crate) opened: Arc<Opened>,
    /// Batches that this process has kept in the vault.
    pub(crate) kept: Arc<AtomicU32>,
    schema: Schema,
    settings: PoolSettings,
}

impl PostgresBook {
    /// After `Ok` the database answers, its schema has a version that this program knows, and every
    /// key-encryption key that wraps a data key of it is at hand.
    pub async fn open(
        database_url: &str,
        schema: &Schema,
        tenant: &Code,
        encryption: Arc<dyn KeyEncryption>,
        settings: &PoolSettings,
    ) -> Result<Self, Error> {
        let options = options(database_url, schema, settings)?;
        let pool = PgPoolOptions::new()
            .max_connections(settings.connections_max)
            .acquire_timeout(Duration::from_millis(settings.acquire_ms_max))
            // Asking each time whether the server is there would double the way to it.
            .test_before_acquire(false)
            .before_acquire(|connection, standing| {
                Box::pin(async move {
                    if standing.idle_for > TRUSTED_FOR {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(options)
            .await
            .map_err(|error| migration::connect(&error))?;
        let cache = Duration::from_millis(settings.data_key_cache_ms_max);
        let keys = Arc::new(DataKeys::new(encryption, cache));
        let (tenant, schema) = (Arc::from(tenant.as_str()), schema.clone());
        let (groups, opened, kept) = (Arc::default(), Arc::default(), Arc::default());
        let settings = *settings;
        let book = Self { pool, tenant, keys, groups, opened, kept, schema, settings };
        let schema = &book.schema;
        let mut connection = book.pool.acquire().await.map_err(failure)?;
        migration::check(&mut connection, schema).await?;
        drop(connection);
        book.check_keys().await?;
        Ok(book)
    }

    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    pub(crate) fn tenant(&self) -> &str {
        &self.tenant
    }

    pub(crate) fn settings(&self) -> &PoolSettings {
        &self.settings
    }

    /// After `Ok` new connections are made with this URL, such as one with another password; those
    /// that are open stay.
    pub fn reconnect(&self, database_url: &str) -> Result<(), Error> {
        self.pool.set_connect_options(options(database_url, &self.schema, &self.settings)?);
        Ok(())
    }

    /// Whether the database answers now.
    pub async fn answers(&self) -> Result<(), Failure> {
        sqlx::query!(r#"select 1 as "one!""#).fetch_one(&self.pool).await.map_err(failure)?;
        Ok(())
    }

    /// Waits for the connections in use and closes them all; every later call fails.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Seals under the key that the last `ready` found for this purpose's class.
    pub(crate) fn seal(
        &self,
        purpose: Purpose,
        record: &str,
        clear: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        let place = Place { tenant: self.tenant(), purpose, record };
        self.keys.current(purpose.class())?.seal(place, clear).map_err(error::sealing)
    }

    /// `EXPIRED` where the key of it has been shredded. May ask for a key: not in a transaction.
    pub(crate) async fn unseal(
        &self,
        purpose: Purpose,
        record: &str,
        sealed: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        let place = Place { tenant: self.tenant(), purpose, record };
        let key = self.key(sealing::key_id(sealed).map_err(error::sealing)?).await?;
        key.open(place, sealed).map_err(error::sealing)
    }

    /// One data key of each key-encryption key is unwrapped: a lost one is noticed at the start.
    async fn check_keys(&self) -> Result<(), Error> {
        let samples = sqlx::query!(
            r#"select distinct on (under) under, id
             from data_key
             where tenant = $1
               and body is not null
             order by under, month is not null, month desc, id"#,
            self.tenant(),
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failure)?;
        for sample in samples {
            match self.key(sample.id).await {
                Ok(_) => {}
                Err(Failure::Defect(why)) => {
                    let schema = self.schema.name().to_owned();
                    return Err(Error::KeyNotAtHand { schema, under: sample.under, why });
                }
                Err(other) => return Err(other.into()),
            }
        }
        Ok(())
    }
}

/// How to connect so that unqualified names mean this schema's tables.
pub(crate) fn options(
    database_url: &str,
    schema: &Schema,
    settings: &PoolSettings,
) -> Result<PgConnectOptions, Error> {
    let options = PgConnectOptions::from_str(database_url).map_err(|_| Error::Url)?;
    // What is asked of the database is told by our own spans and measures.
    let options = options.disable_statement_logging();
    let limit = |ms: u64| ms.to_string();
    Ok(options.application_name("revbridge").options([
        ("search_path", schema.name().to_owned()),
        ("statement_timeout", limit(settings.statement_ms_max)),
        ("lock_timeout", limit(settings.lock_ms_max)),
        ("idle_in_transaction_session_timeout", limit(settings.idle_in_transaction_ms_max)),
        // Compiling a query costs more than any of ours.
        ("jit", "off".to_owned()),
        // Nearly all of ours look up by key, and most of what they look for is in memory: reading a
        // whole table instead pays later than the server thinks.
        // Never doing so, a plan that was made over an empty table is still a good one later.
        ("random_page_cost", "1.1".to_owned()),
        ("enable_seqscan", "off".to_owned()),
    ]))
}

#[async_trait]
impl Book for PostgresBook {
    async fn lease(
        &self,
        lane: &Lane,
        holder: &Code,
        length: Duration,
    ) -> Result<Option<Lease>, Failure> {
        lane::lease(self, lane, holder, length).await
    }

    async fn ask_for(
        &self,
        lane: &Lane,
        holder: &Code,
        held: u32,
        length: Duration,
    ) -> Result<(), Failure> {
        lane::ask_for(self, lane, holder, held, length).await
    }

    async fn release(&self, fence: &Fence) -> Result<(), Failure> {
        lane::release(self, fence).await
    }

    async fn due(&self, lane: &Lane, limit: usize) -> Result<Vec<Unit>, Failure> {
        lane::due(self, lane, limit).await
    }

    async fn next_due(&self, lane: &Lane) -> Result<Option<OffsetDateTime>, Failure> {
        lane::next_due(self, lane).await
    }

    async fn put_back(
        &self,
        fence: &Fence,
        unit: &Unit,
        due: OffsetDateTime,
    ) -> Result<(), ApplyError> {
        lane::put_back(self, fence, unit, due).await
    }

    async fn apply(&self, fence: &Fence, effects: &Effects) -> Result<Applied, ApplyError> {
        apply::apply(self, Some(fence), effects).await
    }

    async fn apply_unfenced(&self, effects: &Effects) -> Result<Applied, ApplyError> {
        apply::apply(self, None, effects).await
    }

    async fn applied(&self, step: &StepKey) -> Result<bool, Failure> {
        apply::applied(self, step).await
    }

    async fn sequence(&self, fence: &Fence, limit: usize) -> Result<usize, ApplyError> {
        apply::sequence::sequence(self, fence, limit).await
    }
}
