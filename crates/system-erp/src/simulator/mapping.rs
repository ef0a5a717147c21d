// SPDX-License-Identifier: Apache-2.0
//! The simulated ERP's words: its JSON, and one table from its refusals to ours.

use std::collections::BTreeMap;

use model::code::Code;
use model::journal::JournalKey;
use model::money::{Minor, decimal, parse_minor};
use outbound::Answer;
use ports::erp::{
    Balance, BookedDocument, DocumentLine, FoundState, JournalDocument, PostingMode, Rejection,
    RejectionCode,
};
use ports::failure::Failure;
use serde::{Deserialize, Serialize};
use time::Date;
use time::macros::format_description;

/// Longest text of a rejection that is kept.
const TEXT_CHARS_MAX: usize = 500;
/// Longest text that the ERP takes on a line.
const LINE_TEXT_CHARS_MAX: usize = 200;

const DIMENSIONS: [&str; 4] = ["facility", "department", "service_line", "payer"];

#[derive(Debug, Deserialize)]
pub struct ToldCapabilities {
    pub mode: PostingMode,
    pub lines_max: usize,
    pub lookup_lag_ms_max: u64,
}

#[derive(Serialize)]
pub struct JournalBody<'a> {
    reference: &'a str,
    entity: &'a str,
    date: String,
    currency: &'a str,
    source: &'static str,
    lines: Vec<LineBody<'a>>,
}

#[derive(Serialize)]
struct LineBody<'a> {
    account: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    debit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credit: Option<String>,
    dimensions: BTreeMap<&'static str, &'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    text: &'a str,
}

/// A journal as the ERP takes it. It finds the period from the date by itself.
pub fn journal_body(journal: &JournalDocument) -> JournalBody<'_> {
    let lines = journal.lines.iter().map(|line| {
        let values = [&line.facility, &line.department, &line.service_line, &line.payer];
        let named = DIMENSIONS.into_iter().zip(values.map(Code::as_str));
        LineBody {
            account: &line.account,
            debit: amount(line.debit),
            credit: amount(line.credit),
            dimensions: named.filter(|(_, value)| !value.is_empty()).collect(),
            text: short(&line.text),
        }
    });
    JournalBody {
        reference: journal.key.as_str(),
        entity: &journal.entity,
        date: journal.date.to_string(),
        currency: journal.currency.as_str(),
        source: "revbridge",
        lines: lines.collect(),
    }
}

fn amount(cents: Minor) -> Option<String> {
    (cents != 0).then(|| decimal(cents))
}

fn short(text: &str) -> &str {
    let end = text.char_indices().nth(LINE_TEXT_CHARS_MAX).map_or(text.len(), |(end, _)| end);
    &text[..end]
}

/// What the ERP says of a document without its lines.
#[derive(Debug, Deserialize)]
pub struct Summary {
    pub id: Code,
    pub status: Status,
    pub reference: String,
    pub entity: String,
    total: String,
    line_count: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Draft,
    Posted,
}

impl From<Status> for FoundState {
    fn from(status: Status) -> Self {
        match status {
            Status::Draft => Self::Draft,
            Status::Posted => Self::Posted,
        }
    }
}

impl Summary {
    pub fn total(&self) -> Option<Minor> {
        parse_minor(self.total.as_bytes()).ok()
    }

    /// Whether this is the document of that journal: an answer may name another one.
    pub fn is_of(&self, journal: &JournalDocument) -> bool {
        let total = model::money::checked_sum(journal.lines.iter().map(|line| line.debit)).ok();
        self.reference == journal.key.as_str()
            && self.entity == journal.entity.as_str()
            && self.line_count == journal.lines.len()
            && total.is_some()
            && self.total() == total
    }
}

#[derive(Debug, Deserialize)]
pub struct Lookup {
    pub journals: Vec<Summary>,
}

#[derive(Debug, Deserialize)]
pub struct DocumentsPage {
    pub documents: Vec<Detail>,
    pub next_after: u64,
    pub more: bool,
}

#[derive(Debug, Deserialize)]
pub struct Detail {
    id: Code,
    reference: Code,
    entity: Code,
    date: String,
    lines: Vec<DetailLine>,
}

#[derive(Debug, Deserialize)]
struct DetailLine {
    account: Code,
    debit: String,
    credit: String,
    #[serde(default)]
    dimensions: BTreeMap<String, Code>,
    #[serde(default)]
    text: Code,
}

#[derive(Debug, Deserialize)]
pub struct BalancesPage {
    pub balances: Vec<ToldBalance>,
}

