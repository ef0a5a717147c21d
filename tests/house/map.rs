// SPDX-License-Identifier: Apache-2.0
//! The tables of `crates/README.md` as values: who may import whom, which library belongs where.
//! The page is the rule; this file only reads it.

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::{HERE, assert_bites, assert_none};

pub const PAGE: &str = "crates/README.md";

/// What one crate may import from the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imports {
    Only(BTreeSet<String>),
    AllBut(BTreeSet<String>),
}

#[derive(Clone, Debug, Default)]
pub struct Map {
    pub imports: BTreeMap<String, Imports>,
    /// Crate → what its tests may import besides.
    pub in_tests: BTreeMap<String, BTreeSet<String>>,
    /// Library → the crates that may depend on it, all others not.
    pub only_in: BTreeMap<String, BTreeSet<String>>,
    /// Library → crates that must have it: their way of doing that work is decided.
    pub direct_in: BTreeMap<String, BTreeSet<String>>,
    /// Library → the crates that may not depend on it, all others may.
    pub never_in: BTreeMap<String, BTreeSet<String>>,
}

impl Map {
    pub fn read(page: &str) -> Self {
        let mut map = Self::default();
        for row in rows(page, "| crate | one purpose | may import |") {
            let allowed = ticked(&row[2]);
            let imports = if row[2].starts_with("all but") {
                Imports::AllBut(allowed)
            } else {
                Imports::Only(allowed)
            };
            map.imports.extend(ticked(&row[0]).into_iter().map(|name| (name, imports.clone())));
        }
        map.in_tests = pairs(page, "| crate | its tests may also import |");
        map.only_in = pairs(page, "| library | only in |");
        map.direct_in = pairs(page, "| library | is a direct dependency of |");
        map.never_in = pairs(page, "| library | never in |");
        map
    }

    pub fn here() -> Self {
        let page = HERE.files.iter().find(|file| file.path == PAGE);
        Self::read(&page.expect("crates/README.md is the map").text)
    }
}

fn pairs(page: &str, head: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    for row in rows(page, head) {
        for name in ticked(&row[0]) {
            found.insert(name, ticked(&row[1]));
        }
    }
    found
}

/// The cells of every row of the table whose head line begins with `head`.
pub fn rows(page: &str, head: &str) -> Vec<Vec<String>> {
    page.lines()
        .skip_while(|line| !line.starts_with(head))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
            inner.split('|').map(|cell| cell.trim().to_owned()).collect()
        })
        .collect()
}

/// The words between back-ticks.
pub fn ticked(cell: &str) -> BTreeSet<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The table and the folders say the same.
fn unmapped(map: &Map, packages: &[String]) -> Vec<String> {
    let mut complaints = Vec::new();
    for name in packages {
        if !map.imports.contains_key(name) {
            complaints.push(format!("{PAGE}: the crate `{name}` exists and has no row"));
        }
    }
    for name in map.imports.keys() {
        if !packages.contains(name) {
            complaints.push(format!("{PAGE}: the row `{name}` names a crate that does not exist"));
        }
    }
    complaints
}

#[test]
fn every_crate_has_a_row_in_the_map_and_every_row_a_crate() {
    let names: Vec<String> = HERE
        .packages
        .iter()
        .filter(|package| package.folder.starts_with("crates/"))
        .map(|package| package.name.clone())
        .collect();
    assert_none(&unmapped(&Map::here(), &names));
}

#[test]
fn a_crate_is_named_like_its_folder() {
    let complaints: Vec<String> = HERE
        .packages
        .iter()
        .filter(|package| package.folder != "tests")
        .filter(|package| package.folder != format!("crates/{}", package.name))
        .map(|package| format!("{}: the crate in it is named `{}`", package.folder, package.name))
        .collect();
    assert_none(&complaints);
}

#[test]
fn a_crate_without_a_row_and_a_row_without_a_crate_are_noticed() {
    let page = "| crate | one purpose | may import | fenced library |\n|---|---|---|---|\n\
                | `model` | nouns | – | – |\n| `ghost` | none | `model` | – |\n";
    let said = unmapped(&Map::read(page), &["model".to_owned(), "stray".to_owned()]);
    assert_bites(&said, &["`ghost`", "`stray`"]);
}
