// SPDX-License-Identifier: Apache-2.0
//! Reads a configuration file and says everything that is wrong in it: syntax, keys, kinds of values,
//! and values that contradict each other.

use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use serde_json::Value;

use super::shape::{Difference, Shape};
use super::written::{Step, Written};
use super::{Finding, Place};
use crate::config::{self, Config};

/// A configuration, as far as it can be understood, and what was found in it.
pub struct Examined {
    pub path: PathBuf,
    /// Absent where too much is missing to judge the rest.
    pub config: Option<Config>,
    pub findings: Vec<Finding>,
    written: Written,
}

impl Examined {
    /// The place of a key: `reference.rules`.
    pub fn place(&self, key: &str) -> Place {
        self.written.place(&self.written.path_of(key))
    }
}

/// Reads a file with what the environment overrides. Relative paths are relative to the file.
pub fn examine(path: &Path) -> Examined {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return unread(path, &error),
    };
    let (written, mut findings) = Written::read(path, &text);
    let mut examined = Examined { path: path.to_owned(), config: None, findings: vec![], written };
    if findings.is_empty() {
        let figment = Figment::new().merge(Toml::string(&text)).merge(config::environment());
        match figment.extract::<Value>() {
            Ok(value) => examined.config = judged(value, &examined.written, &mut findings),
            Err(error) => {
                let cure = "unset the REVBRIDGE_ variable, or write its value like in the file";
                findings.push(Finding::error(Place::at(path), error.to_string(), cure));
            }
        }
    }
    if let Some(config) = &mut examined.config {
        config.anchor(path.parent().unwrap_or(Path::new(".")));
        for broken in config.broken_rules() {
            let place = examined.written.place(&examined.written.path_of(&broken.key));
            findings.push(Finding::error(place, broken.wrong, broken.cure));
        }
    }
    examined.findings = findings;
    examined
}

fn unread(path: &Path, error: &std::io::Error) -> Examined {
    let cure = "name the file with --config FILE, or make one with: revbridge init";
    let wrong = format!("it cannot be read: {error}");
    let findings = vec![Finding::error(Place::at(path), wrong, cure)];
    let (written, _) = Written::read(path, "");
    Examined { path: path.to_owned(), config: None, findings, written }
}

/// Holds the values against the types. What is left when the wrong ones are taken out is judged on.
fn judged(mut value: Value, written: &Written, findings: &mut Vec<Finding>) -> Option<Config> {
    let schema = config::schema();
    let mut differences = Vec::new();
    Shape::of(&schema).compare(&value, &mut Vec::new(), &mut differences);
    let mut whole = true;
    for Difference { path, wrong, cure, removable } in differences.iter().rev() {
        findings.push(Finding::error(written.place(path), wrong, cure));
        whole &= *removable && remove(&mut value, path);
    }
    findings.reverse();
    if !whole {
        return None;
    }
    match Figment::from(Serialized::defaults(&value)).extract() {
        Ok(config) => Some(config),
        Err(error) => {
            // What no shape can tell, such as the form of an address or of a date.
            if differences.is_empty() {
                findings.extend(error.into_iter().map(|one| reason(&one, written)));
            }
            None
        }
    }
}

fn reason(error: &figment::Error, written: &Written) -> Finding {
    let step = |word: &String| match word.parse() {
        Ok(number) => Step::Element(number),
        Err(_) => Step::Key(word.clone()),
    };
    let path: Vec<Step> = error.path.iter().map(step).collect();
    let cure = "see `revbridge manual configuration` for the form of each value";
    Finding::error(written.place(&path), error.kind.to_string(), cure)
}

fn remove(value: &mut Value, path: &[Step]) -> bool {
    let Some((last, before)) = path.split_last() else { return false };
    let mut here = value;
    for step in before {
        let next = match step {
            Step::Key(key) => here.get_mut(key),
            Step::Element(number) => here.get_mut(number),
        };
        let Some(next) = next else { return false };
        here = next;
    }
    match (last, here) {
        (Step::Key(key), Value::Object(members)) => members.remove(key).is_some(),
        _ => false,
    }
}
