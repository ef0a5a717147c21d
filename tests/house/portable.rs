// SPDX-License-Identifier: Apache-2.0
//! Nothing in the repository depends on the machine or the mirror that it was written on.
//! No absolute path of a workstation, no host of a package registry; `Cargo.lock` is cargo's own.

use crate::source::numbered;
use crate::tree::{File, HERE, assert_bites, assert_none};

/// In pieces, so that this file does not contain what it looks for.
const PATHS: [[&str; 2]; 4] = [["/wo", "rk/"], ["/fa", "rm/"], ["/ro", "ot/"], ["/home", "/"]];
const HOSTS: [[&str; 2]; 9] = [
    ["index.cra", "tes.io"],
    ["static.cra", "tes.io"],
    ["registry.np", "mjs.org"],
    ["registry.yar", "npkg.com"],
    ["files.pyth", "onhosted.org"],
    ["py", "pi.org"],
    ["proxy.gol", "ang.org"],
    ["deb.deb", "ian.org"],
    ["/releases/", "download/"],
];

fn tied_to_a_machine(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.path != "Cargo.lock") {
        for (number, line) in numbered(&file.text) {
            for path in PATHS.map(|pieces| pieces.concat()) {
                if begins_a_path(line, &path) {
                    complaints.push(format!("{}:{number}: a machine's path: {path}", file.path));
                }
            }
            for host in HOSTS.map(|pieces| pieces.concat()) {
                if line.contains(&host) {
                    complaints.push(format!("{}:{number}: a registry's host: {host}", file.path));
                }
            }
        }
    }
    complaints
}

/// True when the pattern stands at the start of an absolute path and not inside a longer one.
fn begins_a_path(line: &str, pattern: &str) -> bool {
    line.match_indices(pattern).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|letter| !letter.is_alphanumeric() && !"._-}/*~".contains(letter))
    })
}

#[test]
fn no_file_names_a_path_or_a_registry_of_the_machine_it_was_written_on() {
    assert_none(&tied_to_a_machine(&HERE.files));
}

#[test]
fn a_planted_machine_path_and_registry_are_named() {
    let text = format!("ok\nsee {}\nfrom https://{}/x\n", PATHS[0].concat(), HOSTS[2].concat());
    let said = tied_to_a_machine(&[File::new("README.md", &text)]);
    assert_bites(&said, &["README.md:2", "README.md:3"]);
    let relative = format!("GET /v1{}item\n", PATHS[0].concat());
    assert_none(&tied_to_a_machine(&[File::new("README.md", &relative)]));
}
