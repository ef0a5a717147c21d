// SPDX-License-Identifier: Apache-2.0
//! How long what is sealed can be opened: its class and the month in which it was sealed. What ends
//! is the key of a class and month, never a single value.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::{Date, Month as Name};

/// Classes of what is sealed. Each has data keys of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RetentionClass {
    /// The bytes of documents as they came.
    Raw,
    /// Clear identifiers of patients behind their tokens.
    Vault,
    /// What canonical events say; their amounts and states stand outside it.
    Canonical,
    /// What a process remembers. Sealed anew at each write, so it has no month.
    Standing,
}

impl RetentionClass {
    pub const ALL: [RetentionClass; 4] = [
        RetentionClass::Raw,
        RetentionClass::Vault,
        RetentionClass::Canonical,
        RetentionClass::Standing,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            RetentionClass::Raw => "raw",
            RetentionClass::Vault => "vault",
            RetentionClass::Canonical => "canonical",
            RetentionClass::Standing => "standing",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == text)
    }

    /// Whether its keys end with a month. What is standing is needed as long as its claim is open.
    pub fn by_month(self) -> bool {
        match self {
            RetentionClass::Raw | RetentionClass::Vault | RetentionClass::Canonical => true,
            RetentionClass::Standing => false,
        }
    }
}

/// A calendar month, by its first day: `2026-01`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Month(Date);

impl Month {
    /// The month that a day lies in.
    pub fn of(day: Date) -> Self {
        Self(day.replace_day(1).unwrap_or(day))
    }

    pub fn first_day(self) -> Date {
        self.0
    }

    /// `CCYY-MM`, and nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        if year.len() != 4 || month.len() != 2 {
            return None;
        }
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(year) || !digits(month) {
            return None;
        }
        let name = Name::try_from(month.parse::<u8>().ok()?).ok()?;
        Date::from_calendar_date(year.parse().ok()?, name, 1).ok().map(Self)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), u8::from(self.0.month()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_written_as_it_is_read() {
        for text in ["2026-01", "1999-12", "0001-06"] {
            assert_eq!(Month::parse(text).expect(text).to_string(), text);
        }
        for text in ["2026", "2026-1", "2026-13", "2026-00", "26-01", "2026-01-01", "+026-01", ""] {
            assert_eq!(Month::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_class_has_a_name_of_its_own() {
        for class in RetentionClass::ALL {
            assert_eq!(RetentionClass::parse(class.as_str()), Some(class));
        }
        assert_eq!(RetentionClass::parse("everything"), None);
    }
}
