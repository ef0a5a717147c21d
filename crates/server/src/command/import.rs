// SPDX-License-Identifier: Apache-2.0
//! `revbridge import`: hands files to the running service, and tells what became of each.

mod outcome;
mod settle;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::ValueEnum;
use secrecy::SecretString;
use system_identity::Role;

use crate::config::Config;
use crate::loopback::Service;
use outcome::{Given, Outcome};

/// A token of our own lives this long: longer than any import.
const TOKEN_SECONDS: u64 = 12 * 3_600;
const ACCEPTED: u16 = 202;
const AGAIN: u16 = 200;

/// Sends each file over the API of the service that runs on this machine. A file that was received
/// before is told as such and has no effect, so the command can be repeated after any failure. What
/// stands in a file's name is not sent.
///
/// Exit code 0: every file was taken; 1: one was refused, or with --wait not everything settled in
/// time; 2: nothing could be sent.
#[derive(clap::Args)]
pub struct Import {
    /// Remittance files (X12 835).
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The configured source that the files come from: where they are shown and counted.
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Wait until each remittance is decided and its journals are posted or wait for a person, then
    /// sum up.
    #[arg(long)]
    wait: bool,
    /// With --wait: give up after so long. What was sent goes on.
    #[arg(long, value_name = "SECONDS", default_value_t = 600, requires = "wait")]
    wait_s_max: u64,
    /// How the outcome is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// A file with an access token of your issuer. Without it a token of the local issuer is made,
    /// as `revbridge token --as integration` does.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The configuration that the service was started with.
    #[arg(long, value_name = "FILE", default_value = "revbridge.toml")]
    config: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Csv,
    Json,
}

impl Import {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let missing = self.files.iter().filter(|file| !file.is_file());
        let missing: Vec<String> = missing.map(|file| file.display().to_string()).collect();
        if !missing.is_empty() {
            bail!("nothing was sent, since these are no files: {}", missing.join(", "));
        }
        let config = Config::read(&self.config)?;
        let service = self.service(&config)?;
        let started = Instant::now();
        let mut given = Vec::with_capacity(self.files.len());
        for (number, file) in self.files.iter().enumerate() {
            let outcome = self.send(&service, file)?;
            eprintln!("{}/{} {}: {}", number + 1, self.files.len(), file.display(), outcome.word());
            given.push(Given { file: file.clone(), outcome });
        }
        let summary = if self.wait {
            let until = started + Duration::from_secs(self.wait_s_max);
            Some(settle::wait(&service, &given, until)?)
        } else {
            None
        };
        match self.format {
            Format::Table => outcome::print_table(&given, summary.as_ref()),
            Format::Csv => outcome::print_csv(&given)?,
            Format::Json => outcome::print_json(&given, summary.as_ref()),
        }
        let refused = given.iter().any(|one| matches!(one.outcome, Outcome::Refused { .. }));
        let unsettled = summary.is_some_and(|summary| !summary.is_settled());
        Ok(if refused || unsettled { ExitCode::from(1) } else { ExitCode::SUCCESS })
    }

    /// The service, once it has answered.
    fn service(&self, config: &Config) -> anyhow::Result<Service> {
        if config.http.listen.port() == 0 {
            bail!("http.listen has port 0, so nobody knows where the service listens; name a port");
        }
        let service = Service::at(config.http.listen);
        if let Err(error) = service.get("/health/live") {
            bail!(
                "no service answers on http://{}: {error}; start it with: revbridge serve --config {}",
                service.address(),
                self.config.display()
            );
        }
        Ok(service.with_token(self.token(config)?))
    }

    fn token(&self, config: &Config) -> anyhow::Result<SecretString> {
        if let Some(path) = &self.token_file {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("reading {}", path.display()))?;
            return Ok(SecretString::from(text.trim().to_owned()));
        }
        let issuer = crate::issuers::local_issuer(config).context(
            "no token of our own is accepted there; name one of your issuer with --token-file",
        )?;
        let token = issuer.issue(Role::Integration, "revbridge-import", &[], TOKEN_SECONDS)?;
        Ok(SecretString::from(token))
    }

    fn send(&self, service: &Service, file: &Path) -> anyhow::Result<Outcome> {
        let path = match &self.source {
            Some(source) => format!("/v1/documents?source={source}"),
            None => "/v1/documents".to_owned(),
        };
        let answer = service.post_file(&path, file).with_context(|| {
            format!("sending {}; send it again, it counts once", file.display())
        })?;
        let document = |answer: &crate::loopback::Answer| -> anyhow::Result<String> {
            let receipt = answer.json()?;
            Ok(receipt["document"].as_str().context("a receipt names its document")?.to_owned())
        };
        Ok(match answer.status {
            ACCEPTED => Outcome::Accepted { document: document(&answer)? },
            AGAIN => Outcome::Again { document: document(&answer)? },
            401 => bail!(
                "the service does not believe our token: {}; name one with --token-file",
                answer.reason()
            ),
            _ => Outcome::Refused { reason: answer.reason() },
        })
    }
}
