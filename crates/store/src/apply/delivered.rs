// SPDX-License-Identifier: Apache-2.0
//! Events as they are delivered: one record per batch. What an event says is sealed beside it.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::event::{BATCH_EVENTS_MAX, EventBatch};
use model::token::Token;
use ports::book::{ApplyError, InboxEntry};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{conflict, defect};
use crate::book::PostgresBook;
use crate::encoding;
use crate::entry::signed;
use crate::error::refused;
use crate::inbox::{HASH_BYTES, Spans, kind_letter, state_letter};
use crate::sealing::Purpose;

/// New events with their batches. One that is there already is a conflict: whoever delivers it decides
/// again, and answers that it is known.
pub async fn enter(
    book: &PostgresBook,
    connection: &mut PgConnection,
    entries: &[InboxEntry],
    batches: &[Arc<EventBatch<Token>>],
) -> Result<(), ApplyError> {
    let mut records: BTreeMap<(Uuid, u64), Vec<&InboxEntry>> = BTreeMap::new();
    for entry in entries {
        records.entry((entry.remittance.0, entry.batch)).or_default().push(entry);
    }
    for ((remittance, _), entries) in &records {
        let record = Record::of(entries)?;
        refuse_known(book, connection, *remittance, entries).await?;
        record.insert(book, connection).await?;
    }
    for batch in batches {
        if !records.contains_key(&(batch.remittance.0, batch.first)) {
            return Err(defect("a batch without its events"));
        }
        keep_batch(book, connection, batch).await?;
    }
    Ok(())
}

/// Whoever else delivers events of the remittance waits until this transaction has ended.
async fn refuse_known(
    book: &PostgresBook,
    connection: &mut PgConnection,
    remittance: Uuid,
    entries: &[&InboxEntry],
) -> Result<(), ApplyError> {
    sqlx::query!(
        "select pg_advisory_xact_lock(
           hashtextextended(current_schema() || ' delivered ' || $1 || ' ' || $2::uuid::text, 0)
         )",
        book.tenant(),
        remittance,
    )
    .execute(&mut *connection)
    .await
    .map_err(refused)?;
    let spans = Spans::of(entries.iter().map(|entry| entry.event.place()));
    let events: Vec<Uuid> = entries.iter().map(|entry| entry.event.0).collect();
    let known = sqlx::query_scalar!(
        r#"select exists (
             select
             from unnest($2::bigint[], $3::bigint[], $4::bigint[]) as span (stem, low, high)
             cross join lateral (
               select events
               from inbox_batch
               where inbox_batch.tenant = $1
                 and inbox_batch.stem = span.stem
                 and inbox_batch.first > span.low - 1000
                 and inbox_batch.first <= span.high
                 and inbox_batch.last >= span.low
               offset 0
             ) as own
             cross join unnest(own.events) as one (event)
             where one.event = any($5)
           ) as "known!""#,
        book.tenant(),
        &spans.stems,
        &spans.lows,
        &spans.highs,
        &events,
    )
    .fetch_one(connection)
    .await
    .map_err(refused)?;
    if known { Err(conflict("an event is there already")) } else { Ok(()) }
}

/// What is written of a batch, with a place for every ordinal from its first to its last.
struct Record<'a> {
    any: &'a InboxEntry,
    first: i64,
    last: i64,
    events: Vec<Option<Uuid>>,
    kinds: String,
    source_hashes: Vec<u8>,
    amounts: Vec<i64>,
    states: String,
    codes: Option<Vec<Option<&'static str>>>,
    bookings: Vec<i32>,
}

impl<'a> Record<'a> {
    fn of(entries: &[&'a InboxEntry]) -> Result<Self, ApplyError> {
        let mut by_ordinal: BTreeMap<u64, &InboxEntry> = BTreeMap::new();
        for entry in entries {
            if entry.event.place().ordinal != entry.ordinal {
                return Err(defect("an event whose id does not say its ordinal"));
            }
            by_ordinal.insert(entry.ordinal, entry);
        }
        let (Some(any), Some(last)) = (entries.first(), by_ordinal.keys().last()) else {
            return Err(defect("a batch without events"));
        };
        let (first, last) = (any.batch, *last);
        let places = usize::try_from((last + 1).saturating_sub(first)).unwrap_or(usize::MAX);
        if by_ordinal.keys().next() < Some(&first) || places > BATCH_EVENTS_MAX {
            return Err(defect("a batch whose events lie too far apart"));
        }
        let own: Vec<Option<&InboxEntry>> =
            (first..=last).map(|ordinal| by_ordinal.get(&ordinal).copied()).collect();
        let codes: Vec<Option<&'static str>> = own
            .iter()
            .map(|entry| entry.and_then(|entry| entry.code).map(|code| code.as_str()))
            .collect();
        let mut source_hashes = Vec::with_capacity(places * HASH_BYTES);
        for entry in &own {
            source_hashes
                .extend_from_slice(&entry.map_or([0; HASH_BYTES], |entry| entry.source_hash.0));
        }
        let letter = |of: fn(&InboxEntry) -> char| {
            own.iter().map(|entry| entry.map_or(of(any), of)).collect::<String>()
        };
        Ok(Self {
            any,
            first: signed(first),
            last: signed(last),
            events: own.iter().map(|entry| entry.map(|entry| entry.event.0)).collect(),
            kinds: letter(|entry| kind_letter(entry.kind)),
            source_hashes,
            amounts: own.iter().map(|entry| entry.map_or(0, |entry| entry.amount)).collect(),
            states: letter(|entry| state_letter(entry.state)),
            codes: codes.iter().any(Option::is_some).then_some(codes),
            bookings: own
                .iter()
                .map(|entry| entry.map_or(0, |entry| bookings(entry.bookings)))
                .collect(),
        })
    }

    async fn insert(
        &self,
        book: &PostgresBook,
        connection: &mut PgConnection,
    ) -> Result<(), ApplyError> {
        let entered = sqlx::query!(
            "insert into inbox_batch (
               tenant, remittance, first, last, document, stem, events, kinds, source_hashes, amounts,
               states, codes, bookings
             )
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
             on conflict on constraint inbox_batch_unique do nothing",
            book.tenant(),
            self.any.remittance.0,
            self.first,
            self.last,
            self.any.document.0,
            self.any.event.place().stem,
            &self.events as _,
            &self.kinds,
            &self.source_hashes,
            &self.amounts,
            &self.states,
            self.codes.as_ref() as _,
            &self.bookings,
        )
        .execute(connection)
        .await
        .map_err(refused)?;
        if entered.rows_affected() == 1 {
            Ok(())
        } else {
            Err(conflict("a batch is there already"))
        }
    }
}

async fn keep_batch(
    book: &PostgresBook,
    connection: &mut PgConnection,
    batch: &Arc<EventBatch<Token>>,
) -> Result<(), ApplyError> {
    let clear = encoding::written(&**batch, "event batch")?;
    let record = batch_record(batch.remittance.0, signed(batch.first));
    let body = book.seal(Purpose::EventBatch, &record, &clear)?;
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

/// As the column has it.
pub fn bookings(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
