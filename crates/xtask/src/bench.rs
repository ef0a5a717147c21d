// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask bench`: how fast the product is on this machine, from inputs made on the spot.

mod generate;

use std::process::Command;

use anyhow::{Context, Result};

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

impl Bench {
    pub fn run(self) -> Result<()> {
        match self.what {
            What::Parse(parse) => parse.run(),
        }
    }
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
