// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask demo`: from a fresh clone to a posted journal on the screen, nothing to prepare.

use std::io::IsTerminal;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::postgres::Postgres;
use crate::progress::Progress;
use crate::workspace::{Workspace, pass};

/// Show the main job on this machine: remittance files become confirmed ERP journals
///
/// Finds or unpacks a Postgres, builds the product and runs its day: a private database in a fresh
/// directory, a simulated ERP as a process of its own, the server on 127.0.0.1, and either a
/// generated day or the FILEs given. It prints what was received, what was posted and whether the
/// two agree to the cent. Without --once the server stays up for a browser until Ctrl-C.
///
/// Nothing is installed as a service and nothing is left running. Takes some minutes when
/// everything has to be built, and half a minute after that.
#[derive(clap::Args)]
pub struct Demo {
    /// Show the result and end; what happens anyway without a terminal
    #[arg(long)]
    once: bool,
    /// Keep the directory with the database, the files and the ERP's book
    #[arg(long)]
    keep: bool,
    /// 835 files of your own instead of the generated day (test data only)
    #[arg(last = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Demo {
    pub fn run(self) -> Result<()> {
        let progress = Progress::start();
        let workspace = Workspace::locate()?;
        let postgres = Postgres::set_up(&workspace, &progress)?;
        progress.say("building the product (the first time takes minutes)");
        pass(&mut workspace.cargo(&["build", "--workspace", "--bins"]))?;
        progress.say("built; starting the day");
        let program = workspace.binary("debug", "revbridge")?;
        let (name, bin) = postgres.variable();
        let error = Command::new(&program).args(self.arguments()).env(name, bin).exec();
        // `exec` returns only when it has failed: otherwise the product has taken our place.
        Err(error).with_context(|| format!("could not run {}", program.display()))
    }

    fn arguments(&self) -> Vec<std::ffi::OsString> {
        let watched = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        let mut arguments = vec!["demo".into()];
        if self.once || !watched {
            arguments.push("--once".into());
        }
        if self.keep {
            arguments.push("--keep".into());
        }
        arguments.extend(self.files.iter().map(|file| file.clone().into_os_string()));
        arguments
    }
}
