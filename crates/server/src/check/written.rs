// SPDX-License-Identifier: Apache-2.0
//! A TOML file as it was written: the line and column of each of its keys, found by path.
//! What comes from the environment has the variable as its place.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::{Finding, Place};

/// A step from a table to a key, or from a list to an element.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Key(String),
    Element(usize),
}

/// `http.listen`; elements of lists are told apart by their line and not by their number.
pub fn dotted(path: &[Step]) -> String {
    let keys = path.iter().filter_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::Element(_) => None,
    });
    keys.collect::<Vec<_>>().join(".")
}

/// Where each key stands.
pub struct Written {
    file: String,
    places: BTreeMap<Vec<Step>, (usize, usize)>,
}

impl Written {
    /// Reads what can be read; each mistake in the syntax is a finding.
    pub fn read(path: &Path, text: &str) -> (Self, Vec<Finding>) {
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut written = Self { file: path.display().to_string(), places: BTreeMap::new() };
        let mut at = Vec::new();
        written.enter(text, table.get_ref(), &mut at);
        let findings = errors.iter().map(|error| {
            let mut place = Place::named(&written.file);
            if let Some(span) = error.span() {
                let (line, column) = position(text, span.start);
                (place.line, place.column) = (Some(line), Some(column));
            }
            let wrong = format!("this is not TOML: {}", error.message().replace('\n', ", "));
            Finding::error(place, wrong, "write it as `key = value`, with text between quotes")
        });
        let findings = findings.collect();
        (written, findings)
    }

    fn enter(&mut self, text: &str, table: &DeTable<'_>, at: &mut Vec<Step>) {
        for (key, value) in table {
            at.push(Step::Key(key.get_ref().to_string()));
            self.places.insert(at.clone(), position(text, key.span().start));
            match value.get_ref() {
                DeValue::Table(inner) => self.enter(text, inner, at),
                DeValue::Array(elements) => {
                    for (number, element) in elements.iter().enumerate() {
                        at.push(Step::Element(number));
                        self.places.insert(at.clone(), position(text, element.span().start));
                        if let DeValue::Table(inner) = element.get_ref() {
                            self.enter(text, inner, at);
                        }
                        at.pop();
                    }
                }
                DeValue::String(_)
                | DeValue::Integer(_)
                | DeValue::Float(_)
                | DeValue::Boolean(_)
                | DeValue::Datetime(_) => {}
            }
            at.pop();
        }
    }

    /// The place of a key, or of the nearest table around it that was written.
    pub fn place(&self, path: &[Step]) -> Place {
        let key = dotted(path);
        if let Some(variable) = variable(path) {
            return Place::named(format!("environment variable {variable}")).key(key);
        }
        let mut place = Place::named(&self.file);
        let around = (1..=path.len()).rev().find_map(|length| self.places.get(&path[..length]));
        if let Some((line, column)) = around {
            (place.line, place.column) = (Some(*line), Some(*column));
        }
        if key.is_empty() { place } else { place.key(key) }
    }

    /// The path of the first key that is written like this: `posting.lease_ms`.
    pub fn path_of(&self, key: &str) -> Vec<Step> {
        let found = self.places.keys().find(|path| dotted(path) == key);
        let plain = || key.split('.').map(|word| Step::Key(word.to_owned())).collect();
        found.cloned().unwrap_or_else(plain)
    }
}

/// The variable that overrides a key, where it is set.
fn variable(path: &[Step]) -> Option<String> {
    if path.is_empty() || path.iter().any(|step| matches!(step, Step::Element(_))) {
        return None;
    }
    let name =
        format!("REVBRIDGE_{}", dotted(path).to_uppercase().replace('.', "__").replace('-', "_"));
    std::env::vars_os()
        .filter_map(|(set, _)| set.into_string().ok())
        .find(|set| set.eq_ignore_ascii_case(&name))
}

/// The place of a byte of a file.
pub fn place_of(path: &Path, text: &str, byte: usize) -> Place {
    let (line, column) = position(text, byte);
    Place { line: Some(line), column: Some(column), ..Place::at(path) }
}

/// Line and column from one.
fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |own| own.chars().count()) + 1;
    (line, column)
}
