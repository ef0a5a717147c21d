// SPDX-License-Identifier: Apache-2.0
//! Units of work put and taken in a step's transaction.

use std::collections::BTreeMap;

use model::code::Code;
use ports::book::{ApplyError, Unit};
use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::book::PostgresBook;
use crate::entry::signed;
use crate::error::refused;

/// Removes units whose generation is still the one that ran; one that was put again meanwhile stays.
pub async fn take(
    book: &PostgresBook,
    connection: &mut PgConnection,
    units: &[Unit],
) -> Result<(), ApplyError> {
    if units.is_empty() {
        return Ok(());
    }
    let lanes: Vec<&str> = units.iter().map(|unit| unit.lane.as_str()).collect();
    let ids: Vec<&str> = units.iter().map(|unit| unit.id.as_str()).collect();
    let generations: Vec<i64> = units.iter().map(|unit| signed(unit.generation)).collect();
    sqlx::query!(
        "delete from unit
         using unnest($2::text[], $3::text[], $4::bigint[]) as taken (lane, id, generation)
         where unit.tenant = $1
           and unit.lane = taken.lane
           and unit.id = taken.id
           and unit.generation = taken.generation",
        book.tenant(),
        &lanes as _,
        &ids as _,
        &generations,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    Ok(())
}

/// Keeps one unit per id: the earlier due time, the newer kind and body, a higher generation.
pub async fn put(
    book: &PostgresBook,
    connection: &mut PgConnection,
    units: &[Unit],
) -> Result<(), ApplyError> {
    if units.is_empty() {
        return Ok(());
    }
    // In order of key, so that two transactions wait for each other in one direction only.
    let mut single: BTreeMap<(&Code, &Code), (&Unit, OffsetDateTime)> = BTreeMap::new();
    for unit in units {
        let kept = single.entry((&unit.lane, &unit.id)).or_insert((unit, unit.due));
        *kept = (unit, kept.1.min(unit.due));
    }
    let lanes: Vec<&str> = single.keys().map(|(lane, _)| lane.as_str()).collect();
    let ids: Vec<&str> = single.keys().map(|(_, id)| id.as_str()).collect();
    let kinds: Vec<&str> = single.values().map(|(unit, _)| unit.kind.as_str()).collect();
    let bodies: Vec<&Value> = single.values().map(|(unit, _)| &unit.body).collect();
    let dues: Vec<OffsetDateTime> = single.values().map(|(_, due)| *due).collect();
    sqlx::query!(
        "insert into unit (tenant, lane, id, kind, body, due)
         select $1, lane, id, kind, body, due
         from unnest($2::text[], $3::text[], $4::text[], $5::jsonb[], $6::timestamptz[])
           with ordinality as given (lane, id, kind, body, due, place)
         order by place
         on conflict on constraint unit_unique do update
         set kind = excluded.kind,
             body = excluded.body,
             due = least(unit.due, excluded.due),
             generation = excluded.generation",
        book.tenant(),
        &lanes as _,
        &ids as _,
        &kinds as _,
        &bodies as _,
        &dues,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    Ok(())
}
