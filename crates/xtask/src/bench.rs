// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask bench`: how fast the product is on this machine, from inputs made on the spot.

mod generate;

use std::process::Command;

use anyhow::{Context, Result};

use crate::postgres::Postgres;
use crate::progress::Progress;
use crate::workspace::{Workspace, pass};

const MEBIBYTE: u64 = 1 << 20;

/// Measure how fast this machine does the work
#[derive(clap::Args)]
pub struct Bench {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    Parse(Parse),
    Intake(Intake),
    Post(Post),
    Replicas(Replicas),
}

/// Read generated 835 files of 10 MiB and 100 MiB, and with --long of 1 GiB
///
/// The files are synthetic, made in the build directory and removed afterwards. Build and
/// measurement use the release profile; let the machine be quiet.
#[derive(clap::Args)]
struct Parse {
    /// Also 1 GiB
    #[arg(long)]
    long: bool,
}

/// Upload single-claim 835s with 256 senders, beside one-row commits of 32 clients
///
/// The service, its database and the clients share this machine. The probe runs while the service
/// is idle; uploads run while it also reads, decides and posts what it has taken.
#[derive(clap::Args)]
struct Intake {
    /// Length of each of the five rounds of probe and uploads
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

/// Take a large 835 to confirmed journals, beside a bare scan and a plain insert of its claims
///
/// Prints the time as a multiple of both probes together, and the rows written per event.
#[derive(clap::Args)]
struct Post {
    #[arg(long, default_value_t = 100_000_000)]
    bytes: u64,
    /// Load so many identities of earlier events first; 50 million take about 5 GB of disk
    #[arg(long, default_value_t = 0)]
    identities: u64,
}

/// Take small documents to confirmed journals with one, two and three processes of each role
///
/// All of them share one database. Every process that reads, decides or posts may run for a part of
/// the time only, as if on a small machine of its own. Prints the rates as ratios to that of one.
#[derive(clap::Args)]
struct Replicas {
    #[arg(long, default_value_t = 2_000)]
    documents: u32,
    /// Percent of a core for each process
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..100))]
    percent: u32,
}

impl Bench {
    pub fn run(self) -> Result<()> {
        match self.what {
            What::Parse(parse) => parse.run(),
            What::Intake(intake) => {
                load("intake", &["intake", "--seconds", &intake.seconds.to_string()])
            }
            What::Post(post) => {
                let (bytes, identities) = (post.bytes.to_string(), post.identities.to_string());
                load("post", &["post", "--bytes", &bytes, "--identities", &identities])
            }
            What::Replicas(replicas) => {
                let documents = replicas.documents.to_string();
                let percent = replicas.percent.to_string();
                load("replicas", &["replicas", "--documents", &documents, "--percent", &percent])
            }
        }
    }
}

/// Runs one measurement of the whole product, built as users get it.
fn load(name: &str, arguments: &[&str]) -> Result<()> {
    let mut progress = Progress::start();
    let workspace = Workspace::locate()?;
    let postgres = Postgres::set_up(&workspace, &progress)?;
    progress.say("building with the release profile");
    pass(&mut workspace.cargo(&["build", "--release", "--workspace", "--bins", "--quiet"]))?;
    progress.step(name, |_| {
        let mut command = workspace.cargo(&["bench", "--quiet", "--package", "tests"]);
        let (variable, bin) = postgres.variable();
        command.env(variable, bin).args(["--bench", "load", "--"]).args(arguments);
        pass(&mut command)
    });
    progress.finish(&format!("bench {name}"))
}

impl Parse {
    fn run(self) -> Result<()> {
        let mut progress = Progress::start();
        let workspace = Workspace::locate()?;
        progress.say("building with the release profile");
        let example = ["--release", "--package", "interchange", "--example", "bench_parse"];
        pass(workspace.cargo(&["build"]).args(example))?;
        let program = workspace.binary("release/examples", "bench_parse")?;
        let directory = workspace.target.join("bench");
        std::fs::create_dir_all(&directory)
            .with_context(|| format!("could not create {}", directory.display()))?;
        let mut sizes = vec![10 * MEBIBYTE, 100 * MEBIBYTE];
        if self.long {
            sizes.push(1024 * MEBIBYTE);
        }
        for bytes in sizes {
            progress.step(&format!("{} MiB", bytes / MEBIBYTE), |_| {
                let file = directory.join(format!("{bytes}.835"));
                generate::remittances(&file, bytes)?;
                let measured = pass(Command::new(&program).arg(&file));
                std::fs::remove_file(&file)?;
                measured
            });
        }
        progress.finish("bench parse")
    }
}