#[derive(Debug, Deserialize)]
pub struct ToldBalance {
    account: Code,
    #[serde(default)]
    dimensions: BTreeMap<String, Code>,
    debit: String,
    credit: String,
}

/// A balance; nothing when it cannot be read to the cent.
pub fn balance(mut told: ToldBalance) -> Option<Balance> {
    let [facility, department, service_line, payer] =
        DIMENSIONS.map(|kind| told.dimensions.remove(kind).unwrap_or_default());
    Some(Balance {
        account: told.account,
        facility,
        department,
        service_line,
        payer,
        debit: parse_minor(told.debit.as_bytes()).ok()?,
        credit: parse_minor(told.credit.as_bytes()).ok()?,
    })
}

/// A document of the ERP's book; nothing when it cannot be read to the cent.
pub fn booked(detail: Detail) -> Option<BookedDocument> {
    let mut lines = Vec::with_capacity(detail.lines.len());
    for mut line in detail.lines {
        let [facility, department, service_line, payer] =
            DIMENSIONS.map(|kind| line.dimensions.remove(kind).unwrap_or_default());
        lines.push(DocumentLine {
            account: line.account,
            facility,
            department,
            service_line,
            payer,
            debit: parse_minor(line.debit.as_bytes()).ok()?,
            credit: parse_minor(line.credit.as_bytes()).ok()?,
            text: line.text,
        });
    }
    let date = read_date(&detail.date)?;
    let key = (!detail.reference.is_empty()).then_some(JournalKey(detail.reference));
    Some(BookedDocument { document: detail.id, key, entity: detail.entity, date, lines })
}

pub fn read_date(text: &str) -> Option<Date> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
}

#[derive(Debug, Deserialize)]
pub struct Refusal {
    pub error: RefusalHead,
    #[serde(default)]
    errors: Vec<Violation>,
}

#[derive(Debug, Deserialize)]
pub struct RefusalHead {
    pub code: String,
    pub message: String,
}

#[derive(Debug, Deserialize)]
struct Violation {
    #[serde(default)]
    line: Option<usize>,
    code: String,
    message: String,
}

/// The ERP's own codes and what they are to us. What is not in it is `Other` and goes to a person.
const REFUSALS: [(&str, RejectionCode); 13] = [
    ("PERIOD_CLOSED", RejectionCode::PeriodClosed),
    ("PERIOD_UNKNOWN", RejectionCode::PeriodClosed),
    ("ACCOUNT_UNKNOWN", RejectionCode::AccountUnknown),
    ("ACCOUNT_INACTIVE", RejectionCode::AccountInactive),
    ("DIMENSION_UNKNOWN", RejectionCode::DimensionUnknown),
    ("DIMENSION_REQUIRED", RejectionCode::DimensionUnknown),
    ("DIMENSION_COMBINATION", RejectionCode::DimensionUnknown),
    ("DIMENSION_INACTIVE", RejectionCode::DimensionInactive),
    ("UNBALANCED", RejectionCode::Unbalanced),
    ("PRECISION", RejectionCode::PrecisionExceeded),
    ("KEY_REUSED", RejectionCode::Duplicate),
    ("ENTITY_UNKNOWN", RejectionCode::NotPermitted),
    ("LEDGER_UNKNOWN", RejectionCode::NotPermitted),
];

pub fn rejection_code(code: &str) -> RejectionCode {
    let known = REFUSALS.iter().find(|(name, _)| *name == code);
    known.map_or(RejectionCode::Other, |(_, ours)| *ours)
}

/// Every violation with its line; the head alone when there are none.
pub fn rejections(refusal: Refusal) -> Vec<Rejection> {
    let cut = |text: &str| text.chars().take(TEXT_CHARS_MAX).collect();
    if refusal.errors.is_empty() {
        let RefusalHead { code, message } = refusal.error;
        return vec![Rejection { code: rejection_code(&code), line: None, text: cut(&message) }];
    }
    let violations = refusal.errors.into_iter().map(|violation| Rejection {
        code: rejection_code(&violation.code),
        line: violation.line.and_then(|line| line.checked_sub(1)),
        text: cut(&violation.message),
    });
    violations.collect()
}

/// 429: the simulator has committed nothing, and says when to come again.
pub fn busy(answer: &Answer) -> Failure {
    let message = "the ERP asks for patience".into();
    Failure::Transient { after: answer.retry_after(), message }
}

/// An answer that says that we are mistaken: a contract or authorisation error.
pub fn mistaken(answer: &Answer) -> Failure {
    let code = answer.json::<Refusal>().map_or_else(|_| "no code".into(), |told| told.error.code);
    Failure::defect(format!("the ERP answered {} ({code})", answer.status))
}
