// SPDX-License-Identifier: Apache-2.0
//! What is wrong with an installation and how to cure it: every finding at once, each with its place.
//! `check-config` prints them; `serve` refuses to start while one of them is an error.

mod configuration;
pub mod connect;
mod folders;
mod installation;
pub mod reference_data;
mod secret_places;
mod shape;
mod targets;
mod written;

use std::fmt;
use std::path::Path;

use serde::Serialize;

pub use configuration::{Examined, examine};
pub use installation::for_roles;

/// Whether it stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The service does not start with it.
    Error,
    /// It starts, and a person should have a look.
    Warning,
}

/// Where it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Place {
    /// A file, a folder, an environment variable or a system that we talk to.
    pub at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// A key of the configuration (`http.listen`) or a column of a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

impl Place {
    pub fn at(path: &Path) -> Self {
        Self::named(path.display().to_string())
    }

    pub fn named(at: impl Into<String>) -> Self {
        Self { at: at.into(), ..Self::default() }
    }

    pub fn line(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.at)?;
        for number in [self.line, self.column].into_iter().flatten() {
            write!(f, ":{number}")?;
        }
        match &self.key {
            Some(key) => write!(f, "  {key}"),
            None => Ok(()),
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub severity: Severity,
    #[serde(flatten)]
    pub place: Place,
    pub wrong: String,
    pub cure: String,
}

impl Finding {
    pub fn error(place: Place, wrong: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { severity: Severity::Error, place, wrong: wrong.into(), cure: cure.into() }
    }

    pub fn warning(place: Place, wrong: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, place, wrong: wrong.into(), cure: cure.into() }
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let Self { place, wrong, cure, .. } = self;
        write!(f, "{severity}: {place}\n  {wrong}\n  cure: {cure}")
    }
}

/// Fails with every error among the findings, told one below the other.
pub fn refuse(findings: &[Finding]) -> anyhow::Result<()> {
    let errors: Vec<String> =
        findings.iter().filter(|one| one.is_error()).map(Finding::to_string).collect();
    match errors.len() {
        0 => Ok(()),
        1 => anyhow::bail!("the configuration has an error\n{}", errors.join("\n")),
        many => anyhow::bail!("the configuration has {many} errors\n{}", errors.join("\n")),
    }
}

/// Of the words that exist, the one that was probably meant.
pub fn probably<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = known.into_iter().map(|word| (distance(written, word), word)).min()?;
    (near.0 <= 1 + near.1.len() / 4).then_some(near.1)
}

/// How many letters must change (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, letter) in left.chars().enumerate() {
        let mut diagonal = above;
        row[0] = above + 1;
        for (at, other) in right.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[at + 1];
            row[at + 1] = changed.min(diagonal + 1).min(row[at] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests;
