// SPDX-License-Identifier: Apache-2.0
//! No Rust file is longer than the norm; the list of exceptions may only shrink.
//! An entry that is no longer needed, or that has grown, fails as well.

use std::collections::BTreeMap;

use crate::tree::{File, HERE, assert_bites, assert_none};

const LINES_MAX: usize = 500;
const LIST: &str = "tests/house/long_files.txt";

/// Lower this with the list; it never rises.
const EXCEPTIONS: usize = 0;

fn overlong(files: &[File], exceptions: &BTreeMap<String, usize>) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.has_extension("rs")) {
        let lines = file.text.lines().count();
        let limit = exceptions.get(&file.path).copied().unwrap_or(LINES_MAX);
        if lines > limit {
            complaints.push(format!("{}: {lines} lines, at most {limit}: split it", file.path));
        } else if limit > LINES_MAX && lines <= LINES_MAX {
            complaints.push(format!("{LIST}: {} is {lines} lines now, take it out", file.path));
        } else if lines < limit && limit > LINES_MAX {
            complaints.push(format!("{LIST}: lower {} to {lines}", file.path));
        }
    }
    for path in exceptions.keys() {
        if !files.iter().any(|file| &file.path == path) {
            complaints.push(format!("{LIST}: {path} does not exist, take it out"));
        }
    }
    complaints
}

fn read_exceptions(list: &str) -> BTreeMap<String, usize> {
    list.lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| {
            let (path, lines) = line.rsplit_once(' ').expect("a line is: path, space, lines");
            (path.trim().to_owned(), lines.parse().expect("lines is a number"))
        })
        .collect()
}

fn exceptions_here() -> BTreeMap<String, usize> {
    let list = HERE.files.iter().find(|file| file.path == LIST);
    read_exceptions(&list.expect("the list of long files exists").text)
}

#[test]
fn no_rust_file_is_longer_than_five_hundred_lines() {
    assert_none(&overlong(&HERE.files, &exceptions_here()));
}

/// Equal, not at most: a list that has shrunk takes its number down with it.
#[test]
fn the_list_of_long_files_is_as_long_as_recorded_and_the_record_only_falls() {
    assert_eq!(exceptions_here().len(), EXCEPTIONS, "{LIST} against EXCEPTIONS in tests/house");
}

#[test]
fn a_planted_long_file_is_named() {
    let long = File::new("crates/store/src/everything.rs", &"// line\n".repeat(501));
    assert_bites(&overlong(&[long], &BTreeMap::new()), &["crates/store/src/everything.rs", "501"]);
}

#[test]
fn an_exception_that_grew_shrank_or_vanished_is_named() {
    let exceptions = read_exceptions("# why\na.rs 600\nb.rs 600\nc.rs 600\nd.rs 600\n");
    let file = |path, lines| File::new(path, &"// line\n".repeat(lines));
    let files = [file("a.rs", 601), file("b.rs", 400), file("c.rs", 590)];
    let said = overlong(&files, &exceptions);
    assert_bites(&said, &["a.rs: 601", "b.rs is 400", "lower c.rs to 590", "d.rs does not exist"]);
}
