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

/// Name of the database in a private cluster.
const DATABASE: &str = "revbridge";

/// How often a database that does not fit is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Both books, and the cluster that lives as long as they do.
pub struct Books {
    pub intake: PostgresBook,
    pub remittance: PostgresBook,
    /// Kept: the private cluster ends with it.
    pub cluster: Option<Cluster>,
}

/// The schemas of all rooms.
pub fn schemas() -> anyhow::Result<[Schema; 2]> {
    Ok([Schema::intake("intake")?, Schema::process("remittance")?])
}

/// Starts what is private, and opens both books. A private database is migrated; one of the
/// operator's is waited for until `revbridge migrate` has been run.
pub async fn open(config: &Config, secured: &Secured) -> anyhow::Result<Books> {
    let schemas = schemas()?;
    let (url, cluster) = match secured.database_url(config).await? {
        Some(url) => {
            wait_until_fit(&url, &schemas).await?;
            (url, None)
        }
        None => {
            let directory = config.data_dir.join("postgres");
            let cluster = tokio::task::spawn_blocking(move || start(directory)).await??;
            let url = cluster.database_url(DATABASE);
            store::migrate(&url, &schemas).await.context("migrating the database")?;
            (url, Some(cluster))
        }
    };
    let keys = Arc::clone(&secured.encryption);
    let pool = PoolSettings {
        connections_max: config.limits.database_connections_max,
        data_key_cache_ms_max: config.keys.data_key_cache_ms_max,
        ..PoolSettings::default()
    };
    let tenant = Code::new(&config.tenant);
    let [intake, remittance] = &schemas;
    Ok(Books {
        intake: PostgresBook::open(&url, intake, &tenant, Arc::clone(&keys), &pool).await?,
        remittance: PostgresBook::open(&url, remittance, &tenant, keys, &pool).await?,
        cluster,
    })
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
