// SPDX-License-Identifier: Apache-2.0
//! Events as they arrive and as their states change. The inbox is one narrow row per event; what an
//! event says is sealed in its batch.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use model::event::EventBatch;
use model::journal::JournalKey;
use model::token::Token;
use ports::book::{ApplyError, InboxEntry, Transition};
use ports::failure::Failure;
use sqlx::PgConnection;
use uuid::Uuid;

use super::defect;
use super::rows::Written;
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

/// New states, and where the new rows of an event are, in one update per event. Gives back the events
/// that had rows before.
pub async fn change(
    book: &PostgresBook,
    connection: &mut PgConnection,
    transitions: &[Transition],
    written: &Written,
) -> Result<Vec<Uuid>, ApplyError> {
    // The last word on an event counts.
    let last: BTreeMap<Uuid, &Transition> =
        transitions.iter().map(|transition| (transition.event.0, transition)).collect();
    let events: BTreeSet<Uuid> = last.keys().chain(written.keys()).copied().collect();
    let events: Vec<Uuid> = events.into_iter().collect();
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let to = |event: &Uuid| last.get(event).copied();
    let states: Vec<Option<&str>> =
        events.iter().map(|event| to(event).map(|change| change.to.as_str())).collect();
    let codes: Vec<Option<&str>> =
        events.iter().map(|event| to(event)?.code.map(|code| code.as_str())).collect();
    let counts: Vec<Option<i32>> =
        events.iter().map(|event| to(event).map(|change| bookings(change.bookings))).collect();
    let batches: Vec<Option<i64>> =
        events.iter().map(|event| written.get(event)?.first().copied()).collect();
    let changed = sqlx::query!(
        r#"with changed as (
           update inbox
           set state = coalesce(change.state, inbox.state),
               code = case when change.state is null then inbox.code else change.code end,
               bookings = coalesce(change.bookings, inbox.bookings),
               batches = case
                 when change.batch is null then inbox.batches
                 else inbox.batches || change.batch
               end
           from unnest($2::uuid[], $3::text[], $4::text[], $5::integer[], $6::bigint[])
             as change (event, state, code, bookings, batch)
           where inbox.tenant = $1
             and inbox.event = change.event
           returning inbox.event,
             change.batch is not null and cardinality(inbox.batches) > 1 as again
         )
         select count(*) as "events!",
           coalesce(array_agg(event) filter (where again), '{}') as "again!"
         from changed"#,
        book.tenant(),
        &events,
        &states as _,
        &codes as _,
        &counts as _,
        &batches as _,
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(refused)?;
    if usize::try_from(changed.events) != Ok(events.len()) {
        return Err(defect("a transition or a row of an event that was never delivered"));
    }
    name_further(book, connection, written).await?;
    Ok(changed.again)
}

/// An event whose rows are in several windows has a batch in each.
async fn name_further(
    book: &PostgresBook,
    connection: &mut PgConnection,
    written: &Written,
) -> Result<(), ApplyError> {
    let further: Vec<(Uuid, i64)> = written
        .iter()
        .flat_map(|(event, batches)| batches.iter().skip(1).map(|batch| (*event, *batch)))
        .collect();
    if further.is_empty() {
        return Ok(());
    }
    let (events, batches): (Vec<Uuid>, Vec<i64>) = further.into_iter().unzip();
    sqlx::query!(
        "update inbox
         set batches = inbox.batches || further.batches
         from (
           select event, array_agg(batch order by batch) as batches
           from unnest($2::uuid[], $3::bigint[]) as named (event, batch)
           group by event
         ) as further
         where inbox.tenant = $1
           and inbox.event = further.event",
        book.tenant(),
        &events,
        &batches,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
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
    post_whole(book, connection, key).await
}

/// Most events have all their rows in the one batch, and it in the one journal; only for the others it
/// is asked where the rest is. An event that is booked anew at this moment has a higher count of bookings
/// by the time we reach it, and is left alone.
async fn post_whole(
    book: &PostgresBook,
    connection: &mut PgConnection,
    key: &JournalKey,
) -> Result<(), ApplyError> {
    sqlx::query!(
        "with touched as materialized (
           select row.event, count(*) as rows,
             count(*) filter (where member.numbers @> row.number) as members
           from member
           cross join lateral (
             select event, number
             from row
             where row.tenant = $1
               and row.batch = member.batch
               and row.recorded_on = member.recorded_on
             offset 0
           ) as row
           where member.tenant = $1
             and member.journal = $2
             and member.live
           group by row.event
         ), candidate as materialized (
           select entry.event, entry.bookings
           from touched
           cross join lateral (
             select event, bookings, batches
             from inbox
             where inbox.tenant = $1
               and inbox.event = touched.event
               and inbox.state = 'pending'
             offset 0
           ) as entry
           where touched.members > 0
             and (
               (touched.members = touched.rows and cardinality(entry.batches) = 1)
               or rows_posted($1, entry.event, entry.batches)
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
