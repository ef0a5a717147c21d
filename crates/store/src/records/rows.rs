// SPDX-License-Identifier: Apache-2.0
//! Sub-ledger rows, with or without their place.

use std::collections::HashSet;

use model::code::Code;
use model::id::{EventId, RemittanceId, RowId};
use model::journal::JournalKey;
use model::row::{Row, WindowGroup};
use ports::book::{OpenGroup, RowStanding};
use ports::failure::Failure;
use uuid::Uuid;

use super::packed::{self, PackedColumns};
use crate::book::PostgresBook;
use crate::entry::{RowColumns, limit_of, unsigned};
use crate::error::failure;

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

/// Found through their events, which their ids begin with.
pub async fn by_id(book: &PostgresBook, ids: &[RowId]) -> Result<Vec<Row>, Failure> {
    let firsts: Vec<Uuid> = ids.iter().map(|id| id.events().0.0).collect();
    let lasts: Vec<Uuid> = ids.iter().map(|id| id.events().1.0).collect();
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let found = rows!(
        "unnest($2::uuid[], $3::uuid[], $4::uuid[]) with ordinality
           as wanted (id, first, last, place)
         cross join lateral (
           select row.*
           from inbox
           cross join lateral unnest(inbox.batches) as own (batch)
           cross join lateral (
             select *
             from row
             where row.tenant = $1
               and row.batch = own.batch
               and row.id = wanted.id
             offset 0
           ) as row
           where inbox.tenant = $1
             and inbox.event between wanted.first and wanted.last
           offset 0
         ) as r
         order by wanted.place",
        book.tenant(),
        &ids,
        &firsts,
        &lasts,
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    found.into_iter().map(RowColumns::row).collect()
}

pub async fn of_event(book: &PostgresBook, event: EventId) -> Result<Vec<RowStanding>, Failure> {
    let found = standings!(
        "(
           select row.*
           from inbox
           cross join lateral unnest(inbox.batches) as own (batch)
           cross join lateral (
             select *
             from row
             where row.tenant = $1
               and row.batch = own.batch
               and row.event = $2
             offset 0
           ) as row
           where inbox.tenant = $1
             and inbox.event = $2
         ) as r",
        book.tenant(),
        event.0,
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
    let events: Vec<Uuid> = events.iter().map(|event| event.0).collect();
    packed!(
        "with own_batch as materialized (
           select distinct unnest(entry.batches) as batch
           from unnest($5::uuid[]) as wanted (event)
           cross join lateral (
             select batches
             from inbox
             where inbox.tenant = $1
               and inbox.event = wanted.event
               and cardinality(inbox.batches) > 1
             offset 0
           ) as entry
         )",
        "own_batch
         join row_open as held
           on held.tenant = $1
           and held.batch = own_batch.batch",
        "held.target = $2
           and held.entity = $3
           and held.accounting_date = $4
           and held.batch <> all($6)",
        book.tenant(),
        group.target.as_str(),
        group.entity.as_str(),
        group.accounting_date,
        &events,
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

/// Every row of a remittance's events, in order of writing.
pub async fn of_remittance(
    book: &PostgresBook,
    remittance: RemittanceId,
    limit: usize,
) -> Result<Vec<RowStanding>, Failure> {
    let found = standings!(
        "(
           select one.*
           from inbox
           cross join lateral unnest(inbox.batches) as own (batch)
           cross join lateral (
             select *
             from row
             where row.tenant = $1
               and row.batch = own.batch
               and row.event = inbox.event
             offset 0
           ) as one
           where inbox.tenant = $1
             and inbox.remittance = $2
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
