// SPDX-License-Identifier: Apache-2.0
//! The developer's commands: `cargo xtask demo`, `cargo xtask test` and what they are made of.
//! Each sets up what is missing, says what it does and how long it took, and ends with a cure when
//! it fails.

mod bench;
mod check;
mod demo;
mod fuzz;
mod golden;
mod peers;
mod postgres;
mod progress;
mod test;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// One recipe for people and for CI. `demo` shows what this is; `test` proves it.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, max_term_width = 90)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Demo),
    Test(test::Test),
    Check(check::Check),
    Golden(golden::Golden),
    Bench(bench::Bench),
    Fuzz(fuzz::Fuzz),
    Peers(peers::Peers),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Demo(demo) => demo.run(),
        Command::Test(test) => test.run(),
        Command::Check(check) => check.run(),
        Command::Golden(golden) => golden.run(),
        Command::Bench(bench) => bench.run(),
        Command::Fuzz(fuzz) => fuzz.run(),
        Command::Peers(peers) => peers.run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
