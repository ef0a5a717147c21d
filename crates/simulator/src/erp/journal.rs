// SPDX-License-Identifier: Apache-2.0
//! What a caller sends as a journal and what the simulated ERP keeps of it as a document.
//! Amounts travel as decimal strings and are held as integer cents.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A journal as it arrives. Amounts stay raw here, so that a number instead of a string can be
/// refused with the line it stands on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalRequest {
    pub reference: String,
    pub entity: String,
    #[serde(default)]
    pub ledger: String,
    pub date: String,
    /// Absent: the period of the entity that contains the date.
    #[serde(default)]
    pub period: String,
    pub currency: String,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub source: String,
    pub lines: Vec<LineRequest>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineRequest {
    pub account: String,
    #[serde(default)]
    pub debit: Option<Value>,
    #[serde(default)]
    pub credit: Option<Value>,
    #[serde(default)]
    pub dimensions: BTreeMap<String, String>,
    #[serde(default)]
    pub text: String,
}

/// A journal whose form has been checked: every line has one side and exact cents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    pub reference: String,
    pub entity: String,
    pub ledger: String,
    pub date: String,
    pub period: String,
    pub currency: String,
    pub description: String,
    pub source: String,
    pub lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub account: String,
    #[serde(with = "cents")]
    pub debit: i64,
    #[serde(with = "cents")]
    pub credit: i64,
    pub dimensions: BTreeMap<String, String>,
    #[serde(default)]
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Draft,
    Posted,
}

/// A journal that the ERP has taken. `number` counts posted documents without a gap and is absent
/// while the document is a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    pub id: String,
    pub number: Option<u64>,
    pub status: Status,
    /// The caller's `Idempotency-Key`, kept for ever, in the native-key mode only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    pub created_at_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posted_at_ms: Option<u64>,
    pub journal: Journal,
}

impl Document {
    /// The debit total in cents; the credit total is the same, or the document would not exist.
    pub fn total(&self) -> i64 {
        self.journal.lines.iter().fold(0, |sum, line| sum.saturating_add(line.debit))
    }

    /// The answer to a submission or a look-up: who it is and how it stands, without the lines.
    pub fn summary(&self) -> Value {
        json!({
            "id": self.id,
            "number": self.number,
            "status": self.status,
            "reference": self.journal.reference,
            "entity": self.journal.entity,
            "date": self.journal.date,
            "period": self.journal.period,
            "currency": self.journal.currency,
            "total": model::money::decimal(self.total()),
            "line_count": self.journal.lines.len(),
        })
    }

    /// The summary and the lines.
    pub fn detail(&self) -> Value {
        let mut detail = self.summary();
        detail["ledger"] = json!(self.journal.ledger);
        detail["description"] = json!(self.journal.description);
        detail["source"] = json!(self.journal.source);
        detail["lines"] = json!(self.journal.lines);
        detail
    }
}

mod cents {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(cents: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&model::money::decimal(*cents))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        let text = String::deserialize(deserializer)?;
        model::money::parse_minor(text.as_bytes()).map_err(serde::de::Error::custom)
    }
}
