// SPDX-License-Identifier: Apache-2.0
//! Handing rows over: each goes to the window of its target, entity and accounting date.

use model::exception;
use model::reference::Reference;
use model::row::{Row, WindowGroup};
use ports::book::{Effects, Unit};
use ports::failure::Failure;
use serde_json::json;
use time::OffsetDateTime;

use crate::{CLOSE_WINDOW, POSTING_LANE, Settings};

/// Adds the rows to `effects`, and the work that will close their windows.
pub fn book(
    effects: &mut Effects,
    rows: Vec<Row>,
    reference: &Reference,
    settings: &Settings,
    now: OffsetDateTime,
) -> Result<(), Failure> {
    let many = rows.len() >= settings.rows_max;
    let due = if many { now } else { now + settings.window };
    for row in rows {
        let Some(target) = reference.target(&row.entity) else {
            let message = format!("no route names a target for entity {}", row.entity);
            return Err(Failure::business(exception::Code::MasterEntity, message));
        };
        let group = WindowGroup {
            target: target.clone(),
            entity: row.entity.clone(),
            accounting_date: row.accounting_date,
        };
        let known = effects.rows.last().is_some_and(|(last, _)| *last == group);
        if !known {
            put_close(effects, &group, due);
        }
        effects.rows.push((group, row));
    }
    Ok(())
}

/// Puts the unit that closes a group's window, once per transaction.
pub(crate) fn put_close(effects: &mut Effects, group: &WindowGroup, due: OffsetDateTime) {
    let id = format!("{}/{}/{}", group.target, group.entity, group.accounting_date);
    if effects.puts.iter().any(|put| *put.kind == *CLOSE_WINDOW && *put.id == *id) {
        return;
    }
    let body = json!({ "group": group });
    effects.puts.push(Unit::new(POSTING_LANE, CLOSE_WINDOW, id, body, due));
}
