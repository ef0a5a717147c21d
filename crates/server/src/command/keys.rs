// SPDX-License-Identifier: Apache-2.0
//! `revbridge keys`: which keys seal what, and the rotation of the keys that wrap them. Nothing here
//! needs the server to stop.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::{Subcommand, ValueEnum};
use store::{DataKeyRecord, PostgresBook};

use crate::config::Config;
use crate::database::{self, BothBooks};
use crate::keys::{Secured, encryption_file, token_file};

/// Data keys seal what is stored, one per class and month. Key-encryption keys wrap the data keys;
/// they are kept outside the database, in a ring whose first key wraps and whose other keys still
/// unwrap. To rotate: `draw` (or put a new first line into the ring where it is kept), then `rotate`,
/// then take the older lines away.
#[derive(clap::Args)]
pub struct Keys {
    #[command(subcommand)]
    order: Order,
    #[arg(long, value_name = "FILE", default_value = "revbridge.toml", global = true)]
    config: PathBuf,
}

#[derive(Subcommand, Clone, Copy)]
enum Order {
    /// Print every data key: class, month, the key that wraps it, and whether it was shredded.
    List,
    /// Draw a new key and make it the first of the ring in its file.
    Draw {
        /// Which ring: that of the key-encryption keys, or that of the token keys, where every older
        /// line stays for good.
        #[arg(value_enum, default_value_t)]
        ring: Ring,
    },
    /// Wrap every data key anew under the first key of the ring. No sealed value is touched.
    Rotate,
}

/// The rings that have a file of ours.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Default)]
enum Ring {
    #[default]
    Encryption,
    Token,
}

impl Keys {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let config = Config::read(&self.config)?;
        match self.order {
            Order::Draw { ring: Ring::Encryption } => draw(&config)?,
            Order::Draw { ring: Ring::Token } => draw_token_key(&config)?,
            Order::List => block_on(list(&config))?,
            Order::Rotate => block_on(rotate(&config))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn block_on(order: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(order)
}

fn draw(config: &Config) -> anyhow::Result<()> {
    let Some(path) = encryption_file(config) else {
        bail!(
            "keys.encryption is not a file: put the new key first where the ring is kept; Vault's \
             transit engine draws with `vault write -f transit/keys/NAME/rotate`"
        );
    };
    system_identity::draw_keys(&path)?;
    println!("A new key is the first in {}.", path.display());
    println!(
        "Servers have it within keys.secrets_poll_ms = {}; then: revbridge keys rotate",
        config.keys.secrets_poll_ms
    );
    Ok(())
}

fn draw_token_key(config: &Config) -> anyhow::Result<()> {
    let Some(path) = token_file(config) else {
        bail!("keys.token is not a file: put the new key first where the ring is kept");
    };
    system_identity::draw_keys(&path)?;
    println!("A new key is the first in {}.", path.display());
    println!(
        "New values get tokens under it within keys.secrets_poll_ms = {}; what the vault holds keeps \
         its token, for which the older lines have to stay.",
        config.keys.secrets_poll_ms
    );
    Ok(())
}

async fn opened(config: &Config) -> anyhow::Result<(Secured, BothBooks)> {
    let secured = Secured::open(config).await?;
    let books = database::open_both(config, &secured).await?;
    Ok((secured, books))
}

async fn list(config: &Config) -> anyhow::Result<()> {
    let (secured, books) = opened(config).await?;
    println!("wrapping now: {}", secured.encryption(config).await?.current().await?);
    for book in [&books.intake, &books.remittance] {
        for key in book.data_keys().await? {
            println!("{}", line(book, &key));
        }
    }
    Ok(())
}

fn line(book: &PostgresBook, key: &DataKeyRecord) -> String {
    let month = key.month.map_or_else(|| "-".to_owned(), |month| month.to_string());
    let state = match key.shredded_at {
        None => format!("under {}", key.under),
        Some(at) => format!("shredded {}", at.date()),
    };
    let (schema, class) = (book.schema().name(), key.class.as_str());
    format!("{schema:<12} {class:<10} {month:<8} {}  {state}", key.id)
}

async fn rotate(config: &Config) -> anyhow::Result<()> {
    let (secured, books) = opened(config).await?;
    let mut rewrapped = 0;
    for book in [&books.intake, &books.remittance] {
        rewrapped += book.rewrap("revbridge keys rotate").await?;
    }
    let current = secured.encryption(config).await?.current().await?;
    println!("{rewrapped} data keys were wrapped anew; all of them are under {current}.");
    println!("Older keys of the ring are not needed by this database any more, only by backups.");
    Ok(())
}
