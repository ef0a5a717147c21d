// SPDX-License-Identifier: Apache-2.0
//! What this ERP refuses: the form of a journal first, then its accounts, dimensions, period and
//! balance, every violation with the line it stands on.

use model::money;
use serde::Serialize;
use serde_json::Value;
use time::Date;
use time::macros::format_description;

use super::journal::{Journal, JournalRequest, Line, LineRequest};
use super::reference::{PeriodStatus, Reference};

/// Longest text of any field of a journal.
const FIELD_CHARS_MAX: usize = 200;
/// Most violations listed in one answer.
const VIOLATIONS_MAX: usize = 100;

/// One reason for refusal. `line` counts from 1; absent when it concerns the whole journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    pub field: String,
    pub code: &'static str,
    pub message: String,
}

impl Violation {
    pub fn of_journal(field: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self { line: None, field: field.into(), code, message: message.into() }
    }

    fn of_line(line: usize, field: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self { line: Some(line), field: field.into(), code, message: message.into() }
    }
}

/// Checks the form: texts within bounds, two lines or more, one exact positive side per line.
pub fn read_form(request: JournalRequest, lines_max: usize) -> Result<Journal, Vec<Violation>> {
    let mut violations = Vec::new();
    for (field, text, required) in [
        ("reference", &request.reference, true),
        ("entity", &request.entity, true),
        ("date", &request.date, true),
        ("period", &request.period, false),
        ("currency", &request.currency, true),
        ("ledger", &request.ledger, false),
        ("description", &request.description, false),
        ("source", &request.source, false),
    ] {
        if required && text.trim().is_empty() {
            violations.push(Violation::of_journal(field, "FIELD_REQUIRED", "must not be empty"));
        }
        if text.chars().count() > FIELD_CHARS_MAX {
            let message = format!("longer than {FIELD_CHARS_MAX} characters");
            violations.push(Violation::of_journal(field, "FIELD_LENGTH", message));
        }
    }
    let count = request.lines.len();
    if count < 2 {
        violations.push(Violation::of_journal("lines", "LINES_MIN", "at least two lines"));
    }
    if count > lines_max {
        let message = format!("{count} lines, at most {lines_max}");
        violations.push(Violation::of_journal("lines", "LINES_MAX", message));
        return Err(violations);
    }
    let mut lines = Vec::with_capacity(count);
    for (index, line) in request.lines.into_iter().enumerate() {
        lines.push(read_line(index + 1, line, &mut violations));
    }
    if !violations.is_empty() {
        violations.truncate(VIOLATIONS_MAX);
        return Err(violations);
    }
    Ok(Journal {
        reference: request.reference,
        entity: request.entity,
        ledger: request.ledger,
        date: request.date,
        period: request.period,
        currency: request.currency,
        description: request.description,
        source: request.source,
        lines,
    })
}

fn read_line(number: usize, line: LineRequest, violations: &mut Vec<Violation>) -> Line {
    let debit = read_side(number, "debit", line.debit.as_ref(), violations);
    let credit = read_side(number, "credit", line.credit.as_ref(), violations);
    if debit.is_some() == credit.is_some() {
        let message = "a line has either a debit or a credit";
        violations.push(Violation::of_line(number, "debit", "DEBIT_XOR_CREDIT", message));
    }
    if line.text.chars().count() > FIELD_CHARS_MAX {
        let message = format!("longer than {FIELD_CHARS_MAX} characters");
        violations.push(Violation::of_line(number, "text", "FIELD_LENGTH", message));
    }
    Line {
        account: line.account,
        debit: debit.unwrap_or(0),
        credit: credit.unwrap_or(0),
        dimensions: line.dimensions,
        text: line.text,
    }
}

/// The side in cents; nothing when it is absent or null. A present side that cannot be read counts
/// as zero here and has left its violation.
fn read_side(
    number: usize,
    field: &str,
    value: Option<&Value>,
    violations: &mut Vec<Violation>,
) -> Option<i64> {
    let text = match value {
        None | Some(Value::Null) => return None,
        Some(Value::String(text)) => text,
        Some(_) => {
            let message = "an amount is a decimal string, never a number";
            violations.push(Violation::of_line(number, field, "AMOUNT_FORMAT", message));
            return Some(0);
        }
    };
    let (code, message) = match read_amount(text) {
        Ok(cents) if cents > 0 => return Some(cents),
        Ok(_) => ("AMOUNT_FORMAT", "an amount is greater than zero"),
        Err(refusal) => refusal,
    };
    violations.push(Violation::of_line(number, field, code, message));
    Some(0)
}

fn read_amount(text: &str) -> Result<i64, (&'static str, &'static str)> {
    let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    if decimals > 2 {
        return Err(("PRECISION", "more than two decimals"));
    }
    if text.starts_with('+') || text.ends_with('.') || text.starts_with('.') {
        return Err(("AMOUNT_FORMAT", "not a plain decimal amount"));
    }
    money::parse_minor(text.as_bytes()).map_err(|_| ("AMOUNT_FORMAT", "not a decimal amount"))
}

