// SPDX-License-Identifier: Apache-2.0
//! A link inside the repository leads somewhere, and a command that a page names can be run.
//! Links to other sites are not followed.

use std::path::Path;

use crate::source::numbered;
use crate::tree::{File, HERE, assert_bites, assert_none};

fn dead_links(files: &[File], exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.has_extension("md")) {
        let folder = Path::new(&file.path).parent().unwrap_or(Path::new(""));
        for (number, line) in numbered(&file.text) {
            for target in targets(line) {
                let path = target.split('#').next().unwrap_or_default();
                let leads_out = path.contains("://") || path.starts_with("mailto:");
                if path.is_empty() || leads_out {
                    continue;
                }
                if !exists(&folder.join(path).to_string_lossy()) {
                    complaints.push(format!("{}:{number}: leads nowhere: {target}", file.path));
                }
            }
        }
    }
    complaints
}

/// What stands in `](…)`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

/// `revbridge NAME …` and `cargo xtask NAME …` between back-ticks or in an indented example.
fn unknown_commands(files: &[File], exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.has_extension("md")) {
        for (number, line) in numbered(&file.text) {
            for (program, folder) in [
                ("revbridge ", "crates/server/src/command/"),
                ("cargo xtask ", "crates/xtask/src/"),
            ] {
                for name in named_after(line, program) {
                    if !exists(&format!("{folder}{}.rs", name.replace('-', "_"))) {
                        complaints
                            .push(format!("{}:{number}: no command {program}{name}", file.path));
                    }
                }
            }
        }
    }
    complaints
}

/// The words that follow `program` where a command begins: after a back-tick, a prompt or nothing.
fn named_after<'a>(line: &'a str, program: &'a str) -> impl Iterator<Item = &'a str> {
    line.match_indices(program).filter_map(move |(at, _)| {
        let before = line[..at].trim_end_matches(['$', ' ']);
        let begins = before.is_empty() || before.ends_with('`');
        let name = line[at + program.len()..].split(|c: char| !c.is_alphanumeric() && c != '-');
        let name = name.into_iter().next().unwrap_or_default();
        let is_name = name.starts_with(|c: char| c.is_ascii_lowercase());
        Some(name).filter(|_| begins && is_name)
    })
}

#[test]
fn every_command_that_a_page_names_can_be_run() {
    assert_none(&unknown_commands(&HERE.files, |path| HERE.root.join(path).exists()));
}

#[test]
fn a_planted_command_that_nobody_wrote_is_named() {
    let text = "Run `revbridge serve --x` or `revbridge fix-books`.\ncargo xtask sing  # aloud\n";
    let page = [File::new("README.md", text)];
    let said = unknown_commands(&page, |path| path.ends_with("/serve.rs"));
    assert_bites(&said, &["README.md:1: no command revbridge fix-books", "xtask sing"]);
    assert_eq!(said.len(), 2, "{said:?}");
}

#[test]
fn every_link_inside_the_repository_leads_somewhere() {
    assert_none(&dead_links(&HERE.files, |path| HERE.root.join(path).exists()));
}

#[test]
fn a_planted_dead_link_is_named_and_a_link_elsewhere_is_not() {
    let text = "ok\n[a](gone.md#top) [b](here.md) [c](https://example.org/x) [d](#part)\n";
    let said = dead_links(&[File::new("deploy/README.md", text)], |path| path == "deploy/here.md");
    assert_bites(&said, &["deploy/README.md:2: leads nowhere: gone.md#top"]);
    assert_eq!(said.len(), 1, "{said:?}");
}
