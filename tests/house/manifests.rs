// SPDX-License-Identifier: Apache-2.0
//! Every crate takes versions, licence and lints from the workspace, so that they are decided once.
//! A crate that sets its own would drift unseen.

use crate::tree::{File, HERE, assert_bites, assert_none};

const INHERITED: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];

fn drifting(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    let inner = |file: &&File| file.path.ends_with("/Cargo.toml");
    for file in files.iter().filter(inner) {
        let Ok(manifest) = file.text.parse::<toml::Table>() else {
            complaints.push(format!("{}: is not readable as TOML", file.path));
            continue;
        };
        for field in INHERITED {
            if !from_workspace(manifest.get("package").and_then(|package| package.get(field))) {
                complaints.push(format!("{}: `{field}` is not the workspace's", file.path));
            }
        }
        if !from_workspace(manifest.get("lints")) {
            complaints.push(format!("{}: the lints are not the workspace's", file.path));
        }
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let table = manifest.get(section).and_then(toml::Value::as_table);
            for (name, dependency) in table.into_iter().flatten() {
                if !from_workspace(Some(dependency)) && !is_itself(dependency) {
                    complaints.push(format!(
                        "{}: [{section}] `{name}` has a version or path of its own",
                        file.path
                    ));
                }
            }
        }
    }
    complaints
}

fn from_workspace(value: Option<&toml::Value>) -> bool {
    value.and_then(|value| value.get("workspace")).and_then(toml::Value::as_bool) == Some(true)
}

/// A crate may name itself by path to switch on its own test features.
fn is_itself(dependency: &toml::Value) -> bool {
    dependency.get("path").and_then(toml::Value::as_str) == Some(".")
}

#[test]
fn every_crate_takes_versions_licence_and_lints_from_the_workspace() {
    assert_none(&drifting(&HERE.files));
}

#[test]
fn a_planted_version_and_a_planted_lint_table_are_named() {
    let text = "[package]\nname = \"x\"\nversion = \"9.9.9\"\nedition.workspace = true\n\
                rust-version.workspace = true\nlicense.workspace = true\npublish.workspace = true\n\
                [dependencies]\nserde = \"1\"\nmodel.workspace = true\n[lints.rust]\n";
    let said = drifting(&[File::new("crates/x/Cargo.toml", text)]);
    assert_bites(&said, &["`version` is not", "the lints are not", "`serde` has a version"]);
    assert_eq!(said.len(), 3, "{said:?}");
}
