// SPDX-License-Identifier: Apache-2.0
//! Work that was parked, put back by a person: the unit is made again from its name, since every name
//! says what it is about.

use model::code::Code;
use model::id::{DocumentId, ExceptionId, RemittanceId};
use model::journal::JournalKey;
use ports::book::Unit;
use serde_json::json;
use time::{Date, OffsetDateTime};

use crate::patience::long_ago;
use crate::room::LANES;
use crate::{decide_adjustments, decide_claims, decide_document, exclude, replay};

/// The unit behind `lane/id`, if it can be made again.
pub fn unit(name: &str, now: OffsetDateTime) -> Option<Unit> {
    let (lane, id) = name.split_once('/')?;
    if LANES.has(lane) { own(lane, id, now) } else { posting(lane, id, now) }
}

fn own(lane: &str, id: &str, now: OffsetDateTime) -> Option<Unit> {
    let put = |kind, body| Some(Unit::new(lane, kind, Code::new(id), body, now));
    // A round of its own: the first one may have ended with a step that was applied.
    let round = Code::from(format!("parked-{}", now.unix_timestamp()));
    let Some((first, rest)) = id.split_once('/') else {
        let document: DocumentId = id.parse().ok()?;
        return put(decide_document::KIND, json!({ "again": document }));
    };
    if let Ok(item) = rest.parse::<ExceptionId>() {
        return match first {
            "replay" => put(replay::KIND, json!(replay::Work { item })),
            "exclude" => put(exclude::KIND, json!(exclude::Work { item })),
            _ => None,
        };
    }
    let remittance: RemittanceId = first.parse().ok()?;
    // Every batch is searched for adjustments: where they begin is not known any more.
    let from = Some(1);
    if rest == "adjustments" {
        let work = decide_adjustments::Work { remittance, from, round, since: long_ago() };
        return Some(work.unit(now));
    }
    let first = rest.parse().ok()?;
    let (adjustments, since) = (from, long_ago());
    Some(decide_claims::Work { remittance, first, round, since, adjustments }.unit(now))
}

/// A journal's unit is named by its key, a window's by its group.
fn posting(lane: &str, id: &str, now: OffsetDateTime) -> Option<Unit> {
    if !posting::POSTING_LANES.has(lane) {
        return None;
    }
    let parts: Vec<&str> = id.split('/').collect();
    if let [key] = parts.as_slice() {
        let key = JournalKey(Code::new(key));
        return Some(posting::of_journal(posting::SUBMIT_JOURNAL, &key, now));
    }
    let [target, entity, date] = parts.as_slice() else { return None };
    let format = time::macros::format_description!("[year]-[month]-[day]");
    let date = Date::parse(date, format).ok()?;
    let group = model::row::WindowGroup {
        target: Code::new(target),
        entity: Code::new(entity),
        accounting_date: date,
    };
    Some(posting::of_window(&group, now))
}
