// SPDX-License-Identifier: Apache-2.0
//! The database of an installation: a private cluster below `data_dir`, or one of the operator's.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use local_postgres::{Cluster, Settings};
use model::code::Code;
use ports::secret::LiveText;
use secrecy::ExposeSecret;
use store::{PoolSettings, PostgresBook, Schema};
use workflow::Shutdown;

use crate::config::Config;
use crate::keys::Secured;
use crate::role::{Role, Roles};

/// Name of the database in a private cluster.
const DATABASE: &str = "revbridge";

/// Between two looks at a database that does not answer or does not fit.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

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

/// The schemas of all rooms.
pub fn schemas() -> anyhow::Result<[Schema; 2]> {
    Ok([Schema::intake("intake")?, Schema::process("remittance")?])
}

/// Starts what is private, and opens the books of these roles. A private database is migrated; one of
/// the operator's is waited for until `revbridge migrate` has been run. Without a role that keeps a
/// book, no database is opened.
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
            store::migrate(&url, &schemas()?).await.context("migrating the database")?;
            books.cluster = Some(cluster);
            url
        }
    };
    if roles.has(Role::Intake) {
        let schema = Schema::intake("intake")?;
        books.intake = Some(open_book(config, secured, url.clone(), schema).await?);
    }
    if roles.has(Role::RemittanceToReconciliation) {
        let schema = Schema::process("remittance")?;
        books.remittance = Some(open_book(config, secured, url, schema).await?);
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

async fn open_book(
    config: &Config,
    secured: &Secured,
    url: String,
    schema: Schema,
) -> anyhow::Result<PostgresBook> {
    let url = wait_until_fit(config, secured, url, std::slice::from_ref(&schema)).await?;
    let pool = PoolSettings {
        connections_max: config.limits.database_connections_max,
        data_key_cache_ms_max: config.keys.data_key_cache_ms_max,
        ..PoolSettings::default()
    };
    let tenant = Code::new(&config.tenant);
    let keys = Arc::clone(secured.encryption(config).await?);
    Ok(PostgresBook::open(&url, &schema, &tenant, keys, &pool).await?)
}

/// Waits for a database that is down, or whose schemas an older program has made. A newer schema is
/// an error: it does not get older by waiting. Gives the URL with which it fits: its password may change
/// meanwhile.
async fn wait_until_fit(
    config: &Config,
    secured: &Secured,
    mut url: String,
    schemas: &[Schema],
) -> anyhow::Result<String> {
    let mut said = String::new();
    loop {
        let why = match store::schema_states(&url, schemas).await {
            Ok(states) => {
                if let Some(newer) = states.iter().find(|state| state.is_newer()) {
                    anyhow::bail!("{newer}: this program is too old for this database");
                }
                let behind = states.iter().filter(|state| !state.fits());
                let behind: Vec<String> = behind.map(ToString::to_string).collect();
                if behind.is_empty() {
                    return Ok(url);
                }
                format!("{}; run `revbridge migrate`", behind.join("; "))
            }
            Err(error @ store::Error::Connect(_)) => error.to_string(),
            Err(error) => return Err(error.into()),
        };
        if why != said {
            tracing::warn!("waiting for the database: {why}");
            said = why;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
        // What cannot be read now may be on its way: the URL before it stays.
        if let Ok(Some(now)) = secured.database_url(config).await {
            url = now;
        }
    }
}

/// Until the end, new connections are made with the URL as its place has it.
pub async fn follow(books: Vec<PostgresBook>, url: LiveText, poll_ms: u64, mut stopping: Shutdown) {
    let mut known = None;
    while !stopping.is_asked() {
        let now = url.get();
        if !known.as_ref().is_some_and(|known| Arc::ptr_eq(known, &now)) {
            for book in &books {
                if let Err(why) = book.reconnect(now.expose_secret()) {
                    tracing::error!("database.url: {why}; the one before it stays");
                }
            }
            known = Some(now);
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(poll_ms)) => {}
            () = stopping.asked() => return,
        }
    }
}

fn start(directory: std::path::PathBuf) -> anyhow::Result<Cluster> {
    let cluster = Cluster::open(Settings::at(directory)).map_err(cured)?;
    cluster.ensure_database(DATABASE).map_err(cured)?;
    Ok(cluster)
}

fn cured(error: local_postgres::Error) -> anyhow::Error {
    anyhow::anyhow!("the private Postgres: {error}")
}
