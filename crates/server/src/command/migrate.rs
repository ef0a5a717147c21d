// SPDX-License-Identifier: Apache-2.0
//! `revbridge migrate`: the only command that changes the shape of a database.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};

use crate::config::Config;
use crate::{database, keys};

/// Makes or upgrades the schemas of an external database, and the partitions for the months ahead.
/// Running it again changes nothing more. The private database of `kind = "embedded"` is migrated by
/// `serve` itself.
///
/// Exit code 0: every schema fits; 1: with --check, some do not.
#[derive(clap::Args)]
pub struct Migrate {
    /// Only say what would be done.
    #[arg(long)]
    check: bool,
    #[arg(long, value_name = "FILE", default_value = "revbridge.toml")]
    config: PathBuf,
}

impl Migrate {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let config = Config::read(&self.config)?;
        tokio::runtime::Runtime::new()?.block_on(self.migrate(&config))
    }

    async fn migrate(self, config: &Config) -> anyhow::Result<ExitCode> {
        let secrets = keys::secrets(config)?;
        let Some(url) = keys::database_url(config, &secrets).await? else {
            bail!(
                "database.kind is embedded: `revbridge serve` migrates its private database \
                 itself; there is nothing to do here"
            );
        };
        let schemas = database::schemas()?;
        let before = store::schema_states(&url, &schemas).await?;
        if let Some(newer) = before.iter().find(|state| state.is_newer()) {
            bail!("{newer}: a newer program has migrated it; nothing was changed");
        }
        if self.check {
            for state in &before {
                let told = if state.fits() { "fits" } else { "to be migrated" };
                println!("{state}: {told}");
            }
            let fits = before.iter().all(store::SchemaState::fits);
            return Ok(if fits { ExitCode::SUCCESS } else { ExitCode::from(1) });
        }
        store::migrate(&url, &schemas).await.context("migrating the database")?;
        let after = store::schema_states(&url, &schemas).await?;
        for (before, after) in before.iter().zip(&after) {
            let (from, to) = (before.version(), after.version());
            let told = if from == to { "unchanged" } else { "migrated" };
            println!("schema {}: {from} -> {to} ({told})", before.schema);
        }
        Ok(ExitCode::SUCCESS)
    }
}
