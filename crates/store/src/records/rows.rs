// SPDX-License-Identifier: Apache-2.0
//! Sub-ledger rows, with or without their place.

use model::code::Code;
use model::id::{EventId, RemittanceId, RowId};
use model::journal::JournalKey;
use model::row::{Row, WindowGroup};
use ports::book::{OpenGroup, RowStanding};
use ports::failure::Failure;
use uuid::Uuid;

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
            r#"select r.id, r.event, r.remittance, r.entity, r.accounting_date, r.prior_period,
                 r.debit_role, r.debit_facility, r.debit_department, r.debit_service_line,
                 r.debit_payer, r.credit_role, r.credit_facility, r.credit_department,
                 r.credit_service_line, r.credit_payer, r.amount, r.currency, r.purpose, r.item,
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
            r#"select r.id, r.event, r.remittance, r.entity, r.accounting_date, r.prior_period,
                 r.debit_role, r.debit_facility, r.debit_department, r.debit_service_line,
                 r.debit_payer, r.credit_role, r.credit_facility, r.credit_department,
                 r.credit_service_line, r.credit_payer, r.amount, r.currency, r.purpose, r.item,
                 r.reverses, row_open.id is not null as open, member.journal as "journal?",
                 coalesce(row_open.target, journal.target) as target
               from "# + $clause + r#"
               left join row_open
                 on row_open.tenant = $1
                 and row_open.id = r.id
               left join member
                 on member.tenant = $1
                 and member.row = r.id
                 and member.live
               left join journal
                 on journal.tenant = $1
                 and journal.key = member.journal
               order by r.written"#,
            $($argument),*
        )
    };
}

pub async fn by_id(book: &PostgresBook, ids: &[RowId]) -> Result<Vec<Row>, Failure> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let found = rows!(
        "unnest($2::uuid[]) with ordinality as wanted (id, place)
         cross join lateral (
           select *
           from row
           where row.tenant = $1
             and row.id = wanted.id
           offset 0
         ) as r
         order by wanted.place",
        book.tenant(),
        &ids,
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    found.into_iter().map(RowColumns::row).collect()
}

pub async fn of_event(book: &PostgresBook, event: EventId) -> Result<Vec<RowStanding>, Failure> {
    let found = standings!(
        "(
           select *
           from row
           where tenant = $1
             and event = $2
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
    let found = rows!(
        "(
           select distinct first.event
           from (
             select event
             from row_open
             where tenant = $1
               and target = $2
               and entity = $3
               and accounting_date = $4
             order by written
             limit $5
           ) as first
         ) as page
         cross join lateral (
           select *
           from row
           where row.tenant = $1
             and row.event = page.event
           offset 0
         ) as r
         cross join lateral (
           select written, target, entity, accounting_date
           from row_open
           where row_open.tenant = $1
             and row_open.id = r.id
           offset 0
         ) as opened
         where opened.target = $2
           and opened.entity = $3
           and opened.accounting_date = $4
         order by opened.written",
        book.tenant(),
        group.target.as_str(),
        group.entity.as_str(),
        group.accounting_date,
        limit_of(limit),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    found.into_iter().map(RowColumns::row).collect()
}

pub async fn open_groups(book: &PostgresBook) -> Result<Vec<OpenGroup>, Failure> {
    let groups = sqlx::query!(
        r#"select target, entity, accounting_date, count(*) as "rows!", min(since) as "since!"
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
    let found = rows!(
        "member
         cross join lateral (
           select *
           from row
           where row.tenant = $1
             and row.id = member.row
             and row.recorded_on = member.recorded_on
           offset 0
         ) as r
         where member.tenant = $1
           and member.journal = $2
           and member.live
         order by r.id",
        book.tenant(),
        key.as_str(),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    found.into_iter().map(RowColumns::row).collect()
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
           cross join lateral (
             select *
             from row
             where row.tenant = $1
               and row.event = inbox.event
             offset 0
           ) as one
           where inbox.tenant = $1
             and inbox.remittance = $2
           order by one.written
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
