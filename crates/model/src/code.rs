// SPDX-License-Identifier: Apache-2.0
//! A short business code (facility, payer, CARC, account …): cheap to clone, compared by text.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// An immutable, short text: up to 23 bytes in the value itself, a longer one shared.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Code(SmolStr);

impl Code {
    pub fn new(text: &str) -> Self {
        Self(SmolStr::new(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Code {
    fn default() -> Self {
        Self::new("")
    }
}

impl From<&str> for Code {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Code {
    fn from(text: String) -> Self {
        Self(SmolStr::from(text))
    }
}

impl Deref for Code {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Code {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<&str> for Code {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
