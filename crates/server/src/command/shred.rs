// SPDX-License-Identifier: Apache-2.0
//! `revbridge shred`: ends the months of a class whose retention is over by destroying the keys that
//! sealed them. What was booked, the log and every sum stay.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use model::retention::{Month, RetentionClass};
use store::PostgresBook;

use crate::config::Config;
use crate::database;
use crate::keys::Secured;

/// Without --yes it only says what would go. With it, the wrapped data keys are deleted and nobody can
/// read what they sealed: reading it answers EXPIRED. Backups of the database still hold the wrapped
/// keys: rotate the key-encryption keys afterwards and destroy the older ones, or let the backups age
/// out.
#[derive(clap::Args)]
pub struct Shred {
    /// raw (documents as they came), vault (identifiers behind tokens, by the month they were last
    /// met in), canonical (what events say).
    #[arg(long, value_name = "CLASS")]
    class: String,
    /// Everything of the months before this one, such as 2026-01. The current month always stays.
    #[arg(long, value_name = "CCYY-MM")]
    before: String,
    /// Do it.
    #[arg(long)]
    yes: bool,
    /// Who decided it, for the log.
    #[arg(long, value_name = "NAME", default_value = "operator")]
    by: String,
    #[arg(long, value_name = "FILE", default_value = "revbridge.toml")]
    config: PathBuf,
}

impl Shred {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let config = Config::read(&self.config)?;
        let class = RetentionClass::parse(&self.class).filter(|class| class.by_month());
        let Some(class) = class else {
            bail!("--class {}: the classes are raw, vault and canonical", self.class);
        };
        let Some(before) = Month::parse(&self.before) else {
            bail!("--before {}: a month is written CCYY-MM, such as 2026-01", self.before);
        };
        tokio::runtime::Runtime::new()?.block_on(self.shred(&config, class, before))?;
        Ok(ExitCode::SUCCESS)
    }

    async fn shred(
        &self,
        config: &Config,
        class: RetentionClass,
        before: Month,
    ) -> anyhow::Result<()> {
        let secured = Secured::open(config).await?;
        let books = database::open_both(config, &secured).await?;
        let book = owner(class, &books.intake, &books.remittance);
        let going = book.shreddable(class, before).await.context("looking for what is over")?;
        if going.is_empty() {
            println!(
                "There is no {} data from before {before} that can still be read.",
                self.class
            );
            return Ok(());
        }
        for key in &going {
            let month = key.month.map(|month| month.to_string()).unwrap_or_default();
            let values = book.sealed_under(key).await?;
            println!("{} {month}: {values} sealed values under {}", self.class, key.id);
        }
        if !self.yes {
            println!("Nothing was done. With --yes nobody can ever read these again.");
            return Ok(());
        }
        let months = book.shred(class, before, &self.by).await?;
        println!("Shredded: {} of {} months.", self.class, months.len());
        println!(
            "Every server has noticed within keys.data_key_cache_ms_max = {}.",
            config.keys.data_key_cache_ms_max
        );
        Ok(())
    }
}

/// The book that seals values of a class.
fn owner<'a>(
    class: RetentionClass,
    intake: &'a PostgresBook,
    process: &'a PostgresBook,
) -> &'a PostgresBook {
    match class {
        RetentionClass::Raw | RetentionClass::Vault => intake,
        RetentionClass::Canonical | RetentionClass::Standing => process,
    }
}
