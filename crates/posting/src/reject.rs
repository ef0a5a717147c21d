// SPDX-License-Identifier: Apache-2.0
//! What follows a definite refusal: the events behind the refused lines go back to their process,
//! every other row goes into a new journal with a new key.

use std::collections::BTreeMap;

use model::code::Code;
use model::exception;
use model::id::EventId;
use model::journal::Journal;
use model::row::Row;
use ports::book::{Effects, JournalChange, LogEntry, Unit};
use ports::erp::{Rejection, RejectionCode};
use serde_json::json;
use time::OffsetDateTime;

use crate::aggregate::stands_behind;
use crate::book::put_close;
use crate::{REBOOK, SUBMIT_JOURNAL, Settings};

/// Events handed back in one unit.
const EVENTS_MAX: usize = 500;

/// Each refused event with the first reason that was given for it.
pub type Refused = BTreeMap<EventId, (exception::Code, String)>;

/// What a refusal is about.
pub enum Refusal {
    /// These events, for what they hold.
    OfEvents(Refused),
    /// The journal as such, or our right to post it: nothing in it is known to be wrong.
    OfDocument { code: exception::Code, text: String },
}

/// The one table from a target's refusal to our code.
pub fn code_of(code: RejectionCode) -> exception::Code {
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
        | RejectionCode::PartyRequired
        | RejectionCode::PartyForbidden
        | RejectionCode::NotPermitted
        | RejectionCode::Other => exception::Code::PostRejected,
    }
}

/// Whether a refusal that names no line says something about every line.
fn concerns_every_line(code: RejectionCode) -> Concern {
    match code {
        RejectionCode::PeriodClosed
        | RejectionCode::AccountUnknown
        | RejectionCode::AccountInactive
        | RejectionCode::DimensionUnknown
        | RejectionCode::DimensionInactive => Concern::EveryLine,
        RejectionCode::Duplicate
        | RejectionCode::Unbalanced
        | RejectionCode::PrecisionExceeded
        | RejectionCode::PartyRequired
        | RejectionCode::PartyForbidden
        | RejectionCode::NotPermitted
        | RejectionCode::Other => Concern::Document,
    }
}

enum Concern {
    EveryLine,
    Document,
}

/// Named lines go before what is said about the whole, which often only sums them up.
pub fn judge(journal: &Journal, rows: &[Row], rejections: &[Rejection]) -> Refusal {
    let mut refused = Refused::new();
    for rejection in rejections {
        let Some(line) = rejection.line.and_then(|line| journal.body.lines().get(line)) else {
            continue;
        };
        for row in rows.iter().filter(|row| stands_behind(row, line)) {
            let reason = || (code_of(rejection.code), rejection.text.clone());
            refused.entry(row.event).or_insert_with(reason);
        }
    }
    let mut whole = None;
    for rejection in rejections {
        match (rejection.line, concerns_every_line(rejection.code)) {
            (None, Concern::EveryLine) => {
                for row in rows {
                    let reason = || (code_of(rejection.code), rejection.text.clone());
                    refused.entry(row.event).or_insert_with(reason);
                }
            }
            (None, Concern::Document) | (Some(_), _) => whole = whole.or(Some(rejection)),
        }
    }
    if !refused.is_empty() {
        return Refusal::OfEvents(refused);
    }
    let code = whole.map_or(exception::Code::PostRejected, |own| code_of(own.code));
    let text = whole.map_or("the target refused the journal and said nothing", |own| &own.text);
    Refusal::OfDocument { code, text: text.to_owned() }
}

/// The effects of a refusal of events. `rows` is the whole membership.
pub fn reject(
    settings: &Settings,
    journal: &Journal,
    rows: &[Row],
    refused: &Refused,
    step: Code,
    now: OffsetDateTime,
) -> Effects {
    let mut effects = Effects::new(step);
    let (mut reopen, mut withdraw) = (Vec::new(), Vec::new());
    for row in rows {
        if refused.contains_key(&row.event) {
            withdraw.push(row.id);
        } else {
            reopen.push(row.id);
        }
    }
    if !reopen.is_empty() {
        put_close(&mut effects, &journal.group, now);
    }
    let mut by_code: BTreeMap<exception::Code, (&str, Vec<EventId>)> = BTreeMap::new();
    for (event, (code, text)) in refused {
        by_code.entry(*code).or_insert((text, Vec::new())).1.push(*event);
    }
    let first = by_code.iter().next();
    let (code, text) =
        first.map_or((exception::Code::PostRejected, ""), |(code, of)| (*code, of.0));
    effects.log.push(LogEntry {
        kind: Code::new("journal.rejected"),
        subject: journal.key.0.clone(),
        by: Code::new(SUBMIT_JOURNAL),
        body: json!({ "code": code, "text": text, "withdrawn": withdraw.len() }),
    });
    for (code, (text, events)) in by_code {
        for (part, chunk) in events.chunks(EVENTS_MAX).enumerate() {
            let id = format!("{}/{code}/{part}", journal.key);
            let key = &journal.key;
            let body = json!({ "events": chunk, "code": code, "text": text, "journal": key });
            let lane = settings.process_lanes.lane(&id);
            effects.puts.push(Unit::new(&lane, REBOOK, id, body, now));
        }
    }
    let (key, from) = (journal.key.clone(), journal.state.clone());
    effects.journals.push(JournalChange::Reject { key, from, code, reopen, withdraw });
    effects
}
