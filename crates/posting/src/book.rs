// SPDX-License-Identifier: Apache-2.0
//! Handing rows over: each goes to the window of its target, entity and accounting date. What reverses
//! another goes to the target that holds the other.

use model::code::Code;
use model::exception;
use model::reference::Reference;
use model::row::{Row, WindowGroup};
use ports::book::{Effects, RowStanding};
use ports::failure::Failure;
use time::OffsetDateTime;

use crate::{Settings, units};

/// Adds the rows to `effects`, and the work that will close their windows. Among `originals` stands
/// whatever one of the rows reverses.
pub fn book(
    effects: &mut Effects,
    rows: Vec<Row>,
    originals: &[RowStanding],
    reference: &Reference,
    settings: &Settings,
    now: OffsetDateTime,
) -> Result<(), Failure> {
    let many = rows.len() >= settings.rows_max;
    let due = if many { now } else { now + settings.window };
    for row in rows {
        let group = match like_the_last(effects, &row) {
            Some(group) => group,
            None => {
                let target = target(&row, originals, reference)?;
                let (entity, accounting_date) = (row.entity.clone(), row.accounting_date);
                let group = WindowGroup { target, entity, accounting_date };
                put_close(effects, &group, due);
                group
            }
        };
        effects.rows.push((group, row));
    }
    Ok(())
}

/// Of the same entity and day, where neither undoes anything: they have the same route.
fn like_the_last(effects: &Effects, row: &Row) -> Option<WindowGroup> {
    let (group, last) = effects.rows.last()?;
    let own = (&row.entity, row.accounting_date, row.reverses);
    (own == (&last.entity, last.accounting_date, None) && last.reverses.is_none())
        .then(|| group.clone())
}

/// Fixed by entity and accounting date, but for what reverses another row: whatever routes say by now,
/// it undoes something in the book of the other's target.
fn target(row: &Row, originals: &[RowStanding], reference: &Reference) -> Result<Code, Failure> {
    if let Some(reversed) = row.reverses {
        let original = originals.iter().find(|standing| standing.row.id == reversed);
        let target = original.and_then(|standing| standing.target.clone());
        return target.ok_or_else(|| {
            Failure::defect(format!("row {} reverses {reversed}, which is in no target", row.id))
        });
    }
    let Some(target) = reference.target(&row.entity, row.accounting_date) else {
        let (entity, date) = (&row.entity, row.accounting_date);
        let message = format!("no route names a target for entity {entity} on {date}");
        return Err(Failure::business(exception::Code::MasterEntity, message));
    };
    Ok(target.text())
}

/// Puts the unit that closes a group's window, once per transaction.
pub(crate) fn put_close(effects: &mut Effects, group: &WindowGroup, due: OffsetDateTime) {
    let close = units::of_window(group, due);
    if effects.puts.iter().all(|put| (&put.kind, &put.id) != (&close.kind, &close.id)) {
        effects.puts.push(close);
    }
}
