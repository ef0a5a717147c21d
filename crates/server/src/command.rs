// SPDX-License-Identifier: Apache-2.0
//! The command line of `revbridge`.

mod certificates;
mod check_config;
mod demo;
mod disclose;
mod fields;
mod health;
mod import;
mod init;
mod inspect;
mod keys;
mod log;
mod manual;
mod migrate;
mod recover;
mod serve;
mod shred;
mod token;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// RevBridge posts what payers remit into the ERP, exactly once, to the cent.
#[derive(Parser)]
#[command(version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Read remittance files and say whether they balance. Needs no database and no configuration.
    Inspect(inspect::Inspect),
    /// Write a commented configuration, reference files and posting rules to begin with.
    Init(init::Init),
    /// Say everything that is wrong with a configuration, where it is, and how to cure it.
    CheckConfig(check_config::CheckConfig),
    /// Run the service: watch folders, answer the API, post to the ERP.
    Serve(serve::Serve),
    /// Ask the service on this machine whether it is ready. Ends with 0 if it is, with 1 if not.
    Health(health::Health),
    /// Hand files to the running service and tell what became of each.
    Import(import::Import),
    /// Bring the schemas of an external database to the version of this program.
    Migrate(migrate::Migrate),
    /// Run a synthetic hospital day, or your own files, through everything, against a simulated ERP.
    Demo(demo::Demo),
    /// Print what class of data each field of an event is and where it may stand.
    Fields(fields::Fields),
    /// List, draw and rotate the keys that keep stored data sealed.
    Keys(keys::Keys),
    /// Destroy the keys of a class of data whose retention is over. Says first what would go.
    Shred(shred::Shred),
    /// Write out the numbered log, or its last checkpoint, for an auditor.
    Log(log::Log),
    /// Write out one segment of a stored document with the proof that it is in it.
    Disclose(disclose::Disclose),
    /// After the database was restored from a backup: find again in the ERP what it has forgotten.
    Recover(recover::Recover),
    /// Read the manual.
    Manual(manual::Manual),
    /// Issue a token of the local issuer, for loopback use.
    Token(token::Token),
    /// Make certificates for roles in processes of their own.
    Certificates(certificates::Certificates),
}

/// Runs the command and turns its answer into an exit code.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Command::Inspect(inspect) => inspect.run(),
        Command::Init(init) => init.run(),
        Command::CheckConfig(check) => check.run(),
        Command::Serve(serve) => serve.run(),
        Command::Health(health) => health.run(),
        Command::Import(import) => import.run(),
        Command::Migrate(migrate) => migrate.run(),
        Command::Demo(demo) => demo.run(),
        Command::Fields(fields) => fields.run(),
        Command::Keys(keys) => keys.run(),
        Command::Shred(shred) => shred.run(),
        Command::Log(log) => log.run(),
        Command::Disclose(disclose) => disclose.run(),
        Command::Recover(recover) => recover.run(),
        Command::Manual(manual) => manual.run(),
        Command::Token(token) => token.run(),
        Command::Certificates(certificates) => certificates.run(),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("revbridge: {error:#}");
            ExitCode::from(2)
        }
    }
}
