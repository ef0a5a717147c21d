// SPDX-License-Identifier: Apache-2.0
//! Events as they arrive and as their states change. The inbox is one narrow row per event; what an
//! event says is sealed in its batch.

use std::collections::{BTreeMap, HashSet};

use model::event::EventBatch;
use model::journal::JournalKey;
use model::token::Token;
use ports::book::{ApplyError, InboxEntry, Transition};
use ports::failure::Failure;
use sqlx::PgConnection;
use uuid::Uuid;

use super::defect;
use crate::book::PostgresBook;
use crate::entry::signed;
use crate::error::refused;
use crate::sealing::Purpose;

pub async fn enter(
    book: &PostgresBook,
    connection: &mut PgConnection,
    entries: &[InboxEntry],
) -> Result<(), ApplyError> {
    if entries.is_empty() {
        return Ok(());
    }
    let column = |pick: fn(&InboxEntry) -> Uuid| entries.iter().map(pick).collect::<Vec<_>>();
    let kinds: Vec<&str> = entries.iter().map(|entry| entry.kind.as_str()).collect();
    let ordinals: Vec<i64> = entries.iter().map(|entry| signed(entry.ordinal)).collect();
    let batches: Vec<i64> = entries.iter().map(|entry| signed(entry.batch)).collect();
    let hashes: Vec<&[u8]> = entries.iter().map(|entry| &entry.source_hash.0[..]).collect();
    let amounts: Vec<i64> = entries.iter().map(|entry| entry.amount).collect();
    let states: Vec<&str> = entries.iter().map(|entry| entry.state.as_str()).collect();
    let codes: Vec<Option<&str>> =
        entries.iter().map(|entry| entry.code.map(|code| code.as_str())).collect();
    let bookings: Vec<i32> = entries.iter().map(|entry| bookings(entry.bookings)).collect();
    sqlx::query!(
        "insert into inbox (
           tenant, event, remittance, document, kind, ordinal, batch, source_hash, amount, state,
           code, bookings
         )
         select $1, event, remittance, document, kind, ordinal, batch, source_hash, amount, state,
           code, bookings
         from unnest(
           $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::bigint[], $7::bigint[], $8::bytea[],
           $9::bigint[], $10::text[], $11::text[], $12::integer[]
         ) as delivered (
           event, remittance, document, kind, ordinal, batch, source_hash, amount, state, code,
           bookings
         )
         on conflict on constraint inbox_unique do nothing",
        book.tenant(),
        &column(|entry| entry.event.0),
        &column(|entry| entry.remittance.0),
        &column(|entry| entry.document.0),
        &kinds as _,
        &ordinals,
        &batches,
        &hashes as _,
        &amounts,
        &states as _,
        &codes as _,
        &bookings,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    Ok(())
}

