// SPDX-License-Identifier: Apache-2.0
//! The command line of `revbridge`.

mod certificates;
mod demo;
mod inspect;
mod serve;
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
    /// Run the service: watch folders, answer the API, post to the ERP.
    Serve(serve::Serve),
    /// Run a synthetic hospital day, or your own files, through everything, against a simulated ERP.
    Demo(demo::Demo),
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
        Command::Serve(serve) => serve.run(),
        Command::Demo(demo) => demo.run(),
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
