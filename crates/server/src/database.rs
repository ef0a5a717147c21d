// SPDX-License-Identifier: Apache-2.0
//! The database of an installation: a private cluster below `data_dir`, or one of the operator's.

use std::sync::Arc;

use anyhow::Context;
use local_postgres::{Cluster, Settings};
use model::code::Code;
use store::{PoolSettings, PostgresBook, Schema};

use crate::config::Config;
use crate::keys::Secured;

/// Name of the database in a private cluster.
const DATABASE: &str = "revbridge";

/// Both books, and the cluster that lives as long as they do.
pub struct Books {
    pub intake: PostgresBook,
    pub remittance: PostgresBook,
    /// Kept: the private cluster ends with it.
    pub cluster: Option<Cluster>,
}

/// Starts what is private, migrates, and opens both books.
pub async fn open(config: &Config, secured: &Secured) -> anyhow::Result<Books> {
    let (url, cluster) = match secured.database_url(config).await? {
        Some(url) => (url, None),
        None => {
            let directory = config.data_dir.join("postgres");
            let cluster = tokio::task::spawn_blocking(move || start(directory)).await??;
            (cluster.database_url(DATABASE), Some(cluster))
        }
    };
    let schemas = [Schema::intake("intake")?, Schema::process("remittance")?];
    store::migrate(&url, &schemas).await.context("migrating the database")?;
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

fn start(directory: std::path::PathBuf) -> anyhow::Result<Cluster> {
    let cluster = Cluster::open(Settings::at(directory)).map_err(cured)?;
    cluster.ensure_database(DATABASE).map_err(cured)?;
    Ok(cluster)
}

fn cured(error: local_postgres::Error) -> anyhow::Error {
    anyhow::anyhow!("the private Postgres: {error}")
}
