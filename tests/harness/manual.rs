// SPDX-License-Identifier: Apache-2.0
//! Runs a page of the manual: its commands in their order in a fresh folder, and what it shows as
//! output is held against what they print.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

use crate::{processes, programs};

/// Between the outputs of two blocks.
const MARK: &str = "---- the next block of the manual ----";
/// Stands for what differs from run to run.
const ANYTHING: &str = "…";
/// Fewer blocks than these are no page of commands.
const BLOCKS_MIN: usize = 4;

/// A block of commands, and the lines that the page says they print.
#[derive(Debug, Default)]
pub struct Block {
    line: usize,
    pub commands: String,
    pub printed: Vec<String>,
}

/// The ```sh blocks of a page; a ```text block right after one is its output.
pub fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut inside: Option<&str> = None;
    let mut follows = false;
    for (number, line) in page.lines().enumerate() {
        match (inside, line.strip_prefix("```")) {
            (None, Some("sh")) => {
                blocks.push(Block { line: number + 1, ..Block::default() });
                inside = Some("sh");
            }
            (None, Some("text")) if follows => inside = Some("text"),
            (None, Some(_)) => inside = Some("other"),
            (Some(kind), Some("")) => {
                follows = kind == "sh";
                inside = None;
            }
            (Some("sh"), _) => {
                if let Some(block) = blocks.last_mut() {
                    block.commands += line;
                    block.commands.push('\n');
                }
            }
            (Some("text"), _) => {
                if let Some(block) = blocks.last_mut() {
                    block.printed.push(line.to_owned());
                }
            }
            (None, None) if !line.is_empty() => follows = false,
            (_, _) => {}
        }
    }
    blocks
}

/// Whether a line says what the page says, with anything in place of each `…`.
pub fn says(line: &str, shown: &str) -> bool {
    let mut rest = line;
    for (at, piece) in shown.split(ANYTHING).enumerate() {
        let Some(found) = rest.find(piece) else { return false };
        if at == 0 && found > 0 && !shown.starts_with('"') {
            return false;
        }
        rest = &rest[found + piece.len()..];
    }
    true
}

/// Ports of our own in place of those that the page names: the only change.
fn on_free_ports(text: &str, [http, erp]: [u16; 2]) -> String {
    let ports = format!(" --listen 127.0.0.1:{http} --erp-listen 127.0.0.1:{erp}");
    let with_ports = |line: &str| match line.split_once("revbridge init ") {
        Some((before, rest)) => {
            let end = rest.find([' ', ';', '&']).unwrap_or(rest.len());
            format!("{before}revbridge init {}{ports}{}", &rest[..end], &rest[end..])
        }
        None => line
            .replace("127.0.0.1:8080", &format!("127.0.0.1:{http}"))
            .replace("127.0.0.1:9090", &format!("127.0.0.1:{erp}")),
    };
    text.lines().map(with_ports).collect::<Vec<_>>().join("\n")
}

/// A folder for the PATH: empty, or with something that stands in for curl where there is none.
fn tools() -> anyhow::Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    let is_there = Command::new("curl").arg("--version").output().is_ok();
    if !is_there {
        crate::say!("there is no curl on this machine: the manual is run with a stand-in");
        let script = folder.path().join("curl");
        std::fs::write(&script, include_str!("manual/curl.py"))?;
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(folder)
}

/// A page as the program prints it.
pub fn page(name: &str) -> anyhow::Result<String> {
    let printed = Command::new(programs::binary("revbridge")?).args(["manual", name]).output()?;
    ensure!(printed.status.success(), "there is no page {name}");
    Ok(String::from_utf8(printed.stdout)?)
}

/// Runs the commands of a page in this folder, with this added to their environment. After it returns
/// each block has printed what the page shows; all that was printed comes back.
pub fn run(name: &str, folder: &Path, environment: &[(String, String)]) -> anyhow::Result<String> {
    let page = page(name)?;
    let blocks = blocks(&page);
    ensure!(blocks.len() >= BLOCKS_MIN, "{name} has no commands");
    let ports = [processes::free_port()?.port(), processes::free_port()?.port()];
    // What the page starts in the background ends with the shell.
    let mut script = String::from("set -eu\ntrap 'kill $(jobs -p); wait' EXIT\n");
    for block in &blocks {
        script += &on_free_ports(&block.commands, ports);
        script += &format!("\necho '{MARK}'\n");
    }
    let binary = programs::binary("revbridge")?;
    let bin = binary.parent().context("a program lies in a folder")?;
    let tools = tools()?;
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{}:{path}", bin.display(), tools.path().display());
    let ran = Command::new("bash")
        .args(["-c", &format!("exec 2>&1\n{script}")])
        .env("PATH", path)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()?;
    let printed = String::from_utf8_lossy(&ran.stdout).into_owned();
    ensure!(ran.status.success(), "{name} ended with {}: {printed}", ran.status);
    for (block, output) in blocks.iter().zip(printed.split(MARK)) {
        for shown in &block.printed {
            ensure!(
                output.lines().any(|line| says(line, shown)),
                "{name}, line {}: it shows\n{shown}\nand prints\n{output}",
                block.line
            );
        }
    }
    Ok(printed)
}
