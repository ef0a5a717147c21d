// SPDX-License-Identifier: Apache-2.0
//! Sub-ledger rows: written once, by the batch, open until a window closes over them or they are
//! superseded. Where they stand is told by their numbers.

use std::collections::{BTreeMap, HashMap, HashSet};

use model::id::RowId;
use model::row::{Row, WindowGroup};
use ports::book::ApplyError;
use sqlx::PgConnection;
use uuid::Uuid;

use super::numbers::{Numbers, open_numbers, standing};
use super::{conflict, defect, packed};
use crate::book::PostgresBook;
use crate::error::refused;

/// The batches that hold an event's new rows.
pub type Written = BTreeMap<Uuid, Vec<i64>>;

/// Writes the rows into the open set. They are an event's only once the inbox has their batch: see
/// [`super::standing::change`], and [`refuse_known`] after it.
pub async fn insert(
    book: &PostgresBook,
    connection: &mut PgConnection,
    rows: &[(WindowGroup, Row)],
) -> Result<Written, ApplyError> {
    let mut ids = HashSet::with_capacity(rows.len());
    if rows.iter().any(|(_, row)| !ids.insert(row.id)) {
        return Err(defect("a row was written twice in one step"));
    }
    let mut written = Written::new();
    for batch in packed::batches(rows)? {
        let number = packed::insert(book, connection, &batch).await?;
        for event in batch.events() {
            let batches = written.entry(event).or_default();
            if batches.last() != Some(&number) {
                batches.push(number);
            }
        }
    }
    Ok(written)
}

/// A row that was ever written is in one of the batches that its event had before.
pub async fn refuse_known(
    book: &PostgresBook,
    connection: &mut PgConnection,
    rows: &[(WindowGroup, Row)],
    earlier: &[i64],
) -> Result<(), ApplyError> {
    if earlier.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = rows.iter().map(|(_, row)| row.id.0).collect();
    let known = sqlx::query_scalar!(
        r#"select exists (
             select
             from row_batch
             cross join unnest(row_batch.ids) as own (id)
             where row_batch.tenant = $1
               and row_batch.batch = any($2)
               and own.id = any($3)
           ) as "known!""#,
        book.tenant(),
        earlier,
        &ids,
    )
    .fetch_one(connection)
    .await
    .map_err(refused)?;
    if known { Err(defect("a row was written a second time")) } else { Ok(()) }
}

/// Takes rows out of the open set for good. One that has meanwhile become a member of a journal is a
/// conflict.
pub async fn supersede(
    book: &PostgresBook,
    connection: &mut PgConnection,
    rows: &[RowId],
) -> Result<(), ApplyError> {
    let wanted: HashSet<Uuid> = rows.iter().map(|row| row.0).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let open = open_numbers(book, connection, None, &wanted).await?;
    let elsewhere: Vec<RowId> =
        wanted.iter().filter(|id| !open.contains_key(id)).map(|id| RowId(*id)).collect();
    // What is not open must have been superseded before.
    let found = standing(book, connection, &elsewhere).await?;
    if found.members > 0 {
        return Err(conflict("a row to supersede is in a journal"));
    }
    if found.superseded != elsewhere.len() {
        return Err(defect("a row to supersede does not exist"));
    }
    withdraw(book, connection, &open).await
}

async fn withdraw(
    book: &PostgresBook,
    connection: &mut PgConnection,
    open: &HashMap<Uuid, i64>,
) -> Result<(), ApplyError> {
    let numbers = Numbers::of(open.values().copied());
    if numbers.batches.is_empty() {
        return Ok(());
    }
    let withdrawn = sqlx::query!(
        "with taken as (
           select batch, numbers::int8multirange as numbers
           from unnest($2::bigint[], $3::text[]) as given (batch, numbers)
         ), part as (
           update row_open
           set numbers = row_open.numbers - taken.numbers
           from taken
           where row_open.tenant = $1
             and row_open.batch = taken.batch
             and row_open.numbers @> taken.numbers
             and row_open.numbers <> taken.numbers
           returning row_open.batch
         ), whole as (
           delete from row_open
           using taken
           where row_open.tenant = $1
             and row_open.batch = taken.batch
             and row_open.numbers = taken.numbers
           returning row_open.batch
         )
         insert into row_superseded (tenant, batch, numbers)
         select $1, gone.batch, taken.numbers
         from (select batch from part union all select batch from whole) as gone
         join taken
           on taken.batch = gone.batch
         on conflict on constraint row_superseded_unique do update
         set numbers = row_superseded.numbers + excluded.numbers",
        book.tenant(),
        &numbers.batches,
        &numbers.ranges,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    if withdrawn.rows_affected() != numbers.batches.len() as u64 {
        return Err(conflict("a row to supersede is no longer open"));
    }
    Ok(())
}
