// SPDX-License-Identifier: Apache-2.0
//! Setting up on the real ERP: `check-config --connect` says whether it can be posted to, and where
//! our files and its chart do not speak of the same things.

use std::path::Path;
use std::process::Command;

use simulator::day;
use tests::programs;
use tests::tryton::Books;

use crate::erp::{books, config};

/// An installation with the reference files of the generated day, posting to these books.
fn installation(home: &Path, books: &Books) {
    let made = home.join("day");
    day::write(&made, &config()).expect("a day");
    let text = format!(
        "tenant = \"live\"\ndata_dir = \"data\"\n[reference]\ndir = \"day/reference\"\n[[erp]]\n\
         name = \"books\"\nkind = \"tryton\"\nurl = \"{}\"\nreach = \"loopback\"\nkey = {{ file = \"{}\" }}\n\
         contra_types = [\"Contra assets\", \"Contra revenue\"]\nsettle_ms = 120000\n\
         [posting]\nerp_call_ms_max = 60000\nlease_ms = 120000\n",
        books.url,
        books.key_file.display()
    );
    std::fs::write(home.join("revbridge.toml"), text).expect("it can be written");
}

fn check(home: &Path) -> (bool, String) {
    let binary = programs::binary("revbridge").expect("it is built");
    let ran = Command::new(binary)
        .args(["check-config", "--connect"])
        .current_dir(home)
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&ran.stdout).into_owned();
    (ran.status.success(), text + &String::from_utf8_lossy(&ran.stderr))
}

#[test]
fn the_check_says_of_the_real_erp_what_can_be_posted_and_what_it_does_not_know() {
    let books = books("setup");
    let home = tempfile::tempdir().expect("a folder");
    installation(home.path(), &books);
    let (sound, said) = check(home.path());
    assert!(sound, "{said}");
    assert!(said.contains("ok: erp books: answers; posts in mode create-then-post"), "{said}");
    assert!(said.contains("day/reference: know the same"), "{said}");

    let accounts = home.path().join("day/reference/accounts.csv");
    let chart = std::fs::read_to_string(&accounts).expect("a chart");
    let first = chart.lines().nth(1).expect("a line").to_owned();
    let mut columns: Vec<&str> = first.split(',').collect();
    columns[1] = "no-such-account";
    std::fs::write(&accounts, chart.replacen(&first, &columns.join(","), 1)).expect("written");
    let (sound, said) = check(home.path());
    assert!(sound, "a warning is no error: {said}");
    assert!(said.contains("accounts that books does not have: no-such-account"), "{said}");

    std::fs::write(&books.key_file, "0".repeat(64)).expect("another key");
    let (sound, said) = check(home.path());
    assert!(!sound && said.contains("failed: erp books"), "{said}");
    assert!(said.contains("cure: check its url and credentials"), "{said}");
}
