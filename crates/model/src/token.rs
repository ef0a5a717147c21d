// SPDX-License-Identifier: Apache-2.0
//! Identifiers of patients: clear inside intake only, a token everywhere else.

use serde::{Deserialize, Serialize};

use crate::code::Code;

/// Something of a patient on its way from the parser to the vault. It can be neither printed nor
/// serialised nor put in a format string, and it is compared only as a whole.
///
/// ```compile_fail
/// println!("{:?}", model::token::Phi::new("a name"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Phi<T>(T);

/// A clear identifier of a patient.
pub type Clear = Phi<String>;

/// Why something of a patient is looked at. Each use of [`Phi::expose`] names one, and a rule of the
/// house says in which files it may stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// To make the token that stands for it.
    Tokenise,
    /// To seal it into the vault.
    Seal,
    /// To show it to a person who may see it; the log has who and what.
    Reveal,
    /// To compare it with synthetic data.
    Test,
}

impl<T> Phi<T> {
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Whoever calls this answers for where it goes.
    pub fn expose(&self, _reason: Reason) -> &T {
        &self.0
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
    pub const ALL: [Field; 3] = [Field::Control, Field::Member, Field::Name];

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == text)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Field::Control => "control",
            Field::Member => "member",
            Field::Name => "name",
        }
    }
}

/// A keyed, joinable, irreversible stand-in: `tok_v1_…` under the first key, `tok_v2_…` under the second;
/// control numbers keep their last four.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Token {
    pub token: Code,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last4: Option<Code>,
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

#[cfg(test)]
mod tests;
