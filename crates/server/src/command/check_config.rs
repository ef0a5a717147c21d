// SPDX-License-Identifier: Apache-2.0
//! `revbridge check-config`: everything that is wrong with an installation, before it is started.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use crate::check::connect::Tried;
use crate::check::{self, Finding, Severity};
use crate::role::Roles;

/// Reads the configuration, reference files, posting rules, opening balances, keys and folders, and
/// explains every error with its place and its cure. The same checks stand before `serve`.
///
/// Exit code 0: it can be started; 1: it cannot, or something that was tried with --connect failed.
#[derive(clap::Args)]
pub struct CheckConfig {
    #[arg(long, value_name = "FILE", default_value = "revbridge.toml")]
    config: PathBuf,
    /// Check for a process that runs only these roles, as `serve --role` would.
    #[arg(long, value_name = "ROLES", default_value = "all")]
    role: Roles,
    /// Also try the database, each ERP, the issuer's key set and each folder. Nothing is changed,
    /// except that missing folders are made.
    #[arg(long)]
    connect: bool,
    /// One JSON object: {"ok", "findings", "tried"}.
    #[arg(long)]
    json: bool,
}

impl CheckConfig {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let examined = check::for_roles(&self.config, &self.role);
        let mut tried = Vec::new();
        if let Some(config) = examined.config.as_ref().filter(|_| self.connect) {
            let runtime = tokio::runtime::Runtime::new()?;
            tried = runtime.block_on(check::connect::try_all(config));
        }
        let sound = !examined.findings.iter().any(Finding::is_error)
            && tried.iter().all(|one: &Tried| one.failed.is_none());
        if self.json {
            let told = json!({"ok": sound, "findings": examined.findings, "tried": tried});
            println!("{told:#}");
        } else {
            self.print(&examined, &tried);
        }
        Ok(if sound { ExitCode::SUCCESS } else { ExitCode::from(1) })
    }

    fn print(&self, examined: &check::Examined, tried: &[Tried]) {
        for finding in &examined.findings {
            println!("{finding}\n");
        }
        for one in tried {
            println!("{one}");
        }
        if self.connect && examined.config.is_none() {
            println!("nothing was tried: too much is missing in the configuration\n");
        }
        let count = |severity| {
            examined.findings.iter().filter(|finding| finding.severity == severity).count()
        };
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        let failed = tried.iter().filter(|one| one.failed.is_some()).count();
        let verdict = if errors + failed == 0 { "ok" } else { "not ok" };
        let mut told =
            format!("{}: {verdict}, {errors} errors, {warnings} warnings", self.config.display());
        if self.connect {
            told += &format!(", {} tried, {failed} failed", tried.len());
        }
        println!("{told}");
    }
}
