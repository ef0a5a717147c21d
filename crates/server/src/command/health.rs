// SPDX-License-Identifier: Apache-2.0
//! `revbridge health`: one question to the service on this machine, for a container's health check.
//! It needs no token and prints what the service says of its dependencies.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::config::Config;
use crate::loopback::Service;

/// Prints each dependency and how it stands. 0: ready; 1: not ready, or no answer; 2: the
/// configuration cannot be read.
#[derive(clap::Args)]
pub struct Health {
    /// The configuration that the service was started with.
    #[arg(long, value_name = "FILE", default_value = "revbridge.toml")]
    config: PathBuf,
}

impl Health {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let config = Config::read(&self.config)?;
        let service = Service::at(config.metrics.listen.unwrap_or(config.http.listen));
        match service.get("/health/ready") {
            Ok(answer) => {
                println!("{}", answer.body.trim());
                let ready = answer.status == 200;
                Ok(if ready { ExitCode::SUCCESS } else { ExitCode::from(1) })
            }
            Err(error) => {
                let address = service.address();
                eprintln!("revbridge: no answer from http://{address}/health/ready: {error}");
                Ok(ExitCode::from(1))
            }
        }
    }
}
