// SPDX-License-Identifier: Apache-2.0
//! The database of an installation: a private cluster below `data_dir`, or one of the operator's.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use local_postgres::{Cluster, Settings};
use model::code::Code;
use store::{PoolSettings, PostgresBook, Schema};

use crate::config::Config;
use crate::keys::Secured;
use crate::role::{Role, Roles};

/// Name of the database in a private cluster.
const DATABASE: &str = "revbridge";

/// Between two looks at a database that does not answer.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// The books of the roles that run here, and the cluster that lives as long as they do.
#[derive(Default)]
pub struct Books {
    pub intake: Option<PostgresBook>,
    pub remittance: Option<PostgresBook>,
    /// Kept: the private cluster ends with it.
    cluster: Option<Cluster>,
}

/// Both books, for commands that work on the whole record.
pub struct BothBooks {
    pub intake: PostgresBook,
    pub remittance: PostgresBook,
    /// Kept: the private cluster ends with it.
    _cluster: Option<Cluster>,
}

/// Starts what is private, migrates, and opens the books of these roles. Without a role that keeps
/// one, no database is opened.
pub async fn open(config: &Config, roles: &Roles, secured: &Secured) -> anyhow::Result<Books> {
    let mut books = Books::default();
    if roles.iter().all(|role| role.schema().is_none()) {
        return Ok(books);
    }
    let url = match secured.database_url(config).await? {
        Some(url) => url,
        None => {
            let directory = config.data_dir.join("postgres");
            let cluster = tokio::task::spawn_blocking(move || start(directory)).await??;
            let url = cluster.database_url(DATABASE);
            books.cluster = Some(cluster);
            url
        }
    };
    if roles.has(Role::Intake) {
        books.intake = Some(open_book(config, secured, &url, Schema::intake("intake")?).await?);
    }
    if roles.has(Role::RemittanceToReconciliation) {
        let schema = Schema::process("remittance")?;
        books.remittance = Some(open_book(config, secured, &url, schema).await?);
    }
    Ok(books)
}

/// Opens every book.
pub async fn open_both(config: &Config, secured: &Secured) -> anyhow::Result<BothBooks> {
    let books = open(config, &Roles::all(), secured).await?;
    let (Some(intake), Some(remittance)) = (books.intake, books.remittance) else {
        anyhow::bail!("not every book was opened");
    };
    Ok(BothBooks { intake, remittance, _cluster: books.cluster })
}

impl Books {
    /// Closes every connection, and ends the private cluster.
    pub async fn close(self) {
        for book in [self.intake, self.remittance].into_iter().flatten() {
            book.close().await;
        }
        let Some(cluster) = self.cluster else { return };
        let stopped = tokio::task::spawn_blocking(move || cluster.stop()).await;
        if let Ok(Err(error)) = stopped {
            tracing::warn!("the private Postgres did not stop: {error}");
        }
    }
}

/// Waits for the database to answer, and says so; whatever else is wrong is an error.
async fn open_book(
    config: &Config,
    secured: &Secured,
    url: &str,
    schema: Schema,
) -> anyhow::Result<PostgresBook> {
    loop {
        match store::migrate(url, std::slice::from_ref(&schema)).await {
            Ok(()) => break,
            Err(store::Error::Connect(why)) => {
                tracing::warn!("waiting for the database: {why}");
                tokio::time::sleep(TRY_AGAIN).await;
            }
            Err(error) => return Err(error).context("migrating the database"),
        }
    }
    let pool = PoolSettings {
        connections_max: config.limits.database_connections_max,
        data_key_cache_ms_max: config.keys.data_key_cache_ms_max,
        ..PoolSettings::default()
    };
    let tenant = Code::new(&config.tenant);
    let keys = Arc::clone(secured.encryption(config).await?);
    Ok(PostgresBook::open(url, &schema, &tenant, keys, &pool).await?)
}

fn start(directory: std::path::PathBuf) -> anyhow::Result<Cluster> {
    let cluster = Cluster::open(Settings::at(directory)).map_err(cured)?;
    cluster.ensure_database(DATABASE).map_err(cured)?;
    Ok(cluster)
}

fn cured(error: local_postgres::Error) -> anyhow::Error {
    anyhow::anyhow!("the private Postgres: {error}")
}
