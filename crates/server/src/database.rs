// SPDX-License-Identifier: Apache-2.0
//! The database of an installation: a private cluster below `data_dir`, or one of the operator's.

use std::time::Duration;

use anyhow::Context;
use local_postgres::{Cluster, Settings};
use model::code::Code;
use store::{Keys, PoolSettings, PostgresBook, Schema};

use crate::config::{Config, Database};
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

/// Starts what is private, migrates, and opens the books of these roles. Without a role that keeps
/// one, no database is opened.
pub async fn open(config: &Config, roles: &Roles) -> anyhow::Result<Books> {
    let mut books = Books::default();
    if roles.iter().all(|role| role.schema().is_none()) {
        return Ok(books);
    }
    let url = match &config.database {
        Database::External { url } => url.clone(),
        Database::Embedded => {
            let directory = config.data_dir.join("postgres");
            let cluster = tokio::task::spawn_blocking(move || start(directory)).await??;
            let url = cluster.database_url(DATABASE);
            books.cluster = Some(cluster);
            url
        }
    };
    if roles.has(Role::Intake) {
        books.intake = Some(open_book(config, &url, Schema::intake("intake")?).await?);
    }
    if roles.has(Role::RemittanceToReconciliation) {
        books.remittance = Some(open_book(config, &url, Schema::process("remittance")?).await?);
    }
    Ok(books)
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
async fn open_book(config: &Config, url: &str, schema: Schema) -> anyhow::Result<PostgresBook> {
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
        ..PoolSettings::default()
    };
    let tenant = Code::new(&config.tenant);
    Ok(PostgresBook::open(url, &schema, &tenant, data_key(config)?, &pool).await?)
}

fn start(directory: std::path::PathBuf) -> anyhow::Result<Cluster> {
    let cluster = Cluster::open(Settings::at(directory)).map_err(cured)?;
    cluster.ensure_database(DATABASE).map_err(cured)?;
    Ok(cluster)
}

fn cured(error: local_postgres::Error) -> anyhow::Error {
    anyhow::anyhow!("the private Postgres: {error}")
}

/// The data key under which everything is sealed. Losing this file loses what is sealed.
fn data_key(config: &Config) -> anyhow::Result<Keys> {
    let folder = crate::keys::folder(&config.data_dir);
    let path = folder.join("data.key");
    if !path.exists() {
        crate::keys::made_once(&path, |beside| Ok(Keys::generate_file(beside).map(drop)?))?;
    }
    Keys::from_file(&path).with_context(|| format!("key {}", path.display()))
}
