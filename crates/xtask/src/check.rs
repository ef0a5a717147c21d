// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask check`: the quick gates, for before a commit. `test` begins with the first two.

mod queries;

use anyhow::Result;

use crate::postgres::Postgres;
use crate::progress::Progress;
use crate::workspace::{Workspace, answers, pass};

/// Pass the quick gates: format, lints, the rules of the house, checked-in queries, licences
///
/// Run it before a commit. The rules of the house are tests: imports, sizes, names, money without
/// floats. The checked-in queries (.sqlx) are compared with what the SQL in the store says against
/// a fresh private database. Licences and advisories are checked when cargo-deny is installed.
#[derive(clap::Args)]
pub struct Check {
    /// Write the checked-in queries anew instead of comparing them
    #[arg(long)]
    update: bool,
}

impl Check {
    pub fn run(self) -> Result<()> {
        let mut progress = Progress::start();
        let workspace = Workspace::locate()?;
        let postgres = Postgres::set_up(&workspace, &progress)?;
        let difference =
            if self.update { queries::Difference::Write } else { queries::Difference::Report };
        progress.step("format", |progress| format(&workspace, progress));
        progress.step("checked-in queries", |progress| {
            queries::check(&workspace, &postgres, difference, progress)
        });
        progress.step("lints", |progress| lints(&workspace, progress));
        progress.step("rules of the house", |_| {
            pass(&mut workspace.cargo(&[
                "test",
                "--quiet",
                "--package",
                "tests",
                "--test",
                "house",
            ]))
        });
        progress.step("licences", |progress| licences(&workspace, progress));
        progress.finish("check")
    }
}

pub fn format(workspace: &Workspace, progress: &Progress) -> Result<()> {
    if !answers(&mut workspace.cargo(&["fmt", "--version"])) {
        progress.say("rustfmt is not installed, so the format is not checked");
        return Ok(());
    }
    pass(&mut workspace.cargo(&["fmt", "--all", "--check"]))
}

pub fn lints(workspace: &Workspace, progress: &Progress) -> Result<()> {
    if !answers(&mut workspace.cargo(&["clippy", "--version"])) {
        progress.say("clippy is not installed, so the lints are not checked");
        return Ok(());
    }
    let arguments = ["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"];
    pass(workspace.cargo(&arguments).env("SQLX_OFFLINE", "true"))
}

fn licences(workspace: &Workspace, progress: &Progress) -> Result<()> {
    if !answers(&mut workspace.cargo(&["deny", "--version"])) {
        progress.say("cargo-deny is not installed, so licences are not checked");
        return Ok(());
    }
    // Advisories need a network and change by themselves: they are for CI at night.
    pass(&mut workspace.cargo(&["deny", "check", "bans", "licenses", "sources"]))
}
