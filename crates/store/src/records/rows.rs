// SPDX-License-Identifier: Apache-2.0
//! Sub-ledger rows, with or without their place.

use std::collections::{HashMap, HashSet};

use model::code::Code;
use model::id::{DocumentId, EventId, Place, RemittanceId, RowId};
use model::journal::JournalKey;
use model::row::{Row, WindowGroup};
use ports::book::{OpenGroup, RowStanding};
use ports::failure::Failure;
use uuid::Uuid;

use super::packed::{self, PackedColumns};
use crate::apply::places;
use crate::book::PostgresBook;
use crate::entry::{RowColumns, limit_of, signed, unsigned};
use crate::error::failure;
use crate::inbox::Spans;

/// Rows `r` by the clause that brings them; the place is not asked for.
///
/// The clauses keep working on tables of which the planner knows nothing yet: `offset 0` fixes that a
/// row is looked up for each id, whatever the planner believes about how many there are.
macro_rules! rows {
    ($clause:tt, $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            RowColumns,
            r#"select r.id as "id!", r.event as "event!", r.remittance as "remittance!",
                 r.entity as "entity!", r.accounting_date as "accounting_date!", r.prior_period,
                 r.debit_role as "debit_role!", r.debit_facility as "debit_facility!",
                 r.debit_department as "debit_department!",
                 r.debit_service_line as "debit_service_line!", r.debit_payer as "debit_payer!",
                 r.credit_role as "credit_role!", r.credit_facility as "credit_facility!",
                 r.credit_department as "credit_department!",
                 r.credit_service_line as "credit_service_line!",
                 r.credit_payer as "credit_payer!", r.amount as "amount!",
                 r.currency as "currency!", r.purpose as "purpose!", r.item as "item!",
                 r.reverses, null::boolean as open, null::text as journal, null::text as target
               from "# + $clause,
            $($argument),*
        )
    };
}

/// The same with their place, in order of writing.
macro_rules! standings {
    ($clause:tt, $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            RowColumns,
            r#"select r.id as "id!", r.event as "event!", r.remittance as "remittance!",
                 r.entity as "entity!", r.accounting_date as "accounting_date!", r.prior_period,
                 r.debit_role as "debit_role!", r.debit_facility as "debit_facility!",
                 r.debit_department as "debit_department!",
                 r.debit_service_line as "debit_service_line!", r.debit_payer as "debit_payer!",
                 r.credit_role as "credit_role!", r.credit_facility as "credit_facility!",
                 r.credit_department as "credit_department!",
                 r.credit_service_line as "credit_service_line!",
                 r.credit_payer as "credit_payer!", r.amount as "amount!",
                 r.currency as "currency!", r.purpose as "purpose!", r.item as "item!",
                 r.reverses, row_open.batch is not null as open, member.journal as "journal?",
                 coalesce(row_open.target, journal.target) as target
               from "# + $clause + r#"
               left join row_open
                 on row_open.tenant = $1
                 and row_open.batch = r.batch
                 and row_open.numbers @> r.number
               left join member
                 on member.tenant = $1
                 and member.batch = r.batch
                 and member.live
                 and member.numbers @> r.number
               left join journal
                 on journal.tenant = $1
                 and journal.key = member.journal
               order by r.number"#,
            $($argument),*
        )
    };
}

/// Found through their events, whose places they tell.
pub async fn by_id(book: &PostgresBook, ids: &[RowId]) -> Result<Vec<Row>, Failure> {
    let spans = Spans::of(ids.iter().map(|id| id.place()));
    let wanted: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let found = rows!(
        "(
           select distinct unnest(entered.batches) as batch
           from unnest($3::bigint[], $4::bigint[], $5::bigint[]) as span (stem, low, high)
           cross join lateral (
             select batches
             from inbox_batch
             where inbox_batch.tenant = $1
               and inbox_batch.stem = span.stem
               and inbox_batch.first > span.low - 1000
               and inbox_batch.first <= span.high
               and inbox_batch.last >= span.low
             offset 0
           ) as entered
         ) as own
         cross join lateral (
           select *
           from row
           where row.tenant = $1
             and row.batch = own.batch
             and row.id = any($2)
           offset 0
         ) as r",
        book.tenant(),
        &wanted,
        &spans.stems,
        &spans.lows,
        &spans.highs,
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    let mut rows = HashMap::with_capacity(found.len());
    for columns in found {
        rows.insert(RowId(columns.id), columns.row()?);
    }
    Ok(ids.iter().filter_map(|id| rows.remove(id)).collect())
}

