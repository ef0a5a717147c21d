// SPDX-License-Identifier: Apache-2.0
//! `revbridge inspect`: the verdict on remittance files, for a cash poster or a script.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use interchange::inspect::{SetReport, Table, file};
use interchange::x12::Limits;

/// Exit code 0: every remittance balances and every envelope is whole; 1: some do not; 2: a file
/// could not be opened.
#[derive(clap::Args)]
pub struct Inspect {
    /// X12 835 files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// One JSON line per transaction set, amounts as decimal strings.
    #[arg(long)]
    json: bool,
}

impl Inspect {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let out = BufWriter::new(io::stdout().lock());
        let outcome = if self.json {
            let mut out = out;
            self.read(&mut |set| writeln!(out, "{}", set.json()).and_then(|()| out.flush()))
        } else {
            let mut table = Table::new(out);
            self.read(&mut |set| table.add(set))
        };
        match outcome {
            Ok(Soundness::Sound) => Ok(ExitCode::SUCCESS),
            Ok(Soundness::Damaged) => Ok(ExitCode::from(1)),
            Err(error) if is_broken_pipe(&error) => Ok(ExitCode::SUCCESS),
            Err(error) => Err(error),
        }
    }

    fn read(
        &self,
        tell: &mut dyn FnMut(&SetReport) -> io::Result<()>,
    ) -> anyhow::Result<Soundness> {
        let limits = Limits::default();
        let mut soundness = Soundness::Sound;
        for path in &self.files {
            let name = path.display().to_string();
            let input = File::open(path).with_context(|| format!("opening {name}"))?;
            let mut told = Ok(());
            let report = file(&name, input, &limits, &mut |set| {
                if told.is_ok() {
                    told = tell(&set);
                }
            });
            let report = report.with_context(|| format!("reading {name}"))?;
            told?;
            if !report.sound() {
                soundness = Soundness::Damaged;
            }
        }
        Ok(soundness)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Soundness {
    Sound,
    Damaged,
}

/// A reader such as `head` that has seen enough is no error.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let cause = error.downcast_ref::<io::Error>();
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}
