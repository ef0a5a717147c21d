// SPDX-License-Identifier: Apache-2.0
//! `revbridge-verify`: for an auditor. It needs the exported log, checkpoints that were kept outside of
//! the database and the public key, and nothing else.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use proof::checkpoint::Checkpoint;
use proof::note::{NOTE_BYTES_MAX, Verifier};
use proof::segments::Disclosure;
use proof::verify::{LINE_BYTES_MAX, Witnessed, verify};

/// More files than this are not one log's checkpoints.
const CHECKPOINTS_MAX: usize = 1_000_000;
const DISCLOSURE_BYTES_MAX: u64 = 1 << 20;

/// Prove an exported log, or one disclosed segment of a document, without the database.
///
/// Exit code 0: proven; 1: a difference was found, and its place is said; 2: something could not be
/// read, so nothing was proven.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Compare a log (`revbridge log export`) with checkpoints that were kept outside of its database.
    ///
    /// Every entry must have the next number and fit the hash kept of it; the root over all entries so
    /// far must be that of each checkpoint. So any entry that was changed, left out, put in or moved
    /// before the last checkpoint is found, whoever did it.
    Log(Log),
    /// Compare one disclosed segment (`revbridge disclose`) with a document's root, which stands in
    /// the log's entry `document.accepted`.
    Segment(Segment),
}

#[derive(clap::Args)]
struct Log {
    /// The exported log; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    log: PathBuf,
    /// Signed checkpoints: files, or folders of `.note` files of one log.
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    checkpoints: Vec<PathBuf>,
    /// The public key `NAME+ID+KEY`, as `revbridge log checkpoint` prints it, or a file that holds it.
    #[arg(long)]
    key: String,
    /// One JSON object instead of sentences.
    #[arg(long)]
    json: bool,
    #[arg(long, default_value_t = LINE_BYTES_MAX)]
    line_bytes_max: usize,
}

#[derive(clap::Args)]
struct Segment {
    /// What `revbridge disclose` wrote.
    #[arg(long, value_name = "FILE")]
    disclosure: PathBuf,
    /// The document's root, 64 hexadecimal digits.
    #[arg(long, value_name = "HEX")]
    root: String,
    /// Write the segment itself, byte for byte, to standard output. It may name a patient.
    #[arg(long)]
    show: bool,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Log(log) => log.run(),
        Command::Segment(segment) => segment.run(),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(io::stderr(), "revbridge-verify: {error}");
            ExitCode::from(2)
        }
    }
}

type Outcome<T> = Result<T, Box<dyn Error>>;

impl Log {
    fn run(&self) -> Outcome<ExitCode> {
        let verifier = key(&self.key)?;
        let mut checkpoints = Vec::new();
        for path in &self.checkpoints {
            read_checkpoints(path, &verifier, &mut checkpoints)?;
        }
        let witnessed = Witnessed::new(checkpoints)?;
        let report = if self.log == Path::new("-") {
            verify(io::stdin().lock(), &witnessed, self.line_bytes_max)?
        } else {
            let file = File::open(&self.log)
                .map_err(|error| format!("opening {}: {error}", self.log.display()))?;
            verify(BufReader::with_capacity(1 << 20, file), &witnessed, self.line_bytes_max)?
        };
        let mut out = io::stdout().lock();
        if self.json {
            writeln!(out, "{}", serde_json::to_string(&report)?)?;
        } else {
            match &report.difference {
                Some(difference) => writeln!(out, "{}: {difference}", report.origin)?,
                None => writeln!(
                    out,
                    "{}: {} entries, {} proven by {} checkpoints, {} after the last checkpoint",
                    report.origin,
                    report.entries,
                    report.proven,
                    report.checkpoints,
                    report.unproven
                )?,
            }
        }
        let sound = report.difference.is_none();
        Ok(if sound { ExitCode::SUCCESS } else { ExitCode::from(1) })
    }
}

impl Segment {
    fn run(&self) -> Outcome<ExitCode> {
        let disclosure = read_text(&self.disclosure, DISCLOSURE_BYTES_MAX)?;
        let disclosure: Disclosure = serde_json::from_str(&disclosure)
            .map_err(|error| format!("{}: {error}", self.disclosure.display()))?;
        match disclosure.check(&self.root) {
            Ok(segment) if self.show => io::stdout().lock().write_all(&segment)?,
            Ok(segment) => writeln!(
                io::stdout().lock(),
                "proven: segment {} of {}, {} bytes",
                disclosure.index,
                disclosure.segments,
                segment.len()
            )?,
            Err(unproven) => {
                writeln!(io::stdout().lock(), "not proven: {unproven}")?;
                return Ok(ExitCode::from(1));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The key itself, or a file that holds it.
fn key(given: &str) -> Outcome<Verifier> {
    let path = Path::new(given);
    let text =
        if path.is_file() { read_text(path, NOTE_BYTES_MAX as u64)? } else { given.to_owned() };
    Ok(Verifier::parse(&text).map_err(|error| format!("--key: {error}"))?)
}

fn read_checkpoints(path: &Path, verifier: &Verifier, into: &mut Vec<Checkpoint>) -> Outcome<()> {
    if !path.is_dir() {
        let note = read_text(path, NOTE_BYTES_MAX as u64)?;
        let opened = Checkpoint::open(&note, verifier)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        into.push(opened);
        return Ok(());
    }
    let entries =
        fs::read_dir(path).map_err(|error| format!("reading {}: {error}", path.display()))?;
    for entry in entries {
        let file = entry?.path();
        if file.extension().is_some_and(|extension| extension == "note") {
            read_checkpoints(&file, verifier, into)?;
        }
        if into.len() > CHECKPOINTS_MAX {
            return Err(format!("more than {CHECKPOINTS_MAX} checkpoints").into());
        }
    }
    Ok(())
}

fn read_text(path: &Path, bytes_max: u64) -> Outcome<String> {
    let told = |error: io::Error| format!("reading {}: {error}", path.display());
    let bytes = fs::metadata(path).map_err(told)?.len();
    if bytes > bytes_max {
        return Err(format!("{}: longer than {bytes_max} bytes", path.display()).into());
    }
    Ok(fs::read_to_string(path).map_err(told)?)
}
