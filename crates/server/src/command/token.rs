// SPDX-License-Identifier: Apache-2.0
//! `revbridge token`: a token of the local issuer, for people and programs on this machine.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use system_identity::Role;

use crate::config::Config;

/// Prints a bearer token. Only a server on loopback accepts it.
#[derive(clap::Args)]
pub struct Token {
    /// controller, cash-poster, auditor, integration or privacy-officer.
    #[arg(long = "as", value_name = "ROLE")]
    role: String,
    /// Who acts; two people need two names.
    #[arg(long, value_name = "NAME")]
    subject: Option<String>,
    /// Legal entities it may see; all when left out.
    #[arg(long = "entity", value_name = "CODE")]
    entities: Vec<String>,
    #[arg(long, default_value_t = 8, value_name = "HOURS")]
    hours: u64,
    #[arg(long, value_name = "FILE", default_value = "revbridge.toml")]
    config: PathBuf,
}

impl Token {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let Some(role) = Role::parse(&self.role) else {
            let all: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
            bail!("there is no role {}; the roles are {}", self.role, all.join(", "));
        };
        let config = Config::read(&self.config)?;
        let issuer = crate::issuers::local_issuer(&config)?;
        let subject = self.subject.unwrap_or_else(|| role.as_str().to_owned());
        let lifetime = self.hours.saturating_mul(3_600);
        println!("{}", issuer.issue(role, &subject, &self.entities, lifetime)?);
        Ok(ExitCode::SUCCESS)
    }
}
