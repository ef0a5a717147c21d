// SPDX-License-Identifier: Apache-2.0
//! `revbridge certificates`: a development authority and a certificate for each process.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::certificates::{self, Existing};
use crate::role::{Role, Roles};

/// Writes ca.pem and ca.key, and for each process NAME.pem and NAME.key for [rpc.tls]. What is there
/// already is kept. Keep ca.key away from the machines that run the service.
#[derive(clap::Args)]
pub struct Certificates {
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Roles that share one process, with commas between them; may be repeated. One process per
    /// role when left out.
    #[arg(long = "process", value_name = "ROLES")]
    processes: Vec<Roles>,
    /// A host name or address under which the processes are asked, beside localhost; may be repeated.
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
    /// Put new certificates and keys in the place of those that are there. Running processes take
    /// them up by themselves.
    #[arg(long)]
    renew: bool,
}

impl Certificates {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let processes = match self.processes.is_empty() {
            true => Role::ALL.into_iter().map(Roles::only).collect(),
            false => self.processes,
        };
        let existing = if self.renew { Existing::Renew } else { Existing::Keep };
        for path in certificates::write(&self.out, &processes, &self.hosts, existing)? {
            println!("{}", path.display());
        }
        Ok(ExitCode::SUCCESS)
    }
}