pub async fn of_event(book: &PostgresBook, event: EventId) -> Result<Vec<RowStanding>, Failure> {
    let Place { stem, ordinal } = event.place();
    let found = standings!(
        "(
           select row.*
           from inbox_batch
           cross join lateral unnest(inbox_batch.batches) as own (batch)
           cross join lateral (
             select *
             from row
             where row.tenant = $1
               and row.batch = own.batch
               and row.event = $2
             offset 0
           ) as row
           where inbox_batch.tenant = $1
             and inbox_batch.stem = $3
             and inbox_batch.first > $4::bigint - 1000
             and inbox_batch.first <= $4
             and inbox_batch.last >= $4
         ) as r",
        book.tenant(),
        event.0,
        stem,
        signed(ordinal),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    found.into_iter().map(RowColumns::standing).collect()
}

/// The first rows of the group, and whatever else of their events is open in it.
pub async fn open(
    book: &PostgresBook,
    group: &WindowGroup,
    limit: usize,
) -> Result<Vec<Row>, Failure> {
    let first = first_open(book, group, limit).await?;
    let loaded: Vec<i64> = first.iter().map(|batch| batch.batch).collect();
    let mut rows = packed::unpack(first)?;
    let page: HashSet<EventId> = rows.iter().take(limit).map(|(_, row)| row.event).collect();
    rows.extend(packed::unpack(elsewhere_open(book, group, &page, &loaded).await?)?);
    rows.retain(|(_, row)| page.contains(&row.event));
    rows.sort_by_key(|(number, _)| *number);
    book.opened.remember(group, &rows);
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// Batches that hold the first open rows of the group.
async fn first_open(
    book: &PostgresBook,
    group: &WindowGroup,
    limit: usize,
) -> Result<Vec<PackedColumns>, Failure> {
    packed!(
        "with opened as materialized (
           select batch, recorded_on, numbers,
             (sum(rows_in(numbers)) over (order by batch))::bigint - rows_in(numbers) as before
           from row_open
           where tenant = $1
             and target = $2
             and entity = $3
             and accounting_date = $4
         )",
        "opened as held",
        "held.before < $5",
        book.tenant(),
        group.target.as_str(),
        group.entity.as_str(),
        group.accounting_date,
        limit_of(limit),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)
}

/// Other batches in which rows of these events are open in the group.
async fn elsewhere_open(
    book: &PostgresBook,
    group: &WindowGroup,
    events: &HashSet<EventId>,
    loaded: &[i64],
) -> Result<Vec<PackedColumns>, Failure> {
    let spans = Spans::of(events.iter().map(|event| event.place()));
    packed!(
        "with own_batch as materialized (
           select distinct unnest(entered.batches) as batch
           from unnest($5::bigint[], $6::bigint[], $7::bigint[]) as span (stem, low, high)
           cross join lateral (
             select batches
             from inbox_batch
             where inbox_batch.tenant = $1
               and inbox_batch.stem = span.stem
               and inbox_batch.first > span.low - 1000
               and inbox_batch.first <= span.high
               and inbox_batch.last >= span.low
               and cardinality(inbox_batch.batches) > 1
             offset 0
           ) as entered
         )",
        "own_batch
         join row_open as held
           on held.tenant = $1
           and held.batch = own_batch.batch",
        "held.target = $2
           and held.entity = $3
           and held.accounting_date = $4
           and held.batch <> all($8)",
        book.tenant(),
        group.target.as_str(),
        group.entity.as_str(),
        group.accounting_date,
        &spans.stems,
        &spans.lows,
        &spans.highs,
        loaded,
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)
}

