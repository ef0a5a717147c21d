// SPDX-License-Identifier: Apache-2.0
//! `revbridge log`: what an auditor needs: the numbered log line by line as it was hashed, and the last
//! checkpoint with the key that it was signed under.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::{Subcommand, ValueEnum};
use model::code::Code;
use ports::checkpoint::Checkpoints;
use ports::log_proof::LogProof;
use proof::entry::line;

use crate::config::Config;
use crate::keys::Secured;
use crate::{database, outside, recovery};

/// Entries read at a time.
const ENTRIES_PER_PAGE_MAX: usize = 1_000;

#[derive(clap::Args)]
pub struct Log {
    #[command(subcommand)]
    command: What,
}

#[derive(Subcommand)]
enum What {
    /// Write the numbered log to standard output, one JSON line per entry. Nothing in it names a
    /// patient. Check it with `revbridge-verify log`.
    Export {
        #[arg(long, value_enum)]
        room: Room,
        /// Begin with this number. Only a log from 1 on can be proven.
        #[arg(long, default_value_t = 1, value_name = "NUMBER")]
        from: u64,
        #[arg(long, value_name = "FILE", default_value = "revbridge.toml")]
        config: PathBuf,
    },
    /// Print the last signed checkpoint, and the public key that proves its signature.
    Checkpoint {
        #[arg(long, value_enum)]
        room: Room,
        #[arg(long, value_name = "FILE", default_value = "revbridge.toml")]
        config: PathBuf,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Room {
    Intake,
    Remittance,
}

impl Room {
    fn name(self) -> &'static str {
        match self {
            Room::Intake => recovery::INTAKE,
            Room::Remittance => recovery::REMITTANCE,
        }
    }
}

impl Log {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let runtime = tokio::runtime::Runtime::new()?;
        runtime.block_on(async {
            match self.command {
                What::Export { room, from, config } => export(&config, room, from).await,
                What::Checkpoint { room, config } => checkpoint(&config, room).await,
            }
        })
    }
}

async fn export(config: &std::path::Path, room: Room, from: u64) -> anyhow::Result<ExitCode> {
    let config = Config::read(config)?;
    let books = database::open_both(&config, &Secured::open(&config).await?).await?;
    let book = match room {
        Room::Intake => &books.intake,
        Room::Remittance => &books.remittance,
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let mut after = from.saturating_sub(1);
    loop {
        let entries = book.proven(after, ENTRIES_PER_PAGE_MAX).await?;
        if entries.is_empty() {
            break;
        }
        after += entries.len() as u64;
        for entry in entries {
            out.write_all(&line(&entry.canonical, &entry.leaf.0))?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

async fn checkpoint(config: &std::path::Path, room: Room) -> anyhow::Result<ExitCode> {
    let config = Config::read(config)?;
    let outside = outside::open(&config, &Secured::open(&config).await?).await?;
    let Some(last) = outside.latest(&Code::new(room.name())).await? else {
        bail!("there is no checkpoint of {} yet: the server writes them as it works", room.name());
    };
    println!("key {}", outside.public_key());
    println!("folder {}", outside.folder(&last.log).display());
    println!();
    print!("{}", last.note);
    Ok(ExitCode::SUCCESS)
}
