// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask peers`: a real system beside the product, for people who want to see it post there.
//! It is set up by the code that the live tests use.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};

use crate::postgres::Postgres;
use crate::progress::Progress;
use crate::workspace::{Workspace, pass};

/// Run a real system in the foreground, set up from nothing, until Ctrl-C
#[derive(clap::Args)]
pub struct Peers {
    #[command(subcommand)]
    which: Which,
}

#[derive(clap::Subcommand)]
enum Which {
    Tryton(Tryton),
}

/// Tryton 8.2, the ERP that the live tests post to, with the companies of the generated day
///
/// Its programs come from the Python registry into the user's cache (about 100 MB, once); its
/// database is in a private Postgres. It listens on 127.0.0.1 only. Once it answers, its address, its
/// database and what to write into revbridge.toml are printed. Ctrl-C ends it and removes the
/// database. Needs python3 3.10 or later with its module venv.
#[derive(clap::Args)]
struct Tryton {
    /// Periods are open from the month of this day on, YYYY-MM-DD; today when left out
    #[arg(long)]
    date: Option<String>,
}

impl Peers {
    pub fn run(self) -> Result<()> {
        let Which::Tryton(tryton) = self.which;
        let progress = Progress::start();
        let workspace = Workspace::locate()?;
        let postgres = Postgres::set_up(&workspace, &progress)?;
        progress.say("building (the first time takes minutes)");
        let build = ["build", "--quiet", "--workspace", "--bin", "revbridge-peers"];
        pass(&mut workspace.cargo(&build))?;
        progress.say("built; setting up Tryton");
        let program = workspace.binary("debug", "revbridge-peers")?;
        let (name, bin) = postgres.variable();
        let mut command = Command::new(&program);
        command.arg("tryton").env(name, bin);
        if let Some(date) = tryton.date {
            command.args(["--date", &date]);
        }
        // `exec` returns only when it has failed: otherwise the peer has taken our place.
        Err(command.exec()).with_context(|| format!("could not run {}", program.display()))
    }
}
