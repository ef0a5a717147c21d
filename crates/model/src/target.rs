// SPDX-License-Identifier: Apache-2.0
//! Where a journal goes: a named ERP instance, one of its ledgers, and whether it books there.
//! Its text is part of a window and so of every journal's key.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::code::Code;

const NAME_CHARS_MAX: usize = 64;
const LEDGER_MARK: char = ':';
const SHADOW_MARK: &str = "@shadow";

/// Whether a target's book is written.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Journals are submitted and count as posted.
    #[default]
    Commit,
    /// Journals are made and checked, never submitted.
    Shadow,
}

/// `instance`, `instance:ledger`, and either with `@shadow`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Target {
    instance: Code,
    ledger: Option<Code>,
    mode: Mode,
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{text:?} names no target: an instance and a ledger have 1 to 64 letters, digits, - _ or ."
)]
pub struct BadTarget {
    text: String,
}

impl Target {
    pub fn new(instance: Code, ledger: Option<Code>, mode: Mode) -> Result<Self, BadTarget> {
        for name in [Some(&instance), ledger.as_ref()].into_iter().flatten() {
            if !is_name(name) {
                return Err(BadTarget { text: name.to_string() });
            }
        }
        Ok(Self { instance, ledger, mode })
    }

    /// The instance's own ledger, booked.
    pub fn commit(instance: &str) -> Result<Self, BadTarget> {
        Self::new(Code::new(instance), None, Mode::Commit)
    }

    pub fn instance(&self) -> &Code {
        &self.instance
    }

    /// Nothing: the one that the instance keeps for the entity.
    pub fn ledger(&self) -> Option<&Code> {
        self.ledger.as_ref()
    }

    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The one text of this target.
    pub fn text(&self) -> Code {
        Code::from(self.to_string())
    }
}

/// The instance in the text of a target.
pub fn instance_of(target: &str) -> &str {
    let end = target.find([LEDGER_MARK, '@']).unwrap_or(target.len());
    &target[..end]
}

/// Names leave out what separates them in keys, paths and lists.
pub fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !name.is_empty() && name.len() <= NAME_CHARS_MAX && name.bytes().all(allowed)
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.instance)?;
        if let Some(ledger) = &self.ledger {
            write!(f, "{LEDGER_MARK}{ledger}")?;
        }
        match self.mode {
            Mode::Commit => Ok(()),
            Mode::Shadow => f.write_str(SHADOW_MARK),
        }
    }
}

impl FromStr for Target {
    type Err = BadTarget;

    fn from_str(text: &str) -> Result<Self, BadTarget> {
        let (rest, mode) = match text.strip_suffix(SHADOW_MARK) {
            Some(rest) => (rest, Mode::Shadow),
            None => (text, Mode::Commit),
        };
        let (instance, ledger) = match rest.split_once(LEDGER_MARK) {
            Some((instance, ledger)) => (instance, Some(Code::new(ledger))),
            None => (rest, None),
        };
        Self::new(Code::new(instance), ledger, mode)
    }
}

impl TryFrom<String> for Target {
    type Error = BadTarget;

    fn try_from(text: String) -> Result<Self, BadTarget> {
        text.parse()
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}

#[cfg(test)]
mod tests;
