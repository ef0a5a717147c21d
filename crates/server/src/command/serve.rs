// SPDX-License-Identifier: Apache-2.0
//! `revbridge serve`: runs until it is told to end.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use crate::check;
use crate::role::Roles;
use crate::telemetry::{self, LogFormat};

/// Ends cleanly on SIGTERM or ctrl-c; a kill loses nothing either.
#[derive(clap::Args)]
pub struct Serve {
    /// The configuration file; every key can be overridden as `REVBRIDGE_SECTION__KEY`.
    #[arg(long, value_name = "FILE", default_value = "revbridge.toml")]
    config: PathBuf,
    /// Run only these, with commas between them: gateway, intake,
    /// process-remittance-to-reconciliation, process-oversight, system-erp, system-rcm,
    /// system-identity. The others are asked where `[peers]` says.
    #[arg(long, value_name = "ROLES", default_value = "all")]
    role: Roles,
    /// How log lines look.
    #[arg(long, value_enum, default_value_t, env = "REVBRIDGE_LOG")]
    log: LogFormat,
}

impl Serve {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let examined = check::installation(&self.config, &self.role);
        check::refuse(&examined.findings)?;
        let config = examined.config.context("a configuration without errors can be read")?;
        let runtime = tokio::runtime::Runtime::new()?;
        runtime.block_on(async {
            let _telemetry = telemetry::start(self.log, "info", &config.tenant, &self.role)?;
            for warning in &examined.findings {
                tracing::warn!("{}: {}; {}", warning.place, warning.wrong, warning.cure);
            }
            let mut terminate = signal(SignalKind::terminate())?;
            let running = tokio::select! {
                running = crate::start(&config, &self.role) => running?,
                // A start that waits for its database ends as readily as one that waits for nothing.
                _ = terminate.recv() => return Ok(ExitCode::SUCCESS),
                _ = tokio::signal::ctrl_c() => return Ok(ExitCode::SUCCESS),
            };
            match running.address {
                Some(address) => {
                    tracing::info!(roles = %running.roles, "listening on http://{address}")
                }
                None => tracing::info!(roles = %running.roles, "running"),
            }
            let broken = running.broken();
            let code = tokio::select! {
                _ = terminate.recv() => ExitCode::SUCCESS,
                _ = tokio::signal::ctrl_c() => ExitCode::SUCCESS,
                () = broken.passed() => ExitCode::from(2),
            };
            tracing::info!("ending");
            running.stop().await;
            Ok(code)
        })
    }
}
