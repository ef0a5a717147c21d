// SPDX-License-Identifier: Apache-2.0
//! What may lie at the top of the repository: a reader sees the whole in one listing.
//! Dot-folders and `.gitignore` belong to tools and are free.

use crate::tree::{HERE, assert_bites, assert_none};

const ALLOWED: [&str; 14] = [
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "clippy.toml",
    "crates",
    "deny.toml",
    "deploy",
    "docker-compose.yml",
    "proto",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "tests",
];

const REQUIRED: [&str; 10] = [
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "clippy.toml",
    "crates",
    "deny.toml",
    "rustfmt.toml",
    "tests",
];

fn strangers(names: &[String]) -> Vec<String> {
    let extra = names
        .iter()
        .filter(|name| !name.starts_with('.') && !ALLOWED.contains(&name.as_str()))
        .map(|name| format!("{name}: does not belong at the top level"));
    let missing = REQUIRED
        .iter()
        .filter(|name| !names.iter().any(|found| found == **name))
        .map(|name| format!("{name}: is missing at the top level"));
    extra.chain(missing).collect()
}

#[test]
fn the_top_level_holds_what_is_listed_and_nothing_else() {
    assert_none(&strangers(&HERE.top_level));
}

#[test]
fn a_planted_stranger_and_a_missing_licence_are_named() {
    let names: Vec<String> = REQUIRED
        .iter()
        .filter(|name| **name != "LICENSE")
        .chain(&["notes.txt", ".github"])
        .map(|name| (*name).to_owned())
        .collect();
    let said = strangers(&names);
    assert_bites(&said, &["notes.txt: does not belong", "LICENSE: is missing"]);
    assert_eq!(said.len(), 2, "{said:?}");
}