pub async fn keep_batches(
    book: &PostgresBook,
    connection: &mut PgConnection,
    batches: &[EventBatch<Token>],
) -> Result<(), ApplyError> {
    if batches.is_empty() {
        return Ok(());
    }
    let remittances: Vec<Uuid> = batches.iter().map(|batch| batch.remittance.0).collect();
    let firsts: Vec<i64> = batches.iter().map(|batch| signed(batch.first)).collect();
    let fresh = sqlx::query!(
        "insert into batch_identity (tenant, remittance, first)
         select $1, remittance, first
         from unnest($2::uuid[], $3::bigint[]) as delivered (remittance, first)
         on conflict on constraint batch_identity_unique do nothing
         returning remittance, first",
        book.tenant(),
        &remittances,
        &firsts,
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(refused)?;
    let mut fresh: HashSet<(Uuid, i64)> =
        fresh.into_iter().map(|row| (row.remittance, row.first)).collect();
    for batch in batches {
        if fresh.remove(&(batch.remittance.0, signed(batch.first))) {
            keep_batch(book, connection, batch).await?;
        }
    }
    Ok(())
}

async fn keep_batch(
    book: &PostgresBook,
    connection: &mut PgConnection,
    batch: &EventBatch<Token>,
) -> Result<(), ApplyError> {
    let clear = serde_json::to_vec(batch)
        .map_err(|error| Failure::defect(format!("cannot write a batch: {error}")))?;
    let record = batch_record(batch.remittance.0, signed(batch.first));
    let body = book.seal(Purpose::EventBatch, &record, clear)?;
    sqlx::query!(
        "insert into event_batch (tenant, remittance, first, events, body)
         values ($1, $2, $3, $4, $5)",
        book.tenant(),
        batch.remittance.0,
        signed(batch.first),
        i32::try_from(batch.events.len()).unwrap_or(i32::MAX),
        &body,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    Ok(())
}

/// What a sealed batch is bound to.
pub fn batch_record(remittance: Uuid, first: i64) -> String {
    format!("{remittance}/{first}")
}

pub async fn transitions(
    book: &PostgresBook,
    connection: &mut PgConnection,
    transitions: &[Transition],
) -> Result<(), ApplyError> {
    if transitions.is_empty() {
        return Ok(());
    }
    // The last word on an event counts.
    let last: BTreeMap<Uuid, &Transition> =
        transitions.iter().map(|transition| (transition.event.0, transition)).collect();
    let events: Vec<Uuid> = last.keys().copied().collect();
    let states: Vec<&str> = last.values().map(|transition| transition.to.as_str()).collect();
    let codes: Vec<Option<&str>> =
        last.values().map(|transition| transition.code.map(|code| code.as_str())).collect();
    let bookings: Vec<i32> = last.values().map(|change| bookings(change.bookings)).collect();
    let changed = sqlx::query!(
        "update inbox
         set state = change.state,
             code = change.code,
             bookings = change.bookings
         from unnest($2::uuid[], $3::text[], $4::text[], $5::integer[])
           as change (event, state, code, bookings)
         where inbox.tenant = $1
           and inbox.event = change.event",
        book.tenant(),
        &events,
        &states as _,
        &codes as _,
        &bookings,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    if changed.rows_affected() != events.len() as u64 {
        return Err(defect("a transition of an event that was never delivered"));
    }
    Ok(())
}

/// Moves every pending event of a journal that has just become posted, and whose live rows are all
/// in posted journals now, to posted.
pub async fn post(
    book: &PostgresBook,
    connection: &mut PgConnection,
    key: &JournalKey,
) -> Result<(), ApplyError> {
    // Two journals that share an event must not each see the other as not yet posted: one goes
    // after the other, and the second sees the first's commit.
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended(current_schema() || ' posted ' || $1, 0))",
        book.tenant(),
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(refused)?;
    // Most events have all their rows in the one journal; only for the others it is asked where the
    // rest is. An event that is booked anew at this moment has a higher count of bookings by the time
    // we reach it, and is left alone.
    sqlx::query!(
        "with touched as materialized (
           select event, count(*) as rows
           from member
           where tenant = $1
             and journal = $2
             and live
           group by event
         ), candidate as materialized (
           select entry.event, entry.bookings
           from touched
           cross join lateral (
             select event, bookings
             from inbox
             where inbox.tenant = $1
               and inbox.event = touched.event
               and inbox.state = 'pending'
             offset 0
           ) as entry
           where touched.rows = (
               select count(*)
               from row
               where row.tenant = $1
                 and row.event = touched.event
             )
             or not exists (
               select
               from row
               left join row_superseded
                 on row_superseded.tenant = $1
                 and row_superseded.id = row.id
               left join member
                 on member.tenant = $1
                 and member.row = row.id
                 and member.live
               left join journal
                 on journal.tenant = $1
                 and journal.key = member.journal
               where row.tenant = $1
                 and row.event = touched.event
                 and row_superseded.id is null
                 and journal.state is distinct from 'posted'
             )
         )
         update inbox
         set state = 'posted'
         from candidate
         where inbox.tenant = $1
           and inbox.event = candidate.event
           and inbox.bookings = candidate.bookings
           and inbox.state = 'pending'",
        book.tenant(),
        key.as_str(),
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    Ok(())
}

fn bookings(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
