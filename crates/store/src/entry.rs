// SPDX-License-Identifier: Apache-2.0
//! Between the columns of a table and the nouns of the model. A column that says something the
//! model does not know is a defect of the book, told by the name of the noun.

use model::code::Code;
use model::id::{EventId, Hash, RemittanceId, RowId};
use model::journal::{Journal, JournalKey, JournalState};
use model::money::{Currency, Money};
use model::role::Role;
use model::row::{Purpose, Row, Side, WindowGroup};
use ports::book::{LogEntry, RowPlace, RowStanding};
use ports::failure::Failure;
use serde::de::DeserializeOwned;
use serde_json::Value;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::error::unreadable;

/// Postgres has no unsigned integers; ours stay far below the sign.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

pub(crate) fn limit_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// As it is hashed: UTC, with the six digits of a second that Postgres keeps.
pub(crate) fn canonical_time(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    let (date, time, micro) = (at.date(), at.time(), at.microsecond());
    let (hour, minute, second) = time.as_hms();
    format!("{date}T{hour:02}:{minute:02}:{second:02}.{micro:06}Z")
}

pub(crate) fn hash_of(bytes: Vec<u8>, what: &str) -> Result<Hash, Failure> {
    bytes.try_into().map(Hash).map_err(|_| unreadable(what))
}

pub(crate) fn record_of<T: DeserializeOwned>(record: Value, what: &str) -> Result<T, Failure> {
    serde_json::from_value(record).map_err(|_| unreadable(what))
}

pub(crate) fn record<T: serde::Serialize>(noun: &T, what: &str) -> Result<Value, Failure> {
    serde_json::to_value(noun)
        .map_err(|error| Failure::defect(format!("cannot write a {what}: {error}")))
}

pub(crate) struct RowColumns {
    pub id: Uuid,
    pub event: Uuid,
    pub remittance: Uuid,
    pub entity: String,
    pub accounting_date: Date,
    pub prior_period: Option<Date>,
    pub debit_role: String,
    pub debit_facility: String,
    pub debit_department: String,
    pub debit_service_line: String,
    pub debit_payer: String,
    pub credit_role: String,
    pub credit_facility: String,
    pub credit_department: String,
    pub credit_service_line: String,
    pub credit_payer: String,
    pub amount: i64,
    pub currency: String,
    pub purpose: String,
    pub item: String,
    pub reverses: Option<Uuid>,
    /// Whether it is in the open set; asked for only where the standing is wanted.
    pub open: Option<bool>,
    /// The live journal that holds it.
    pub journal: Option<String>,
    /// The target of its window or journal.
    pub target: Option<String>,
}

impl RowColumns {
    pub fn row(self) -> Result<Row, Failure> {
        Ok(Row {
            id: RowId(self.id),
            event: EventId(self.event),
            remittance: RemittanceId(self.remittance),
            entity: Code::from(self.entity),
            accounting_date: self.accounting_date,
            prior_period: self.prior_period,
            debit: side(
                &self.debit_role,
                self.debit_facility,
                self.debit_department,
                self.debit_service_line,
                self.debit_payer,
            )?,
            credit: side(
                &self.credit_role,
                self.credit_facility,
                self.credit_department,
                self.credit_service_line,
                self.credit_payer,
            )?,
            amount: Money::new(self.amount, currency(&self.currency)?),
            purpose: purpose_of(self.purpose)?,
            item: Code::from(self.item),
            reverses: self.reverses.map(RowId),
        })
    }

    pub fn standing(mut self) -> Result<RowStanding, Failure> {
        let place = match (self.open, self.journal.take()) {
            (_, Some(journal)) => RowPlace::Member(JournalKey(Code::from(journal))),
            (Some(true), None) => RowPlace::Open,
            (Some(false) | None, None) => RowPlace::Superseded,
        };
        let target = self.target.take().map(Code::from);
        Ok(RowStanding { row: self.row()?, place, target })
    }
}

pub(crate) fn side(
    role: &str,
    facility: String,
    department: String,
    service_line: String,
    payer: String,
) -> Result<Side, Failure> {
    Ok(Side {
        role: role_of(role)?,
        facility: Code::from(facility),
        department: Code::from(department),
        service_line: Code::from(service_line),
        payer: Code::from(payer),
    })
}

pub(crate) fn role_of(code: &str) -> Result<Role, Failure> {
    Role::parse(code).ok_or_else(|| unreadable("account role"))
}

pub(crate) fn currency(code: &str) -> Result<Currency, Failure> {
    Currency::parse(code).ok_or_else(|| unreadable("currency"))
}

/// A purpose has one name, the serialised one.
pub(crate) fn purpose_name(purpose: Purpose) -> Result<String, Failure> {
    match record(&purpose, "purpose")? {
        Value::String(name) => Ok(name),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err(Failure::defect("a purpose without a name"))
        }
    }
}

pub(crate) fn purpose_of(name: String) -> Result<Purpose, Failure> {
    record_of(Value::String(name), "purpose")
}

/// A journal without its lines, which are kept beside it.
pub(crate) struct JournalColumns {
    pub key: String,
    pub process: String,
    pub target: String,
    pub entity: String,
    pub accounting_date: Date,
    pub currency: String,
    pub rows: i64,
    pub versions: String,
    pub standing: Value,
    pub created_at: OffsetDateTime,
}

impl JournalColumns {
    pub fn journal(self, lines: Vec<model::journal::Line>) -> Result<Journal, Failure> {
        let body = model::journal::Balanced::new(lines).map_err(|_| unreadable("journal body"))?;
        Ok(Journal {
            key: JournalKey(Code::from(self.key)),
            process: Code::from(self.process),
            group: WindowGroup {
                target: Code::from(self.target),
                entity: Code::from(self.entity),
                accounting_date: self.accounting_date,
            },
            currency: currency(&self.currency)?,
            body,
            rows: unsigned(self.rows),
            versions: Code::from(self.versions),
            state: record_of::<JournalState>(self.standing, "journal state")?,
            created_at: self.created_at,
        })
    }
}

/// A log entry that says no more than what happened to what and by whom.
pub(crate) fn log_entry(kind: &str, subject: &str, by: &str) -> LogEntry {
    LogEntry {
        kind: Code::new(kind),
        subject: Code::new(subject),
        by: Code::new(by),
        body: Value::Object(serde_json::Map::new()),
    }
}
