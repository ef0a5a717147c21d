// SPDX-License-Identifier: Apache-2.0
//! Identifiers of patients: clear inside intake only, a token everywhere else.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A clear identifier on its way from the parser to the vault. It cannot be printed or serialised.
#[derive(Clone, PartialEq, Eq)]
pub struct Clear(pub String);

impl fmt::Debug for Clear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clear(…)")
    }
}

/// What kind of identifier a token stands for. Control numbers of claims, of payers and the
/// references of provider adjustments share one field, so that they can be joined.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    Control,
    Member,
    Name,
}

impl Field {
    pub fn as_str(self) -> &'static str {
        match self {
            Field::Control => "control",
            Field::Member => "member",
            Field::Name => "name",
        }
    }
}

/// A keyed, joinable, irreversible stand-in: `tok_v1_…`; control numbers keep their last four.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Token {
    pub token: Arc<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last4: Option<Arc<str>>,
}

impl Token {
    pub fn as_str(&self) -> &str {
        &self.token
    }

    /// How a person sees it: `…0042`, or the start of the token where nothing may be shown.
    pub fn shown(&self) -> String {
        match &self.last4 {
            Some(last4) => format!("…{last4}"),
            None => self.token.chars().take(12).collect(),
        }
    }
}
