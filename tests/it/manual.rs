// SPDX-License-Identifier: Apache-2.0
//! The manual tells the truth: the commands of its pages are run in their order in a fresh folder, and
//! what a page shows as output is what they print.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use tests::programs;

/// Pages whose ```sh blocks are commands for one shell.
const RUNNABLE: [&str; 3] = ["first-day", "api", "operating"];
/// Between the outputs of two blocks.
const MARK: &str = "---- the next block of the manual ----";
/// Stands for what differs from run to run.
const ANYTHING: &str = "…";

/// A block of commands, and the lines that the page says they print.
#[derive(Debug, Default)]
struct Block {
    line: usize,
    commands: String,
    printed: Vec<String>,
}

/// The ```sh blocks of a page; a ```text block right after one is its output.
fn blocks(page: &str) -> Vec<Block> {
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
                let block = blocks.last_mut().expect("it has begun");
                block.commands += line;
                block.commands.push('\n');
            }
            (Some("text"), _) => {
                let block = blocks.last_mut().expect("it has begun");
                block.printed.push(line.to_owned());
            }
            (None, None) if !line.is_empty() => follows = false,
            (_, _) => {}
        }
    }
    blocks
}

/// Whether a line says what the page says, with anything in place of each `…`.
fn says(line: &str, shown: &str) -> bool {
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
fn tools() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let is_there = Command::new("curl").arg("--version").output().is_ok();
    if !is_there {
        tests::say!("there is no curl on this machine: the manual is run with a stand-in");
        let script = folder.path().join("curl");
        std::fs::write(&script, include_str!("manual/curl.py")).expect("written");
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&script, mode).expect("it may be run");
    }
    folder
}

fn run(name: &str, folder: &Path) {
    let binary = programs::binary("revbridge").expect("it is built");
    let page = Command::new(&binary).args(["manual", name]).output().expect("it runs").stdout;
    let blocks = blocks(&String::from_utf8(page).expect("text"));
    assert!(blocks.len() > 3, "{name} has commands");
    let port = || tests::processes::free_port().expect("a free port").port();
    let ports = [port(), port()];
    // What the page starts in the background ends with the shell.
    let mut script = String::from("set -eu\ntrap 'kill $(jobs -p); wait' EXIT\n");
    for block in &blocks {
        script += &on_free_ports(&block.commands, ports);
        script += &format!("\necho '{MARK}'\n");
    }
    let bin = binary.parent().expect("a folder");
    let tools = tools();
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{}:{path}", bin.display(), tools.path().display());
    let ran = Command::new("bash")
        .args(["-c", &format!("exec 2>&1\n{script}")])
        .env("PATH", path)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("bash runs");
    let printed = String::from_utf8_lossy(&ran.stdout);
    let outputs: Vec<&str> = printed.split(MARK).collect();
    assert!(ran.status.success(), "{name} ended with {}: {printed}", ran.status);
    for (block, output) in blocks.iter().zip(outputs) {
        for shown in &block.printed {
            assert!(
                output.lines().any(|line| says(line, shown)),
                "{name}, line {}: it shows\n{shown}\nand prints\n{output}",
                block.line
            );
        }
    }
}

#[test]
fn the_commands_of_the_first_day_do_what_the_page_says() {
    let home = local_postgres::private_directory("rb-m-").expect("a private folder");
    run(RUNNABLE[0], home.path());
}

#[test]
fn the_commands_of_the_api_do_what_the_page_says() {
    let home = local_postgres::private_directory("rb-m-").expect("a private folder");
    run(RUNNABLE[1], home.path());
}

#[test]
fn the_commands_of_operating_it_do_what_the_page_says() {
    let home = local_postgres::private_directory("rb-m-").expect("a private folder");
    run(RUNNABLE[2], home.path());
}

#[test]
fn a_page_that_is_not_run_has_no_commands_to_run() {
    let binary = programs::binary("revbridge").expect("it is built");
    let list = Command::new(&binary).arg("manual").output().expect("it runs").stdout;
    let list = String::from_utf8(list).expect("text");
    let names = list.lines().take_while(|line| !line.is_empty());
    for name in names.filter_map(|line| line.split_whitespace().next()) {
        let page = Command::new(&binary).args(["manual", name]).output().expect("it runs").stdout;
        let blocks = blocks(&String::from_utf8(page).expect("text"));
        assert!(RUNNABLE.contains(&name) || blocks.is_empty(), "{name} has commands: {blocks:?}");
    }
}

#[test]
fn the_page_is_held_against_what_is_printed() {
    assert!(says("RB-12,held,,", "RB-…,held"));
    assert!(!says("RB-12,posted,,", "RB-…,held"));
    assert!(says("x", "…"));
    let page = "```sh\na\n```\n\n```text\nb\n```\nword\n```text\nc\n```\n";
    let found = blocks(page);
    assert_eq!((found.len(), found[0].commands.as_str()), (1, "a\n"));
    assert_eq!(found[0].printed, ["b"], "a block after words belongs to nobody");
}
