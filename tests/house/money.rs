// SPDX-License-Identifier: Apache-2.0
//! Money is never a float, and the model knows no clock.
//! Both are looked for in code alone: a comment may speak of what is absent.

use crate::source::{Parts, numbered, words};
use crate::tree::{File, HERE, assert_bites, assert_none};

/// Where amounts live; `process-*` is added by prefix.
const EXACT: [&str; 8] =
    ["model", "interchange", "posting", "store", "ports", "workflow", "intake", "system-erp"];

const CLOCKS: [&str; 7] =
    ["now_utc", "now_local", "now_v7", "SystemTime", "Instant", "now", "elapsed"];

fn floats(files: &[File]) -> Vec<String> {
    let exact = |file: &&File| {
        let package = file.package().unwrap_or_default();
        EXACT.contains(&package) || package.starts_with("process-")
    };
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.has_extension("rs")).filter(exact) {
        for (number, line) in numbered(&Parts::of(&file.text).code) {
            let is_float = |word: &str| ["f32", "f64"].iter().any(|float| ends_as(word, float));
            if words(line).any(is_float) {
                complaints.push(format!("{}:{number}: a float: {}", file.path, line.trim()));
            }
        }
    }
    complaints
}

/// `f64`, `as_f64` and `1.0f64` alike.
fn ends_as(word: &str, float: &str) -> bool {
    word.strip_suffix(float).is_some_and(|rest| {
        rest.is_empty() || rest.ends_with('_') || rest.ends_with(|c: char| c.is_ascii_digit())
    })
}

fn clocks_in_the_model(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    let model = files.iter().filter(|file| file.package() == Some("model"));
    for file in model.filter(|file| file.has_extension("rs")) {
        for (number, line) in numbered(&Parts::of(&file.text).code) {
            if let Some(word) = words(line).find(|word| CLOCKS.contains(word)) {
                complaints.push(format!("{}:{number}: the model reads a clock: {word}", file.path));
            }
        }
    }
    complaints
}

#[test]
fn no_float_occurs_where_money_lives() {
    assert_none(&floats(&HERE.files));
}

#[test]
fn the_model_has_no_clock() {
    assert_none(&clocks_in_the_model(&HERE.files));
}

#[test]
fn planted_floats_are_named_and_words_about_them_are_not() {
    let bad = File::new("crates/posting/src/a.rs", "let x: f64 = 1.0;\n");
    let cast = File::new("crates/process-x/src/b.rs", "// why\nlet y = v.as_f64();\n");
    let said = floats(&[bad, cast]);
    assert_bites(&said, &["crates/posting/src/a.rs:1", "crates/process-x/src/b.rs:2"]);
    let words = File::new("crates/model/src/c.rs", "//! Never f64.\nlet z = \"f64\";\n");
    let elsewhere = File::new("crates/simulator/src/d.rs", "let load: f64 = 1.0;\n");
    assert_none(&floats(&[words, elsewhere]));
}

#[test]
fn a_planted_clock_in_the_model_is_named() {
    let file = File::new("crates/model/src/day.rs", "\nlet t = OffsetDateTime::now_utc();\n");
    assert_bites(&clocks_in_the_model(&[file]), &["crates/model/src/day.rs:2", "now_utc"]);
}
