// SPDX-License-Identifier: Apache-2.0
//! Every exception code has its page and every page its code; the page is what finance reads when it happens.
//! Codes, owners and titles are read from the table in `model::exception`.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::numbered;
use crate::tree::{File, HERE, assert_bites, assert_none};

const SOURCE: &str = "crates/model/src/exception.rs";
const PAGES: &str = "crates/model/src/exception/";
const WORDS_MIN: usize = 20;
const HEADINGS: [&str; 3] = ["## What happened", "## Who owns it", "## What to do"];

/// One code of the table, with what its page must repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    owner: String,
    title: String,
}

/// The rows of `codes! { Name "CODE" Owner "title", … }`.
fn codes(source: &str) -> BTreeMap<String, Entry> {
    let table = source.split_once("\ncodes! {").map_or("", |(_, rest)| rest);
    let table = table.split_once("\n}").map_or(table, |(table, _)| table);
    table.lines().filter_map(entry).collect()
}

fn entry(line: &str) -> Option<(String, Entry)> {
    let pieces: Vec<&str> = line.trim().split('"').collect();
    let [_, code, owner, title, _] = pieces.as_slice() else { return None };
    let owner = spaced(owner.trim());
    Some(((*code).to_owned(), Entry { owner, title: (*title).to_owned() }))
}

/// `CashPosting` is written "Cash posting" on a page.
fn spaced(owner: &str) -> String {
    let mut words = String::new();
    for letter in owner.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
            words.extend(letter.to_lowercase());
        } else {
            words.push(letter);
        }
    }
    words
}

fn wrong_pages(files: &[File]) -> Vec<String> {
    let source = files.iter().find(|file| file.path == SOURCE);
    let codes = source.map(|file| codes(&file.text)).unwrap_or_default();
    if codes.is_empty() {
        return vec![format!("{SOURCE}: no codes found in the table `codes!`")];
    }
    let page_of = |file: &File| {
        let name = file.path.strip_prefix(PAGES)?.strip_suffix(".md")?;
        Some(name.to_owned())
    };
    let mut complaints = Vec::new();
    let mut found = BTreeSet::new();
    for file in files {
        let Some(code) = page_of(file) else { continue };
        match codes.get(&code) {
            Some(entry) => complaints.extend(faults_of_page(file, &code, entry)),
            None => complaints.push(format!("{}: no code of this name in {SOURCE}", file.path)),
        }
        found.insert(code);
    }
    for code in codes.keys().filter(|code| !found.contains(*code)) {
        complaints.push(format!("{PAGES}{code}.md: the code has no page"));
    }
    complaints
}

fn faults_of_page(file: &File, code: &str, entry: &Entry) -> Vec<String> {
    let mut complaints = Vec::new();
    let title = format!("# {code}: {}", entry.title);
    if file.text.lines().next() != Some(title.as_str()) {
        complaints.push(format!("{}:1: the title is not `{title}`", file.path));
    }
    let mut below = 0;
    for heading in HEADINGS {
        let at = numbered(&file.text).find(|(_, line)| *line == heading).map(|(number, _)| number);
        match at {
            Some(number) if number > below => below = number,
            Some(number) => complaints.push(format!("{}:{number}: out of order", file.path)),
            None => complaints.push(format!("{}: lacks `{heading}`", file.path)),
        }
        let text = file.text.split_once(heading).map_or("", |(_, rest)| rest);
        let text = text.split_once("\n## ").map_or(text, |(section, _)| section);
        if at.is_some() && text.trim().len() < WORDS_MIN {
            complaints.push(format!("{}: `{heading}` says next to nothing", file.path));
        }
        if heading == "## Who owns it" && !text.trim_start().starts_with(&entry.owner) {
            complaints.push(format!("{}: the owner is {}", file.path, entry.owner));
        }
    }
    complaints
}

#[test]
fn every_exception_code_has_a_page_and_every_page_a_code() {
    assert_none(&wrong_pages(&HERE.files));
}

#[cfg(test)]
fn planted(page: &str) -> Vec<String> {
    let source = "macro_rules! codes {\n    () => {};\n}\n\ncodes! {\n    \
                  Line \"BAL-L1\" PayerRelations \"A line\",\n    \
                  Same \"DUP\" CashPosting \"The same\",\n}\n\
                  const OTHER: (&str, &str) = (\"NOT-A-CODE\", \"x\");\n";
    wrong_pages(&[
        File::new(SOURCE, source),
        File::new("crates/model/src/exception/BAL-L1.md", page),
        File::new("crates/model/src/exception/GONE.md", page),
    ])
}

#[test]
fn a_planted_code_without_page_and_page_without_code_are_named() {
    let said = planted("# BAL-L1: A line\n");
    assert_bites(&said, &["exception/DUP.md: the code has no page", "exception/GONE.md: no code"]);
    assert!(!said.join("\n").contains("NOT-A-CODE"), "{said:?}");
}

#[test]
fn a_planted_page_without_title_heading_owner_or_words_is_named() {
    let page = "# BAL-L1: x\n\n## What happened\n\nShort.\n\n## Who owns it\n\nNobody.\n";
    let said = planted(page);
    assert_bites(&said, &["the title is not `# BAL-L1: A line`", "lacks `## What to do`"]);
    assert_bites(&said, &["`## What happened` says next to", "the owner is Payer relations"]);
}
