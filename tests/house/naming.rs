// SPDX-License-Identifier: Apache-2.0
//! Names that say nothing are banned, as file, folder and module; `foo.rs` + `foo/`, never `mod.rs`.
//! A test is named as a sentence.

use crate::source::{Parts, numbered, words};
use crate::tree::{File, HERE, assert_bites, assert_none};

const EMPTY_NAMES: [&str; 8] =
    ["common", "utils", "util", "helpers", "helper", "manager", "managers", "misc"];

fn empty_names(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.has_extension("rs")) {
        for part in file.path.split('/') {
            let name = part.strip_suffix(".rs").unwrap_or(part);
            if EMPTY_NAMES.contains(&name) {
                complaints.push(format!("{}: `{name}` says nothing, name its purpose", file.path));
            }
        }
        if file.path.ends_with("/mod.rs") {
            complaints.push(format!("{}: write `foo.rs` beside `foo/`", file.path));
        }
        for (number, line) in numbered(&Parts::of(&file.text).code) {
            let mut previous = "";
            for word in words(line) {
                if previous == "mod" && EMPTY_NAMES.contains(&word) {
                    complaints.push(format!("{}:{number}: module `{word}`", file.path));
                }
                previous = word;
            }
        }
    }
    complaints
}

fn test_prefixes(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.has_extension("rs")) {
        let code = Parts::of(&file.text).code;
        let mut follows_attribute = false;
        for (number, line) in numbered(&code) {
            let line = line.trim();
            if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                follows_attribute = true;
            } else if let Some((_, rest)) = line.split_once("fn ") {
                let name = words(rest).next().unwrap_or_default();
                let in_macro = rest.starts_with('$');
                let is_sentence = in_macro || name.contains('_') && !name.starts_with("test_");
                if follows_attribute && !is_sentence {
                    complaints.push(format!("{}:{number}: `{name}` is no sentence", file.path));
                }
                follows_attribute = false;
            }
        }
    }
    complaints
}

#[test]
fn no_file_folder_or_module_has_a_name_that_says_nothing() {
    assert_none(&empty_names(&HERE.files));
}

#[test]
fn every_test_is_named_as_a_sentence() {
    assert_none(&test_prefixes(&HERE.files));
}

#[test]
fn planted_empty_names_are_named() {
    let files = [
        File::new("crates/store/src/utils.rs", ""),
        File::new("crates/store/src/helpers/dates.rs", ""),
        File::new("crates/store/src/row/mod.rs", ""),
        File::new("crates/store/src/lib.rs", "pub mod common;\n"),
    ];
    let said = empty_names(&files);
    assert_bites(&said, &["utils.rs", "helpers/dates.rs", "row/mod.rs", "lib.rs:1"]);
}

#[test]
fn planted_test_names_that_are_no_sentences_are_named() {
    let attribute = ["#[", "test]"].concat();
    let text = format!("{attribute}\nfn test_posting() {{}}\n{attribute}\nfn works() {{}}\n");
    let said = test_prefixes(&[File::new("crates/store/src/tests.rs", &text)]);
    assert_bites(&said, &["tests.rs:2: `test_posting`", "tests.rs:4: `works`"]);
}
