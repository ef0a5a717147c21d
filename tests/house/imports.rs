// SPDX-License-Identifier: Apache-2.0
//! Who imports whom: every arrow between our crates must be in the map, in every section of a manifest.
//! The package `tests` may import all crates, and no crate may import it.

use std::collections::BTreeSet;

use crate::map::{Imports, Map};
use crate::tree::{Dependency, HERE, Package, assert_bites, assert_none};

/// One complaint per arrow that the map does not have.
fn forbidden_imports(map: &Map, packages: &[Package]) -> Vec<String> {
    let ours: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let mut complaints = Vec::new();
    for package in packages.iter().filter(|package| package.name != "tests") {
        for dependency in &package.dependencies {
            // A crate that switches on its own test features in [dev-dependencies] imports nothing.
            if !ours.contains(dependency.name.as_str()) || dependency.name == package.name {
                continue;
            }
            let in_tests = dependency.section == "dev-dependencies"
                && map.in_tests.get(&package.name).is_some_and(|n| n.contains(&dependency.name));
            if !in_tests && !allowed(map, &package.name, &dependency.name) {
                complaints.push(format!(
                    "{}/Cargo.toml [{}]: `{}` imports `{}`, which the map does not allow",
                    package.folder, dependency.section, package.name, dependency.name
                ));
            }
        }
    }
    complaints
}

fn allowed(map: &Map, from: &str, to: &str) -> bool {
    match map.imports.get(from) {
        Some(Imports::Only(names)) => names.contains(to),
        Some(Imports::AllBut(names)) => !names.contains(to) && to != "tests",
        None => false,
    }
}

/// An arrow in the map that makes a layer look sideways is wrong even when the table has it.
fn sideways_rows(map: &Map) -> Vec<String> {
    let mut complaints = Vec::new();
    for (from, imports) in &map.imports {
        let Imports::Only(names) = imports else { continue };
        for to in names {
            let sideways = ["system-", "process-"]
                .iter()
                .any(|layer| from.starts_with(layer) && to.starts_with(layer));
            if sideways {
                complaints.push(format!("crates/README.md: `{from}` may import `{to}`, sideways"));
            }
        }
    }
    complaints
}

#[test]
fn no_crate_imports_what_the_map_does_not_allow() {
    assert_none(&forbidden_imports(&Map::here(), &HERE.packages));
}

#[test]
fn the_map_allows_no_adapter_an_adapter_and_no_process_a_process() {
    assert_none(&sideways_rows(&Map::here()));
}

/// The gateway reaches the outside and the database over ports alone, or not at all.
#[test]
fn the_map_allows_the_experience_layer_no_store_no_system_and_no_process() {
    let map = Map::here();
    for (from, imports) in map.imports.iter().filter(|(from, _)| from.starts_with("experience-")) {
        let Imports::Only(names) = imports else {
            panic!("crates/README.md: `{from}` may import anything");
        };
        for to in names {
            let below = to == "store" || to.starts_with("system-") || to.starts_with("process-");
            assert!(!below, "crates/README.md: `{from}` may import `{to}`, past the ports");
        }
    }
}

#[cfg(test)]
fn planted(from: &str, section: &str, to: &str) -> Vec<Package> {
    let package = |name: &str, dependencies| Package {
        name: name.to_owned(),
        folder: format!("crates/{name}"),
        dependencies,
    };
    let arrow = Dependency { name: to.to_owned(), section: section.to_owned() };
    vec![package(from, vec![arrow]), package(to, Vec::new())]
}

#[test]
fn a_planted_sideways_import_is_named() {
    let said =
        forbidden_imports(&Map::here(), &planted("system-erp", "dependencies", "system-rcm"));
    assert_bites(&said, &["crates/system-erp/Cargo.toml", "`system-rcm`"]);
}

#[test]
fn a_planted_import_of_the_store_by_a_process_is_named_in_tests_of_its_own_too() {
    let packages = planted("process-oversight", "dev-dependencies", "store");
    let said = forbidden_imports(&Map::here(), &packages);
    assert_bites(&said, &["crates/process-oversight/Cargo.toml", "dev-dependencies", "`store`"]);
}

#[test]
fn what_tests_alone_may_import_is_refused_to_the_crate_itself() {
    let packages = planted("store", "dependencies", "local-postgres");
    let said = forbidden_imports(&Map::here(), &packages);
    assert_bites(&said, &["crates/store/Cargo.toml [dependencies]", "`local-postgres`"]);
    assert_none(&forbidden_imports(
        &Map::here(),
        &planted("store", "dev-dependencies", "local-postgres"),
    ));
}

#[test]
fn a_planted_import_by_the_server_of_the_developers_commands_is_named() {
    let said = forbidden_imports(&Map::here(), &planted("server", "dependencies", "xtask"));
    assert_bites(&said, &["crates/server/Cargo.toml", "`xtask`"]);
}

#[test]
fn a_planted_row_that_looks_sideways_is_named() {
    let page = "| crate | one purpose | may import | fenced library |\n|---|---|---|---|\n\
                | `process-a` | a | `model` `process-b` | – |\n";
    assert_bites(&sideways_rows(&Map::read(page)), &["`process-a`", "`process-b`"]);
}
