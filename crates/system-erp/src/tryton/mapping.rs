// SPDX-License-Identifier: Apache-2.0
//! Tryton's JSON: amounts and dates with their class beside them, a move with its lines, and a line
//! with one analytic line for each dimension.

use model::code::Code;
use model::money::{Minor, checked_sum, decimal, parse_minor};
use ports::erp::{Found, FoundState, JournalDocument};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{Date, Month};

use super::directory::Resolved;

/// `{"__class__": "Decimal", "decimal": "5.10"}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Amount {
    decimal: String,
}

impl Amount {
    /// Nothing when it is not exact to the cent.
    pub fn minor(&self) -> Option<Minor> {
        parse_minor(self.decimal.as_bytes()).ok()
    }
}

fn amount(cents: Minor) -> Value {
    json!({ "__class__": "Decimal", "decimal": decimal(cents) })
}

/// `{"__class__": "date", "year": 2026, "month": 11, "day": 20}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Day {
    year: i32,
    month: u8,
    day: u8,
}

impl Day {
    pub fn date(self) -> Option<Date> {
        let month = Month::try_from(self.month).ok()?;
        Date::from_calendar_date(self.year, month, self.day).ok()
    }
}

pub fn day(date: Date) -> Value {
    let (year, month, day) = date.to_calendar_date();
    json!({ "__class__": "date", "year": year, "month": u8::from(month), "day": day })
}

/// Only what is needed to tell how a record stands to another.
#[derive(Debug, Deserialize)]
pub struct Id {
    pub id: i64,
}

/// Seldom used values come as null.
pub fn code(text: Option<String>) -> Code {
    text.map(Code::from).unwrap_or_default()
}

/// The draft of a move. The period is named, since Tryton does not look it up by itself.
pub fn draft(journal: &JournalDocument, resolved: &Resolved) -> Value {
    let date = day(journal.date);
    let lines = journal.lines.iter().zip(&resolved.lines).map(|(line, ids)| {
        let (debit, credit) = (amount(line.debit), amount(line.credit));
        let analytic: Vec<Value> = ids
            .dimensions
            .iter()
            .map(|account| {
                json!({ "account": account, "date": date, "debit": debit, "credit": credit })
            })
            .collect();
        let mut body = json!({
            "account": ids.account,
            "debit": debit,
            "credit": credit,
            "description": line.text,
        });
        if !analytic.is_empty() {
            body["analytic_lines"] = json!([["create", analytic]]);
        }
        body
    });
    json!({
        "company": resolved.company,
        "journal": resolved.journal,
        "period": resolved.period,
        "date": date,
        "description": journal.key.as_str(),
        "lines": [["create", lines.collect::<Vec<_>>()]],
    })
}

/// Fields of [`Summary`].
pub const SUMMARY: [&str; 4] = ["state", "description", "company", "lines.debit"];

/// A move without what its lines are about.
#[derive(Debug, Deserialize)]
pub struct Summary {
    pub id: i64,
    pub state: State,
    description: Option<String>,
    company: i64,
    lines: Vec<SummaryLine>,
}

#[derive(Debug, Deserialize)]
struct SummaryLine {
    debit: Amount,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Draft,
    Posted,
}

impl Summary {
    pub fn document(&self) -> Code {
        Code::from(self.id.to_string())
    }

    pub fn carries(&self, key: &str) -> bool {
        self.description.as_deref() == Some(key)
    }

    fn total(&self) -> Option<Minor> {
        let mut debits = Vec::with_capacity(self.lines.len());
        for line in &self.lines {
            debits.push(line.debit.minor()?);
        }
        checked_sum(debits).ok()
    }

    /// Whether this is the move of that journal: an answer may name another one.
    pub fn is_of(&self, journal: &JournalDocument, company: i64) -> bool {
        let total = checked_sum(journal.lines.iter().map(|line| line.debit)).ok();
        self.carries(journal.key.as_str())
            && self.company == company
            && self.lines.len() == journal.lines.len()
            && total.is_some()
            && self.total() == total
    }

    pub fn found(&self) -> Option<Found> {
        let state = match self.state {
            State::Draft => FoundState::Draft,
            State::Posted => FoundState::Posted,
        };
        Some(Found { document: self.document(), state, total: self.total()? })
    }
}
