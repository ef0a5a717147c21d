// SPDX-License-Identifier: Apache-2.0
//! The coverage table of `tests/README.md`: every capability has its row, and what a row names exists.
//! The number of rows that say *not yet* may only shrink.

use std::collections::BTreeMap;

use crate::map::{rows, ticked};
use crate::tree::{File, HERE, assert_bites, assert_none};

const PAGE: &str = "tests/README.md";
const COUNT: &str = "tests/house/not_yet.txt";
const NOT_YET: &str = "*not yet*";

/// The letter of a group and how many ids it has.
const GROUPS: [(char, usize); 11] = [
    ('P', 6),
    ('D', 13),
    ('L', 10),
    ('M', 14),
    ('S', 12),
    ('Z', 11),
    ('G', 14),
    ('V', 17),
    ('X', 14),
    ('E', 8),
    ('F', 8),
];

fn ids() -> impl Iterator<Item = String> {
    GROUPS.iter().flat_map(|(letter, count)| (1..=*count).map(move |n| format!("{letter}{n}")))
}

/// Id → what shows it, from every table of the page.
fn shown_by(page: &str) -> Vec<(String, String)> {
    let known: Vec<String> = ids().collect();
    page.lines()
        .filter(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>())
        .filter(|cells| cells.len() == 3 && known.iter().any(|id| id == cells[0]))
        .map(|cells| (cells[0].to_owned(), cells[2].to_owned()))
        .collect()
}

fn wrong_rows(page: &str, files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (id, shown) in shown_by(page) {
        *seen.entry(id.clone()).or_default() += 1;
        let named = ticked(&shown);
        if named.is_empty() && shown != NOT_YET {
            complaints.push(format!("{PAGE}: {id} names no test, no page and not {NOT_YET}"));
        }
        if !named.is_empty() && shown.contains(NOT_YET) {
            complaints.push(format!("{PAGE}: {id} is shown and {NOT_YET} at once"));
        }
        let dead = named.iter().filter(|name| !resolves(name, files));
        complaints.extend(dead.map(|name| format!("{PAGE}: {id} names `{name}`: not found")));
    }
    for id in ids() {
        match seen.get(&id) {
            Some(1) => {}
            Some(_) => complaints.push(format!("{PAGE}: {id} has more than one row")),
            None => complaints.push(format!("{PAGE}: {id} has no row")),
        }
    }
    complaints
}

/// `path` is a file; `path::name` is a function in it that carries a test attribute.
fn resolves(name: &str, files: &[File]) -> bool {
    let (path, function) = name.split_once("::").unwrap_or((name, ""));
    let Some(file) = files.iter().find(|file| file.path == path) else { return false };
    function.is_empty() || is_test(&file.text, function)
}

fn is_test(text: &str, function: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let signature = format!("fn {function}(");
    let Some(at) = lines.iter().position(|line| line.contains(&signature)) else { return false };
    lines[..at]
        .iter()
        .rev()
        .take(6)
        .take_while(|line| !line.ends_with('}'))
        .any(|line| line.starts_with("#[test") || line.starts_with("#[tokio::test"))
}

fn count_complaint(page: &str, recorded: usize) -> Vec<String> {
    let found = shown_by(page).iter().filter(|(_, shown)| shown == NOT_YET).count();
    if found > recorded {
        return vec![format!("{PAGE}: {found} rows say {NOT_YET}, {COUNT} allows {recorded}")];
    }
    if found < recorded {
        return vec![format!("{COUNT}: {found} rows are left, write {found} for {recorded}")];
    }
    Vec::new()
}

fn text_here(path: &str) -> &'static str {
    let file = HERE.files.iter().find(|file| file.path == path);
    &file.unwrap_or_else(|| panic!("{path} exists")).text
}

#[test]
fn every_capability_has_one_row_and_what_it_names_exists() {
    assert_none(&wrong_rows(text_here(PAGE), &HERE.files));
}

#[test]
fn the_number_of_capabilities_not_yet_shown_only_shrinks() {
    let recorded = text_here(COUNT).trim().parse().expect("not_yet.txt holds one number");
    assert_none(&count_complaint(text_here(PAGE), recorded));
}

#[test]
fn the_groups_add_up_to_the_whole_list() {
    assert_eq!(ids().count(), 127);
}

#[cfg(test)]
fn page_without(missing: &str, shown: &str) -> String {
    let head = "| id | what it shows | shown by |\n|---|---|---|\n".to_owned();
    ids()
        .filter(|id| id != missing)
        .fold(head, |page, id| page + &format!("| {id} | x | {shown} |\n"))
}

#[test]
fn a_planted_missing_row_is_named() {
    assert_bites(&wrong_rows(&page_without("M9", NOT_YET), &[]), &["M9 has no row"]);
    assert_eq!(rows(&page_without("M9", NOT_YET), "| id | what").len(), 126);
}

#[test]
fn a_planted_row_that_names_a_test_which_is_gone_is_named() {
    let attribute = ["#[", "test]"].concat();
    let text = format!("{attribute}\nfn money_is_kept() {{\n}}\n\nfn no_test() {{\n}}\n");
    let files = [File::new("tests/it/money.rs", &text)];
    assert_none(&wrong_rows(&page_without("", "`tests/it/money.rs::money_is_kept`"), &files));
    let gone = page_without("", "`tests/it/money.rs::money_is_lost`");
    assert_bites(&wrong_rows(&gone, &files), &["P1 names `tests/it/money.rs::money_is_lost`"]);
    let unmarked = page_without("", "`tests/it/money.rs::no_test`");
    assert_bites(&wrong_rows(&unmarked, &files), &["F8 names `tests/it/money.rs::no_test`"]);
}

#[test]
fn more_and_fewer_rows_not_yet_shown_than_recorded_are_both_named() {
    let page = page_without("", NOT_YET);
    assert_bites(&count_complaint(&page, 100), &["127 rows say", "allows 100"]);
    assert_bites(&count_complaint(&page, 128), &["write 127 for 128"]);
    assert_none(&count_complaint(&page, 127));
}
