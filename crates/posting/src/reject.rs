// SPDX-License-Identifier: Apache-2.0
//! What follows a definite refusal: the events behind the refused lines go back to their process,
//! every other row goes into a new journal with a new key.

use std::collections::BTreeSet;

use model::code::Code;
use model::exception;
use model::id::EventId;
use model::journal::{Journal, JournalState};
use model::row::Row;
use ports::book::{Effects, JournalChange, LogEntry, Unit};
use ports::erp::{Rejection, RejectionCode};
use serde_json::json;
use time::OffsetDateTime;

use crate::aggregate::rows_behind;
use crate::book::put_close;
use crate::{REBOOK, SUBMIT_JOURNAL, Settings};

/// Events handed back in one unit.
const EVENTS_MAX: usize = 500;

/// The one table from a target's refusal to our code.
fn code_of(code: RejectionCode) -> exception::Code {
    match code {
        RejectionCode::PeriodClosed => exception::Code::PeriodClosed,
        RejectionCode::AccountUnknown | RejectionCode::AccountInactive => {
            exception::Code::MasterAccount
        }
        RejectionCode::DimensionUnknown | RejectionCode::DimensionInactive => {
            exception::Code::MasterDimension
        }
        RejectionCode::Duplicate => exception::Code::PostIncident,
        RejectionCode::Unbalanced
        | RejectionCode::PrecisionExceeded
        | RejectionCode::NotPermitted
        | RejectionCode::Other => exception::Code::PostRejected,
    }
}

/// The effects of a refusal. `rows` is the membership in the order of its aggregation.
pub fn reject(
    settings: &Settings,
    journal: &Journal,
    rows: &[Row],
    from: JournalState,
    rejections: &[Rejection],
    now: OffsetDateTime,
) -> Effects {
    let code = rejections.first().map_or(exception::Code::PostRejected, |own| code_of(own.code));
    let text = rejections.first().map(|own| own.text.clone()).unwrap_or_default();
    let refused = refused_events(rows, rejections);
    let mut effects = Effects::new(format!("reject/{}", journal.key));
    let is_refused = |row: &&Row| refused.contains(&row.event);
    let withdraw: Vec<_> = rows.iter().filter(is_refused).map(|row| row.id).collect();
    let reopen: Vec<_> = rows.iter().filter(|row| !is_refused(row)).map(|row| row.id).collect();
    if !reopen.is_empty() {
        put_close(&mut effects, &journal.group, now);
    }
    effects.log.push(LogEntry {
        kind: Code::new("journal.rejected"),
        subject: journal.key.0.clone(),
        by: Code::new(SUBMIT_JOURNAL),
        body: json!({ "code": code, "text": text, "withdrawn": withdraw.len() }),
    });
    let events: Vec<EventId> = refused.into_iter().collect();
    for (part, chunk) in events.chunks(EVENTS_MAX).enumerate() {
        let id = format!("{}/{part}", journal.key);
        let body = json!({ "events": chunk, "code": code, "text": text, "journal": journal.key });
        effects.puts.push(Unit::new(&settings.process_lane, REBOOK, id, body, now));
    }
    let key = journal.key.clone();
    effects.journals.push(JournalChange::Reject { key, from, code, reopen, withdraw });
    effects
}

/// The events behind the refused lines; all of them when the refusal names no line.
fn refused_events(rows: &[Row], rejections: &[Rejection]) -> BTreeSet<EventId> {
    let behind = rows_behind(rows);
    let mut refused = BTreeSet::new();
    for rejection in rejections {
        match rejection.line.and_then(|line| behind.get(line)) {
            Some(indices) => refused.extend(indices.iter().map(|index| rows[*index].event)),
            None => refused.extend(rows.iter().map(|row| row.event)),
        }
    }
    refused
}
