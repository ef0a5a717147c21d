// SPDX-License-Identifier: Apache-2.0
//! `revbridge serve`: runs until it is told to end.

use std::path::PathBuf;
use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use crate::config::Config;
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
        let config = Config::read(&self.config)?;
        let runtime = tokio::runtime::Runtime::new()?;
        runtime.block_on(async {
            let _telemetry = telemetry::start(self.log, "info", &config.tenant)?;
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
