// SPDX-License-Identifier: Apache-2.0
//! `revbridge serve`: runs until it is told to end.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use crate::check;
use crate::telemetry::{self, LogFormat};

/// Ends cleanly on SIGTERM or ctrl-c; a kill loses nothing either.
#[derive(clap::Args)]
pub struct Serve {
    /// The configuration file; every key can be overridden as `REVBRIDGE_SECTION__KEY`.
    #[arg(long, value_name = "FILE", default_value = "revbridge.toml")]
    config: PathBuf,
    /// How log lines look.
    #[arg(long, value_enum, default_value_t, env = "REVBRIDGE_LOG")]
    log: LogFormat,
}

impl Serve {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let examined = check::installation(&self.config);
        check::refuse(&examined.findings)?;
        let config = examined.config.context("a configuration without errors can be read")?;
        let runtime = tokio::runtime::Runtime::new()?;
        runtime.block_on(async {
            let _telemetry = telemetry::start(self.log, "info", &config.tenant)?;
            for warning in &examined.findings {
                tracing::warn!("{}: {}; {}", warning.place, warning.wrong, warning.cure);
            }
            let running = crate::start(&config).await?;
            tracing::info!("listening on http://{}", running.address);
            let mut terminate = signal(SignalKind::terminate())?;
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            tracing::info!("ending");
            running.stop().await;
            Ok(ExitCode::SUCCESS)
        })
    }
}