pub async fn open_groups(book: &PostgresBook) -> Result<Vec<OpenGroup>, Failure> {
    let groups = sqlx::query!(
        r#"select target, entity, accounting_date, sum(rows_in(numbers))::bigint as "rows!",
           min(since) as "since!"
         from row_open
         where tenant = $1
         group by target, entity, accounting_date
         order by target, entity, accounting_date"#,
        book.tenant(),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    let open = groups.into_iter().map(|row| OpenGroup {
        group: WindowGroup {
            target: Code::from(row.target),
            entity: Code::from(row.entity),
            accounting_date: row.accounting_date,
        },
        rows: unsigned(row.rows),
        since: row.since,
    });
    Ok(open.collect())
}

pub async fn members(book: &PostgresBook, key: &JournalKey) -> Result<Vec<Row>, Failure> {
    let batches = packed!(
        "",
        "member as held",
        "held.tenant = $1
           and held.journal = $2
           and held.live",
        book.tenant(),
        key.as_str(),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    let mut rows: Vec<Row> = packed::unpack(batches)?.into_iter().map(|(_, row)| row).collect();
    rows.sort_by_key(|row| row.id);
    Ok(rows)
}

pub async fn member_ids(book: &PostgresBook, key: &JournalKey) -> Result<Vec<RowId>, Failure> {
    let batches = sqlx::query!(
        r#"select own.batch, own.ids as "ids!: Vec<Option<Uuid>>",
             array(select lower(part) from unnest(held.numbers) as part) as "lowers!",
             array(select upper(part) from unnest(held.numbers) as part) as "uppers!"
           from member as held
           join row_batch as own
             on own.tenant = $1
             and own.batch = held.batch
             and own.recorded_on = held.recorded_on
           where held.tenant = $1
             and held.journal = $2
             and held.live"#,
        book.tenant(),
        key.as_str(),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    let mut ids = Vec::new();
    for own in batches {
        let places = places(own.batch, &own.lowers, &own.uppers);
        ids.extend(
            places.filter_map(|(_, place)| own.ids.get(place).copied().flatten()).map(RowId),
        );
    }
    ids.sort();
    Ok(ids)
}

/// Found by stretches of the list of remittances: no row is put together.
pub async fn documents_of(
    book: &PostgresBook,
    key: &JournalKey,
) -> Result<Vec<DocumentId>, Failure> {
    let documents = sqlx::query_scalar!(
        "select distinct entered.document
         from (
           select distinct unnest(own.remittances[
             (lower(part) - (own.batch << 20))::integer + 1 : (upper(part) - (own.batch << 20))::integer
           ]) as id
           from member
           join row_batch as own
             on own.tenant = $1
             and own.batch = member.batch
             and own.recorded_on = member.recorded_on
           cross join lateral unnest(member.numbers) as part
           where member.tenant = $1
             and member.journal = $2
             and member.live
         ) as met
         cross join lateral (
           select document
           from inbox_batch
           where inbox_batch.tenant = $1
             and inbox_batch.remittance = met.id
           limit 1
         ) as entered
         order by entered.document",
        book.tenant(),
        key.as_str(),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    Ok(documents.into_iter().map(DocumentId).collect())
}

/// Every row of a remittance's events, in order of writing.
pub async fn of_remittance(
    book: &PostgresBook,
    remittance: RemittanceId,
    limit: usize,
) -> Result<Vec<RowStanding>, Failure> {
    let found = standings!(
        "(
           select one.*
           from (
             select distinct unnest(batches) as batch
             from inbox_batch
             where inbox_batch.tenant = $1
               and inbox_batch.remittance = $2
           ) as own
           cross join lateral (
             select *
             from row
             where row.tenant = $1
               and row.batch = own.batch
               and row.remittance = $2
             offset 0
           ) as one
           order by one.number
           limit $3
         ) as r",
        book.tenant(),
        remittance.0,
        limit_of(limit),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    found.into_iter().map(RowColumns::standing).collect()
}
