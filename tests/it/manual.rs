// SPDX-License-Identifier: Apache-2.0
//! The manual tells the truth: the commands of its pages are run in their order in a fresh folder, and
//! what a page shows as output is what they print.

use std::process::Command;

use tests::manual::{blocks, page, run, says};
use tests::programs;

/// Pages whose ```sh blocks are commands for one shell. The last needs a real ERP, and is run beside
/// one by the tests in `live`.
const RUNNABLE: [&str; 4] = ["first-day", "api", "operating", "tryton-day"];

fn run_here(name: &str) {
    let home = local_postgres::private_directory("rb-m-").expect("a private folder");
    run(name, home.path(), &[]).expect("what the page says");
}

#[test]
fn the_commands_of_the_first_day_do_what_the_page_says() {
    run_here(RUNNABLE[0]);
}

#[test]
fn the_commands_of_the_api_do_what_the_page_says() {
    run_here(RUNNABLE[1]);
}

#[test]
fn the_commands_of_operating_it_do_what_the_page_says() {
    run_here(RUNNABLE[2]);
}

#[test]
fn a_page_that_is_not_run_has_no_commands_to_run() {
    let binary = programs::binary("revbridge").expect("it is built");
    let list = Command::new(&binary).arg("manual").output().expect("it runs").stdout;
    let list = String::from_utf8(list).expect("text");
    let names = list.lines().take_while(|line| !line.is_empty());
    for name in names.filter_map(|line| line.split_whitespace().next()) {
        let blocks = blocks(&page(name).expect("a page"));
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
