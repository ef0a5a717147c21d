// SPDX-License-Identifier: Apache-2.0
//! Writes a simulated day into a folder, or one large remittance file for a benchmark.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use model::money::decimal;
use simulator::day::{self, Group};
use time::macros::format_description;
use time::{Date, OffsetDateTime};

/// A hospital group's simulated day, with the truth of what must become of it.
#[derive(Debug, Parser)]
#[command(name = "revbridge-simulator-day", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write inbox/, reference/, opening.csv, erp-reference.json and truth.json.
    Write {
        /// The folder, created when it does not exist.
        #[arg(long, short)]
        out: PathBuf,
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// About how many claims.
        #[arg(long, default_value_t = 3_000)]
        claims: usize,
        #[arg(long, default_value_t = 40)]
        files: usize,
        /// The day, as YYYY-MM-DD; today when it is left out.
        #[arg(long, value_parser = read_date)]
        date: Option<Date>,
        /// With a third legal entity that the group has taken over lately.
        #[arg(long)]
        acquired: bool,
    },
    /// Write one sound 835 of at least so many bytes.
    Large {
        #[arg(long)]
        bytes: u64,
        #[arg(long, short)]
        out: PathBuf,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

fn read_date(text: &str) -> Result<Date, String> {
    Date::parse(text, format_description!("[year]-[month]-[day]"))
        .map_err(|error| error.to_string())
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Write { out, seed, claims, files, date, acquired } => {
            let date = date.unwrap_or_else(|| OffsetDateTime::now_utc().date());
            let group = if acquired { Group::WithAcquired } else { Group::Usual };
            let summary = day::write(&out, &day::Config { seed, claims, files, date, group })?;
            println!(
                "{} files, {} transaction sets, {} claims, {} bytes, {} received",
                summary.files,
                summary.sets,
                summary.claims,
                summary.bytes,
                decimal(summary.received_cents),
            );
        }
        Command::Large { bytes, out, seed } => {
            let file =
                File::create(&out).with_context(|| format!("cannot create {}", out.display()))?;
            let mut writer = BufWriter::new(file);
            let written = day::large(&mut writer, bytes, seed)?;
            writer.flush()?;
            println!(
                "{} bytes, {} transaction sets, {} claims, {} paid",
                written.bytes,
                written.sets,
                written.claims,
                decimal(written.paid_cents),
            );
        }
    }
    Ok(())
}
