// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask test`: everything that has to pass, in one command, from a fresh clone.

use anyhow::{Result, bail};

use crate::check;
use crate::postgres::Postgres;
use crate::progress::Progress;
use crate::workspace::{Workspace, pass};

/// Pass every test: format, lints, then all tests of the workspace
///
/// Finds or unpacks a Postgres, then builds and runs all tests; each test run has a private
/// database of its own, on a socket, that ends with it. A failed step does not stop the next, and
/// the last line names what failed. Exit code 0 means that everything passed.
#[derive(clap::Args)]
pub struct Test {
    /// Also the long sizes: large files, many seeds, many crashes
    #[arg(long)]
    long: bool,
    /// Only tests whose name contains one of these
    #[arg(last = true, value_name = "NAME")]
    names: Vec<String>,
}

impl Test {
    pub fn run(self) -> Result<()> {
        let mut progress = Progress::start();
        let workspace = Workspace::locate()?;
        let postgres = Postgres::set_up(&workspace, &progress)?;
        if self.names.is_empty() {
            progress.step("format", |progress| check::format(&workspace, progress));
            progress.step("lints", |progress| check::lints(&workspace, progress));
        }
        // Some tests start the product's programs, which are built only when asked for.
        progress.step("programs", |_| {
            pass(&mut workspace.cargo(&["build", "--workspace", "--bins", "--quiet"]))
        });
        progress.step("tests", |_| self.tests(&workspace, &postgres));
        progress.finish("test")
    }

    fn tests(&self, workspace: &Workspace, postgres: &Postgres) -> Result<()> {
        let mut command = workspace.cargo(&["test", "--workspace", "--no-fail-fast"]);
        let (name, bin) = postgres.variable();
        command.env(name, bin).env("SQLX_OFFLINE", "true");
        // A database of the developer's own must not decide what the tests see.
        command.env_remove("DATABASE_URL");
        if self.long {
            command.env("REVBRIDGE_TEST_LONG", "1");
        }
        if let [names @ .., last] = self.names.as_slice() {
            command.arg("--").args(names).arg(last);
        }
        pass(&mut command).or_else(|error| bail!("{error:#}; the failures are named above"))
    }
}
