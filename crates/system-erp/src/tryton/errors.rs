// SPDX-License-Identifier: Apache-2.0
//! One table from Tryton's refusals to ours. It gives no codes, only English texts, so each entry is a
//! status with what the text must hold; what matches nothing is `Other` and goes to a person.

use ports::erp::{JournalDocument, Rejection, RejectionCode};
use serde::Deserialize;

/// Longest text of a rejection that is kept.
const TEXT_CHARS_MAX: usize = 500;
/// What Tryton says when a move is posted that is posted already.
const POSTED_ALREADY: &str = "You can not call \"post\"";
/// What it says when a posted move is to be removed.
const POSTED_STAYS: &str = "You cannot modify posted move";

/// The first entry whose status is the answer's and whose texts are all in it decides.
pub(super) const REFUSALS: [(u16, &[&str], RejectionCode); 17] = [
    (400, &["journal-period in closed period"], RejectionCode::PeriodClosed),
    (400, &["on closed journal-period"], RejectionCode::PeriodClosed),
    (400, &["reopen the period"], RejectionCode::PeriodClosed),
    (
        400,
        &["for field \"Period\"", "not valid according to its domain"],
        RejectionCode::PeriodClosed,
    ),
    (
        400,
        &["for field \"Account\" in record", "\"Analytic Account Line\"", "its domain"],
        RejectionCode::DimensionUnknown,
    ),
    (
        400,
        &["for field \"Account\" in \"Analytic Account Line\" does not exist"],
        RejectionCode::DimensionUnknown,
    ),
    (
        400,
        &["for field \"Account\" in record", "\"Account Move Line\"", "its domain"],
        RejectionCode::AccountInactive,
    ),
    (400, &["you must set a type or unclose it"], RejectionCode::AccountInactive),
    (400, &["in \"Account Move Line\" does not exist"], RejectionCode::AccountUnknown),
    (400, &["balance all its lines"], RejectionCode::Unbalanced),
    (400, &["The number of digits in the value"], RejectionCode::PrecisionExceeded),
    (400, &["A value is required for field \"Party\""], RejectionCode::PartyRequired),
    (400, &["you must set a party on line"], RejectionCode::PartyRequired),
    (400, &["you must remove the party on line"], RejectionCode::PartyForbidden),
    (400, &["You are not allowed to"], RejectionCode::NotPermitted),
    (400, &["You cannot modify posted move"], RejectionCode::Other),
    (400, &["you must fill in its lines"], RejectionCode::Other),
];

#[derive(Deserialize)]
struct Told {
    message: String,
    #[serde(default)]
    description: String,
}

/// The reason that an answer gives, as far as it gives one.
pub(super) fn text(answer: &outbound::Answer) -> Option<String> {
    let Told { message, description } = answer.json().ok()?;
    let whole = if description.is_empty() { message } else { format!("{message} {description}") };
    Some(whole.chars().take(TEXT_CHARS_MAX).collect())
}

pub(super) fn is_posted_already(text: &str) -> bool {
    text.contains(POSTED_ALREADY)
}

pub(super) fn stays_posted(text: &str) -> bool {
    text.contains(POSTED_STAYS)
}

pub(super) fn code(status: u16, text: &str) -> RejectionCode {
    let fits = |own: &&(u16, &[&str], RejectionCode)| {
        own.0 == status && own.1.iter().all(|pattern| text.contains(pattern))
    };
    REFUSALS.iter().find(fits).map_or(RejectionCode::Other, |(_, _, code)| *code)
}

/// The refusal with every line that it names; Tryton names a line by its account.
pub(super) fn rejections(status: u16, text: &str, journal: &JournalDocument) -> Vec<Rejection> {
    let code = code(status, text);
    let reject = |line| Rejection { code, line, text: text.to_owned() };
    let named: Vec<Rejection> = match code {
        RejectionCode::AccountInactive
        | RejectionCode::PartyRequired
        | RejectionCode::PartyForbidden
        | RejectionCode::PrecisionExceeded => {
            let lines = journal.lines.iter().enumerate();
            let named = lines.filter(|(_, line)| names(text, &line.account));
            named.map(|(index, _)| reject(Some(index))).collect()
        }
        RejectionCode::PeriodClosed
        | RejectionCode::AccountUnknown
        | RejectionCode::DimensionUnknown
        | RejectionCode::DimensionInactive
        | RejectionCode::Unbalanced
        | RejectionCode::Duplicate
        | RejectionCode::NotPermitted
        | RejectionCode::Other => Vec::new(),
    };
    if named.is_empty() { vec![reject(None)] } else { named }
}

/// `"4000 - Revenue"` or `"$10.00 @ 4000"`.
fn names(text: &str, account: &str) -> bool {
    text.contains(&format!("\"{account} - ")) || text.contains(&format!(" @ {account}\""))
}
