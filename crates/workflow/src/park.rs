// SPDX-License-Identifier: Apache-2.0
//! Work that waits for a person: one item per cause, and the unit kept so that it can be put again.

use model::code::Code;
use model::exception::{self, Holds, Item, ItemState, Subject};
use model::id::ExceptionId;
use model::money::Minor;
use ports::book::{Effects, LogEntry, Records, StatePut, Unit};
use ports::failure::Failure;
use ports::json::Json;
use serde_json::json;
use time::OffsetDateTime;

/// Process state under which a parked unit is kept, by `lane/id`.
const PARKED: &str = "parked-unit";

/// Why an item is opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Cause {
    pub subject: Subject,
    pub code: exception::Code,
    pub holds: Holds,
    pub amount: Minor,
    pub claims: u64,
    pub reason: String,
}

/// The item for this cause: the one that is open already, or a new one that follows the last.
pub async fn item_for(
    records: &dyn Records,
    cause: Cause,
    now: OffsetDateTime,
) -> Result<Item, Failure> {
    let mut items = records.items_about(&cause.subject.id()).await?;
    items.retain(|item| item.code == cause.code);
    let waits = |item: &&Item| match item.state {
        ItemState::Open | ItemState::Proposed { .. } => true,
        ItemState::Replayed { .. } | ItemState::Resolved { .. } => false,
    };
    let open = items.iter().find(waits).map(|item| item.id);
    let round = u32::try_from(items.len()).unwrap_or(u32::MAX);
    let next = ExceptionId::of(&cause.subject.id(), cause.code.as_str(), round);
    Ok(Item {
        // A new item under an id that is open is left alone by the book.
        id: open.unwrap_or(next),
        code: cause.code,
        subject: cause.subject,
        holds: cause.holds,
        amount: cause.amount,
        claims: cause.claims,
        reason: cause.reason,
        state: ItemState::Open,
        parent: items.last().map(|item| item.id),
        version: 0,
        opened_at: now,
    })
}

fn name_of(unit: &Unit) -> Code {
    Code::from(format!("{}/{}", unit.lane, unit.id))
}

/// A unit that was parked, by the name in `Subject::Work`, ready to be put again.
pub async fn parked_unit(records: &dyn Records, name: &str) -> Result<Option<Unit>, Failure> {
    let found = records.states(PARKED, &[Code::new(name)]).await?;
    let Some(record) = found.into_iter().next() else { return Ok(None) };
    let unit: Unit = record
        .body
        .read()
        .map_err(|error| Failure::defect(format!("a parked unit is unreadable: {error}")))?;
    Ok(Some(Unit { attempts: 0, generation: 0, ..unit }))
}

/// The transaction that parks a unit: an item, the unit's own record, a log entry, and its take.
pub(crate) async fn park(
    records: &dyn Records,
    unit: &Unit,
    cause: Cause,
    step: Code,
    now: OffsetDateTime,
) -> Result<Effects, Failure> {
    let name = name_of(unit);
    let known = records.states(PARKED, std::slice::from_ref(&name)).await?;
    let body = Json::of(unit)
        .map_err(|error| Failure::defect(format!("a unit cannot be kept: {error}")))?;
    let item = item_for(records, cause, now).await?;
    let mut effects = Effects::new(step);
    effects.states = vec![StatePut {
        kind: Code::new(PARKED),
        key: name.clone(),
        body,
        expected: known.first().map_or(0, |record| record.version),
    }];
    effects.log = vec![LogEntry {
        kind: Code::new("work.parked"),
        subject: Code::from(item.subject.id()),
        by: unit.kind.clone(),
        body: json!({ "unit": name, "code": item.code, "item": item.id }),
    }];
    effects.items = vec![item];
    effects.takes = vec![unit.clone()];
    Ok(effects)
}
