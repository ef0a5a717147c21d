// SPDX-License-Identifier: Apache-2.0
//! Journals: what is submitted to an ERP, under a key that names its exact membership.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use crate::code::Code;
use crate::id::{Hash, RowId};
use crate::money::{Currency, Minor, MoneyError, checked_sum};
use crate::row::{Side, WindowGroup};

/// Hash of tenant, process, target, entity, accounting date and sorted row ids. No attempt number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JournalKey(pub Code);

impl JournalKey {
    pub fn of(tenant: &Code, process: &Code, group: &WindowGroup, rows: &[RowId]) -> Self {
        let mut sorted: Vec<RowId> = rows.to_vec();
        sorted.sort_unstable();
        let mut ids = Vec::with_capacity(sorted.len() * 16);
        for row in &sorted {
            ids.extend_from_slice(row.0.as_bytes());
        }
        let date = group.accounting_date.to_string();
        let hash = Hash::of(&[
            b"journal",
            tenant.as_bytes(),
            process.as_bytes(),
            group.target.as_bytes(),
            group.entity.as_bytes(),
            date.as_bytes(),
            &ids,
        ]);
        Self(Code::from(format!("RB-{}", &hash.hex()[..32])))
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for JournalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for JournalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One line: debit or credit, exactly one of them above zero.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Line {
    pub side: Side,
    pub debit: Minor,
    pub credit: Minor,
    /// Set on lines that are kept apart; empty on aggregated ones.
    pub item: Code,
}

/// Lines whose debits equal their credits. The only thing that can be submitted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Balanced {
    lines: Vec<Line>,
    total: Minor,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unbalanced {
    #[error("debits and credits differ")]
    Differ,
    #[error("a line must carry a debit or a credit above zero, not both")]
    Line,
    #[error("a journal needs at least two lines")]
    TooFew,
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Balanced {
    pub fn new(lines: Vec<Line>) -> Result<Self, Unbalanced> {
        if lines.len() < 2 {
            return Err(Unbalanced::TooFew);
        }
        for line in &lines {
            let one_sided = (line.debit > 0) ^ (line.credit > 0);
            if !one_sided || line.debit < 0 || line.credit < 0 {
                return Err(Unbalanced::Line);
            }
        }
        let debits = checked_sum(lines.iter().map(|line| line.debit))?;
        let credits = checked_sum(lines.iter().map(|line| line.credit))?;
        if debits != credits {
            return Err(Unbalanced::Differ);
        }
        Ok(Self { lines, total: debits })
    }

    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Σ debits = Σ credits.
    pub fn total(&self) -> Minor {
        self.total
    }

    /// Net debit per role code, for tie-outs.
    pub fn net_by_role(&self) -> BTreeMap<&'static str, Minor> {
        let mut net = BTreeMap::new();
        for line in &self.lines {
            *net.entry(line.side.role.code()).or_insert(0) += line.debit - line.credit;
        }
        net
    }
}

impl<'de> Deserialize<'de> for Balanced {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Stored {
            lines: Vec<Line>,
        }
        let stored = Stored::deserialize(deserializer)?;
        Self::new(stored.lines).map_err(serde::de::Error::custom)
    }
}

/// Where a journal stands. `Sending` means: an answer may be lost, look before anything else.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum JournalState {
    Ready,
    /// Closed under posting on hold: sent only after a person has released it.
    Held,
    /// Submitted under this fence; a draft's id once one has been recorded; `since` is a time shortly
    /// before the last request that may have been lost.
    Sending {
        fence: u64,
        draft: Option<Code>,
        #[serde(with = "time::serde::rfc3339")]
        since: OffsetDateTime,
    },
    Posted {
        document: Code,
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
    },
    /// Definitely not in the ERP; its rows were moved elsewhere.
    Rejected {
        code: crate::exception::Code,
    },
    /// Outcome unknown after every look-up: a person decides, nothing is sent again by itself.
    Parked {
        code: crate::exception::Code,
    },
}

impl JournalState {
    pub fn as_str(&self) -> &'static str {
        match self {
            JournalState::Ready => "ready",
            JournalState::Held => "held",
            JournalState::Sending { .. } => "sending",
            JournalState::Posted { .. } => "posted",
            JournalState::Rejected { .. } => "rejected",
            JournalState::Parked { .. } => "parked",
        }
    }
}

/// A journal with its window and its fate. Its membership is kept beside it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Journal {
    pub key: JournalKey,
    pub process: Code,
    pub group: WindowGroup,
    pub currency: Currency,
    pub body: Balanced,
    pub rows: u64,
    /// Versions of adapter, mapping, rules and reference data under which the window was made.
    pub versions: Code,
    pub state: JournalState,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

impl Journal {
    /// The accounting date in the ERP.
    pub fn date(&self) -> Date {
        self.group.accounting_date
    }

    /// Hash over everything but target, key and ERP numbers: equal journals have equal ones.
    pub fn canonical_hash(&self) -> Hash {
        let lines = serde_json::to_vec(&self.body).unwrap_or_default();
        let date = self.group.accounting_date.to_string();
        Hash::of(&[
            self.group.entity.as_bytes(),
            date.as_bytes(),
            self.currency.as_str().as_bytes(),
            &lines,
        ])
    }
}
