// SPDX-License-Identifier: Apache-2.0
//! The work of posting: what is done about a window, or about a journal, in which lane and under
//! which name.

use model::journal::JournalKey;
use model::row::WindowGroup;
use ports::book::Unit;
use serde_json::json;
use time::OffsetDateTime;
use workflow::Shards;

/// The lanes in which windows are closed and journals submitted: all that is done about one window, or
/// about one journal, in one of them.
pub const POSTING_LANES: Shards = Shards::new("posting", 6);

/// Closes one window: unit id is the group.
pub const CLOSE_WINDOW: &str = "close-window";
/// Submits one journal: unit id is its key.
pub const SUBMIT_JOURNAL: &str = "submit-journal";
/// A person asks to look again and, if the ERP does not have it, to send it anew.
pub const RECHECK_JOURNAL: &str = "recheck-journal";
/// Removes drafts that landed late: of a journal whose own unit is done.
pub const SWEEP_DRAFTS: &str = "sweep-drafts";

/// `kind` is done about the journal, instead of what else waits about it.
pub fn of_journal(kind: &str, key: &JournalKey, due: OffsetDateTime) -> Unit {
    let id = if kind == SWEEP_DRAFTS { format!("sweep/{key}") } else { key.to_string() };
    Unit::new(&POSTING_LANES.lane(&key.0), kind, id, json!({ "key": key }), due)
}

pub fn of_window(group: &WindowGroup, due: OffsetDateTime) -> Unit {
    let id = format!("{}/{}/{}", group.target, group.entity, group.accounting_date);
    Unit::new(&POSTING_LANES.lane(&id), CLOSE_WINDOW, id, json!({ "group": group }), due)
}
