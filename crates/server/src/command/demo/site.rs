// SPDX-License-Identifier: Apache-2.0
//! The private directory of a demonstration: reference data, inbox, configuration, and the
//! simulated ERP with its book.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail};
use model::money::decimal;
use simulator::day;
use tempfile::TempDir;
use time::Date;
use time::macros::date;

use super::{Demo, Progress};

/// The demonstration's open day: the same for everybody, so that figures can be compared.
const DAY: Date = date!(2026 - 11 - 20);
const ERP: &str = "revbridge-simulator-erp";

pub struct Site {
    home: Option<TempDir>,
    path: PathBuf,
    erp: Child,
    /// Files that `deliver` puts into the drop folder, with the names that they get there.
    files: Vec<(PathBuf, String)>,
    inbox: Inbox,
}

/// Where the files come from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inbox {
    Generated,
    Given,
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.erp.kill();
        let _ = self.erp.wait();
    }
}

impl Site {
    pub fn prepare(demo: &Demo, progress: &Progress) -> anyhow::Result<Self> {
        for file in &demo.files {
            if !file.is_file() {
                bail!("{} is not a file", file.display());
            }
        }
        let home = local_postgres::private_directory("rb-demo-")
            .map_err(|error| anyhow::anyhow!("a private directory: {error}"))?;
        let path = home.path().to_path_buf();
        let made = path.join("day");
        let plan = day::Config { claims: demo.claims, ..day::Config::new(demo.seed, DAY) };
        let summary = day::write(&made, &plan)?;
        let inbox = if demo.files.is_empty() { Inbox::Generated } else { Inbox::Given };
        if inbox == Inbox::Generated {
            progress.say(&format!(
                "a synthetic day: {} files, {} transaction sets, {} claims, {} received",
                summary.files,
                summary.sets,
                summary.claims,
                decimal(summary.received_cents)
            ));
        }
        let files = match inbox {
            Inbox::Generated => listed(&made.join("inbox"))?,
            Inbox::Given => numbered(&demo.files),
        };
        std::fs::create_dir_all(path.join("inbox"))?;
        let (erp, url) = start_erp(&path)?;
        progress.say(&format!("a simulated ERP listens on {url}"));
        write_config(&path, &url, inbox)?;
        Ok(Self { home: Some(home), path, erp, files, inbox })
    }

    pub fn config(&self) -> PathBuf {
        self.path.join("revbridge.toml")
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts the files into the drop folder, as a sender would: under another name until whole.
    pub fn deliver(&self) -> anyhow::Result<()> {
        let inbox = self.path.join("inbox");
        for (from, name) in &self.files {
            let part = inbox.join(format!("{name}.part"));
            std::fs::copy(from, &part).with_context(|| format!("copying {}", from.display()))?;
            std::fs::rename(&part, inbox.join(name))?;
        }
        Ok(())
    }

    /// Files still in the drop folder or in work.
    pub fn undelivered(&self) -> anyhow::Result<usize> {
        let inbox = self.path.join("inbox");
        let mut left = 0;
        for folder in [inbox.clone(), inbox.join(".working")] {
            for entry in std::fs::read_dir(folder)? {
                left += usize::from(entry?.file_type()?.is_file());
            }
        }
        Ok(left)
    }

    /// What the generator says must have become of its day.
    pub fn truth(&self) -> Option<PathBuf> {
        (self.inbox == Inbox::Generated).then(|| self.path.join("day/truth.json"))
    }

    pub fn end(mut self, keep: bool) -> anyhow::Result<()> {
        let Some(home) = self.home.take() else { return Ok(()) };
        if keep {
            println!("\nKept: {}", home.keep().display());
            return Ok(());
        }
        let path = home.path().to_path_buf();
        home.close().with_context(|| format!("removing {}", path.display()))
    }
}

fn listed(folder: &Path) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        files.push((entry.path(), entry.file_name().to_string_lossy().into_owned()));
    }
    files.sort();
    Ok(files)
}

/// Names of our own, so that two files of the same name do not meet.
fn numbered(files: &[PathBuf]) -> Vec<(PathBuf, String)> {
    let name = |number: usize| format!("{:05}.835", number + 1);
    files.iter().enumerate().map(|(number, file)| (file.clone(), name(number))).collect()
}

fn start_erp(home: &Path) -> anyhow::Result<(Child, String)> {
    let own = std::env::current_exe()?;
    let program = own.with_file_name(ERP);
    if !program.is_file() {
        bail!("{} is missing: cargo build --workspace --bins makes it", program.display());
    }
    let mut child = Command::new(&program)
        .args(["--mode", "create-then-post", "--lines-max", "5000", "--book"])
        .arg(home.join("erp.book"))
        .arg("--reference")
        .arg(home.join("day/erp-reference.json"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {}", program.display()))?;
    let output = child.stdout.take().context("its output is piped")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    let Some(address) = line.trim().strip_prefix("listening on ") else {
        let _ = child.kill();
        bail!("the simulated ERP did not start: {line}");
    };
    let url = format!("http://{address}");
    Ok((child, url))
}

/// The generated day has its opening balances and knows its payers; given files have neither.
fn write_config(home: &Path, erp: &str, inbox: Inbox) -> anyhow::Result<()> {
    let (opening, unknown) = match inbox {
        Inbox::Generated => ("opening = \"day/opening.csv\"\n", "unknown = \"hold\""),
        Inbox::Given => ("", "unknown = \"provisional\"\nprovisional_entity = \"LVH\""),
    };
    let text = format!(
        r#"# Written by `revbridge demo`. Paths are relative to this file.
tenant = "demo"
data_dir = "data"
{opening}
[http]
listen = "127.0.0.1:0"

[reference]
dir = "day/reference"
{unknown}

[[erp]]
name = "general-ledger"
kind = "simulator"
url = "{erp}"
# Nothing between here and there holds a request back for longer.
settle_ms = 2000

[posting]
erp_call_ms_max = 2000

[[source]]
name = "clearinghouse"
folder = "inbox"
quiet_ms = 100
poll_ms = 100
business_day = "{DAY}"
"#,
    );
    std::fs::write(home.join("revbridge.toml"), text)?;
    Ok(())
}
