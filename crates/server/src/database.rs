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

/// How often a database that does not fit is looked at again.
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

/// Starts what is private, and opens the books of these roles; without a role that keeps one, no
/// database is opened. A private database is migrated; one of the operator's is waited for until
/// `revbridge migrate` has been run.
pub async fn open(config: &Config, roles: &Roles, secured: &Secured) -> anyhow::Result<Books> {
    let mut books = Books::default();
    let [intake, remittance] = schemas()?;
    let kept = [(Role::Intake, &intake), (Role::RemittanceToReconciliation, &remittance)];
    let here: Vec<Schema> =
        kept.iter().filter(|(role, _)| roles.has(*role)).map(|(_, own)| (*own).clone()).collect();
    if here.is_empty() {
        return Ok(books);
    }
    let url = match secured.database_url(config).await? {
        Some(url) => {
            wait_until_fit(&url, &here).await?;
            url
        }
        None => {
            let directory = config.data_dir.join("postgres");
            let cluster = tokio::task::spawn_blocking(move || start(directory)).await??;
            let url = cluster.database_url(DATABASE);
            store::migrate(&url, &here).await.context("migrating the database")?;
            books.cluster = Some(cluster);
            url
        }
    };
    if roles.has(Role::Intake) {
        books.intake = Some(open_book(config, secured, &url, &intake).await?);
    }
    if roles.has(Role::RemittanceToReconciliation) {
        books.remittance = Some(open_book(config, secured, &url, &remittance).await?);
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
    url: &str,
    schema: &Schema,
) -> anyhow::Result<PostgresBook> {
    let pool = PoolSettings {
        connections_max: config.limits.database_connections_max,
        data_key_cache_ms_max: config.keys.data_key_cache_ms_max,
        ..PoolSettings::default()
    };
    let tenant = Code::new(&config.tenant);
    let keys = Arc::clone(secured.encryption(config).await?);
    Ok(PostgresBook::open(url, schema, &tenant, keys, &pool).await?)
}

/// Waits for a database that is down, or whose schemas an older program has made. A newer schema is
/// an error: it does not get older by waiting.
async fn wait_until_fit(url: &str, schemas: &[Schema]) -> anyhow::Result<()> {
    let mut said = String::new();
    loop {
        let why = match store::schema_states(url, schemas).await {
            Ok(states) => {
                if let Some(newer) = states.iter().find(|state| state.is_newer()) {
                    anyhow::bail!("{newer}: this program is too old for this database");
                }
                let behind = states.iter().filter(|state| !state.fits());
                let behind: Vec<String> = behind.map(ToString::to_string).collect();
                if behind.is_empty() {
                    return Ok(());
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