/// Checks a well-formed journal against the reference data as it stands now.
pub fn check(journal: &Journal, reference: &Reference) -> Result<(), Vec<Violation>> {
    let mut violations = Vec::new();
    check_header(journal, reference, &mut violations);
    for (index, line) in journal.lines.iter().enumerate() {
        check_line(index + 1, line, &journal.entity, reference, &mut violations);
    }
    check_balance(journal, &mut violations);
    if violations.is_empty() {
        return Ok(());
    }
    violations.truncate(VIOLATIONS_MAX);
    Err(violations)
}

fn check_header(journal: &Journal, reference: &Reference, violations: &mut Vec<Violation>) {
    let Some(entity) = reference.entities.get(&journal.entity) else {
        let message = format!("there is no entity {}", journal.entity);
        violations.push(Violation::of_journal("entity", "ENTITY_UNKNOWN", message));
        return;
    };
    if entity.currency != journal.currency {
        let message = format!("entity {} keeps its books in {}", entity.code, entity.currency);
        violations.push(Violation::of_journal("currency", "CURRENCY_UNKNOWN", message));
    }
    if !journal.ledger.is_empty() && !entity.ledger.is_empty() && journal.ledger != entity.ledger {
        let message = format!("entity {} keeps ledger {}", entity.code, entity.ledger);
        violations.push(Violation::of_journal("ledger", "LEDGER_UNKNOWN", message));
    }
    let key = (journal.entity.clone(), journal.period.clone());
    let Some(period) = reference.periods.get(&key) else {
        let message = format!("entity {} has no period {}", key.0, key.1);
        violations.push(Violation::of_journal("period", "PERIOD_UNKNOWN", message));
        return;
    };
    if period.status == PeriodStatus::Closed {
        let message = format!("period {} of entity {} is closed", key.1, key.0);
        violations.push(Violation::of_journal("period", "PERIOD_CLOSED", message));
    }
    let form = format_description!("[year]-[month]-[day]");
    match Date::parse(&journal.date, &form) {
        Err(_) => {
            let message = "a date is written YYYY-MM-DD";
            violations.push(Violation::of_journal("date", "DATE_FORMAT", message));
        }
        // ISO dates of one width compare as texts in calendar order.
        Ok(_) if journal.date < period.from || journal.date > period.to => {
            let message = format!("{} is not within period {}", journal.date, period.period);
            violations.push(Violation::of_journal("date", "DATE_OUTSIDE_PERIOD", message));
        }
        Ok(_) => {}
    }
}

fn check_line(
    number: usize,
    line: &Line,
    entity: &str,
    reference: &Reference,
    violations: &mut Vec<Violation>,
) {
    let mut refuse = |field: &str, code: &'static str, message: String| {
        violations.push(Violation::of_line(number, field, code, message));
    };
    match reference.accounts.get(&line.account) {
        None => {
            let message = format!("there is no account {}", line.account);
            refuse("account", "ACCOUNT_UNKNOWN", message);
        }
        Some(account) => {
            if !account.active {
                let message = format!("account {} is inactive", account.code);
                refuse("account", "ACCOUNT_INACTIVE", message);
            }
            for kind in &account.required_dimensions {
                if !line.dimensions.contains_key(kind) {
                    let message = format!("account {} needs a {kind}", account.code);
                    refuse(&format!("dimensions.{kind}"), "DIMENSION_REQUIRED", message);
                }
            }
        }
    }
    for (kind, code) in &line.dimensions {
        let field = format!("dimensions.{kind}");
        let Some(value) = reference.dimensions.get(kind).and_then(|values| values.get(code)) else {
            refuse(&field, "DIMENSION_UNKNOWN", format!("there is no {kind} {code}"));
            continue;
        };
        if !value.active {
            refuse(&field, "DIMENSION_INACTIVE", format!("{kind} {code} is inactive"));
        }
        if value.entity.as_ref().is_some_and(|owner| owner != entity) {
            let message = format!("{kind} {code} does not belong to entity {entity}");
            refuse(&field, "DIMENSION_COMBINATION", message);
        }
    }
}

fn check_balance(journal: &Journal, violations: &mut Vec<Violation>) {
    let debit = money::checked_sum(journal.lines.iter().map(|line| line.debit));
    let credit = money::checked_sum(journal.lines.iter().map(|line| line.credit));
    let message = match (debit, credit) {
        (Ok(debit), Ok(credit)) if debit == credit => return,
        (Ok(debit), Ok(credit)) => {
            format!("debit {}, credit {}", money::decimal(debit), money::decimal(credit))
        }
        (Err(_), _) | (_, Err(_)) => "the total does not fit".into(),
    };
    violations.push(Violation::of_journal("lines", "UNBALANCED", message));
}
