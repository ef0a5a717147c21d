// SPDX-License-Identifier: Apache-2.0
//! What is deliberately absent: SQL outside the store, printing outside the commands, a vendor in a process.
//! Each absence is looked for in the text of the files and complained of by line.

use crate::source::{Parts, numbered, words};
use crate::tree::{File, HERE, assert_bites, assert_none};

const VENDORS: [&str; 7] = ["tryton", "oracle", "workday", "netsuite", "sap", "simulator", "odoo"];

/// The beginnings of statements, in the lower case that the store writes them in.
const STATEMENTS: [&str; 10] = [
    "select ",
    "insert into ",
    "delete from ",
    "create table ",
    "alter table ",
    "create index ",
    "create schema ",
    "drop table ",
    "truncate ",
    "with recursive ",
];

fn rust(files: &[File]) -> impl Iterator<Item = &File> {
    files.iter().filter(|file| file.has_extension("rs"))
}

fn sql_outside_the_store(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in rust(files).filter(|file| !may_hold_sql(file)) {
        let parts = Parts::of(&file.text);
        for (number, line) in numbered(&parts.code) {
            if words(line).any(|word| word == "sqlx") {
                complaints.push(format!("{}:{number}: the database driver", file.path));
            }
        }
        for (number, line) in numbered(&parts.strings) {
            // Only where a literal begins: a sentence may contain the words.
            let begins = line.split('"').skip(1).step_by(2).map(|text| text.trim().to_lowercase());
            let is_statement = |text: String| {
                let starts = STATEMENTS.iter().any(|statement| text.starts_with(statement));
                starts
                    && (!text.starts_with("select ") || text.contains(" from ") || text.len() < 16)
            };
            if begins.into_iter().any(is_statement) {
                complaints.push(format!("{}:{number}: a statement: {}", file.path, line.trim()));
            }
        }
    }
    complaints
}

/// The store, the scenarios over the whole product, and the tests of the cluster that the store runs on.
fn may_hold_sql(file: &File) -> bool {
    let package = file.package();
    matches!(package, Some("store" | "tests"))
        || (package == Some("local-postgres") && file.path.contains("/tests"))
}

fn printing(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in rust(files) {
        let speaks = matches!(file.package(), Some("server" | "xtask" | "simulator" | "tests"))
            // A build script speaks to cargo by printing.
            || ["/tests/", "/tests.rs", "/examples/", "/benches/", "/build.rs"]
                .iter()
                .any(|part| file.path.contains(part));
        if speaks {
            continue;
        }
        for (number, line) in numbered(&Parts::of(&file.text).code) {
            let macros = ["println", "eprintln", "print", "eprint", "dbg"];
            if let Some(word) =
                words(line).find(|word| macros.contains(word) && line.contains(&format!("{word}!")))
            {
                complaints.push(format!("{}:{number}: {word}! in a library", file.path));
            }
        }
    }
    complaints
}

fn vendors_in_processes(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    let processes = rust(files).filter(|file| file.package().is_some_and(is_of_a_process));
    for file in processes {
        for (number, line) in numbered(&file.text) {
            let line = spaced_humps(line).to_lowercase();
            let mut names = line.split(|letter: char| !letter.is_alphanumeric());
            if let Some(vendor) = names.find(|name| VENDORS.contains(name)) {
                complaints.push(format!("{}:{number}: a process names `{vendor}`", file.path));
            }
        }
    }
    complaints
}

/// The processes and what they are made of.
fn is_of_a_process(package: &str) -> bool {
    package.starts_with("process-") || matches!(package, "posting" | "workflow")
}

/// `TrytonClient` becomes `Tryton Client`.
fn spaced_humps(line: &str) -> String {
    let mut spaced = String::new();
    let mut after_small = false;
    for letter in line.chars() {
        if after_small && letter.is_uppercase() {
            spaced.push(' ');
        }
        after_small = letter.is_lowercase();
        spaced.push(letter);
    }
    spaced
}

#[test]
fn every_sql_statement_is_in_the_store() {
    assert_none(&sql_outside_the_store(&HERE.files));
}

#[test]
fn libraries_do_not_print() {
    assert_none(&printing(&HERE.files));
}

#[test]
fn a_process_knows_no_vendor() {
    assert_none(&vendors_in_processes(&HERE.files));
}

#[test]
fn planted_sql_is_named_and_prose_is_not() {
    let file = File::new(
        "crates/experience-gateway/src/item.rs",
        "use sqlx::query;\nlet a = \"select id from item\";\nlet b = \"insert into item values\";\n",
    );
    assert_bites(&sql_outside_the_store(&[file]), &["item.rs:1", "item.rs:2", "item.rs:3"]);
    let prose = File::new("crates/posting/src/a.rs", "let a = \"Select one of the two dates\";\n");
    assert_none(&sql_outside_the_store(&[prose]));
}

#[test]
fn planted_printing_in_a_library_is_named_and_in_a_command_is_not() {
    let text = "fn f() {\n    eprintln!(\"x\");\n}\n";
    assert_bites(&printing(&[File::new("crates/intake/src/lib.rs", text)]), &["lib.rs:2"]);
    assert_none(&printing(&[File::new("crates/xtask/src/demo.rs", text)]));
}

#[test]
fn planted_vendors_in_a_process_are_named_and_lookalikes_are_not() {
    let path = "crates/process-oversight/src/a.rs";
    let file = File::new(path, "struct TrytonClient;\n// the Oracle way\nlet sap_code = 1;\n");
    assert_bites(&vendors_in_processes(&[file]), &["a.rs:1", "a.rs:2", "a.rs:3"]);
    assert_none(&vendors_in_processes(&[File::new(path, "// a disappointing sapling\n")]));
    let file = File::new("crates/posting/src/submit.rs", "if target == \"tryton\" {\n");
    assert_bites(&vendors_in_processes(&[file]), &["posting/src/submit.rs:1"]);
    let adapter = File::new("crates/system-erp/src/registry.rs", "Tryton(tryton::Config),\n");
    assert_none(&vendors_in_processes(&[adapter]));
}
