// SPDX-License-Identifier: Apache-2.0
//! Journals: closed over open rows, moved from state to state, rejected with their rows sent on.

use std::collections::{BTreeSet, HashSet};

use model::exception;
use model::id::RowId;
use model::journal::{Journal, JournalKey, JournalState};
use ports::book::{ApplyError, JournalChange};
use sqlx::PgConnection;
use uuid::Uuid;

use super::numbers::{Numbers, member_numbers, open_numbers};
use super::{conflict, defect, posted};
use crate::book::PostgresBook;
use crate::entry::{record, signed};
use crate::error::refused;

pub async fn change(
    book: &PostgresBook,
    connection: &mut PgConnection,
    changes: &[JournalChange],
) -> Result<(), ApplyError> {
    for change in changes {
        match change {
            JournalChange::Close { journal, members } => {
                insert(book, connection, journal).await?;
                insert_lines(book, connection, journal).await?;
                close_over(book, connection, journal, members).await?;
            }
            JournalChange::Move { key, from, to } => {
                move_on(book, connection, key, from, to).await?;
                if matches!(to, JournalState::Posted { .. }) {
                    posted::post(book, connection, key).await?;
                }
            }
            JournalChange::Reject { key, from, code, reopen, withdraw } => {
                reject(book, connection, key, from, *code).await?;
                leave(book, connection, key, reopen, withdraw).await?;
            }
        }
    }
    Ok(())
}

async fn insert(
    book: &PostgresBook,
    connection: &mut PgConnection,
    journal: &Journal,
) -> Result<(), ApplyError> {
    sqlx::query!(
        "insert into journal (
           tenant, key, process, target, entity, accounting_date, currency, rows, versions, state,
           standing, document, created_at
         )
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        book.tenant(),
        journal.key.as_str(),
        journal.process.as_str(),
        journal.group.target.as_str(),
        journal.group.entity.as_str(),
        journal.group.accounting_date,
        journal.currency.as_str(),
        signed(journal.rows),
        journal.versions.as_str(),
        journal.state.as_str(),
        record(&journal.state, "journal state")?,
        document(&journal.state),
        journal.created_at,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    Ok(())
}

async fn insert_lines(
    book: &PostgresBook,
    connection: &mut PgConnection,
    journal: &Journal,
) -> Result<(), ApplyError> {
    let lines = journal.body.lines();
    let roles: Vec<&str> = lines.iter().map(|line| line.side.role.code()).collect();
    let facilities: Vec<&str> = lines.iter().map(|line| line.side.facility.as_str()).collect();
    let departments: Vec<&str> = lines.iter().map(|line| line.side.department.as_str()).collect();
    let service_lines: Vec<&str> =
        lines.iter().map(|line| line.side.service_line.as_str()).collect();
    let payers: Vec<&str> = lines.iter().map(|line| line.side.payer.as_str()).collect();
    let items: Vec<&str> = lines.iter().map(|line| line.item.as_str()).collect();
    let debits: Vec<i64> = lines.iter().map(|line| line.debit).collect();
    let credits: Vec<i64> = lines.iter().map(|line| line.credit).collect();
    sqlx::query!(
        "insert into journal_line (
           tenant, journal, ordinal, role, facility, department, service_line, payer, item, debit,
           credit
         )
         select $1, $2, place, role, facility, department, service_line, payer, item, debit, credit
         from unnest(
           $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[],
           $10::bigint[]
         ) with ordinality as line (
           role, facility, department, service_line, payer, item, debit, credit, place
         )",
        book.tenant(),
        journal.key.as_str(),
        &roles as _,
        &facilities as _,
        &departments as _,
        &service_lines as _,
        &payers as _,
        &items as _,
        &debits,
        &credits,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    Ok(())
}

/// The rows leave the open set and become members, all of them or none.
async fn close_over(
    book: &PostgresBook,
    connection: &mut PgConnection,
    journal: &Journal,
    members: &[RowId],
) -> Result<(), ApplyError> {
    let wanted: HashSet<Uuid> = members.iter().map(|row| row.0).collect();
    let open = match book.opened.take(&journal.group, &wanted) {
        Some(numbers) => numbers,
        None => {
            let found = open_numbers(book, connection, Some(&journal.group), &wanted).await?;
            found.into_values().collect()
        }
    };
    if wanted.len() != members.len() || open.len() != wanted.len() {
        return Err(conflict("a row of the window is no longer open"));
    }
    let numbers = Numbers::of(open.into_iter());
    let closed = sqlx::query!(
        "with taken as (
           select batch, numbers::int8multirange as numbers
           from unnest($3::bigint[], $4::text[]) as given (batch, numbers)
         ), part as (
           update row_open
           set numbers = row_open.numbers - taken.numbers
           from taken
           where row_open.tenant = $1
             and row_open.batch = taken.batch
             and row_open.numbers @> taken.numbers
             and row_open.numbers <> taken.numbers
           returning row_open.batch, row_open.recorded_on
         ), whole as (
           delete from row_open
           using taken
           where row_open.tenant = $1
             and row_open.batch = taken.batch
             and row_open.numbers = taken.numbers
           returning row_open.batch, row_open.recorded_on
         )
         insert into member (tenant, journal, batch, recorded_on, live, numbers)
         select $1, $2, gone.batch, gone.recorded_on, true, taken.numbers
         from (
           select batch, recorded_on
           from part
           union all
           select batch, recorded_on
           from whole
         ) as gone
         join taken
           on taken.batch = gone.batch
         order by gone.batch",
        book.tenant(),
        journal.key.as_str(),
        &numbers.batches,
        &numbers.ranges,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    if closed.rows_affected() != numbers.batches.len() as u64 {
        return Err(conflict("a row of the window is no longer open"));
    }
    Ok(())
}

async fn move_on(
    book: &PostgresBook,
    connection: &mut PgConnection,
    key: &JournalKey,
    from: &JournalState,
    to: &JournalState,
) -> Result<(), ApplyError> {
    // Fence and draft belong to the comparison; every other state is compared by its name.
    let exactly = match from {
        JournalState::Sending { .. } => Some(record(from, "journal state")?),
        JournalState::Ready
        | JournalState::Held
        | JournalState::Posted { .. }
        | JournalState::Rejected { .. }
        | JournalState::Parked { .. } => None,
    };
    let moved = sqlx::query!(
        "update journal
         set state = $3,
             standing = $4,
             document = $5
         where tenant = $1
           and key = $2
           and state = $6
           and ($7::jsonb is null or standing = $7)",
        book.tenant(),
        key.as_str(),
        to.as_str(),
        record(to, "journal state")?,
        document(to),
        from.as_str(),
        exactly,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    if moved.rows_affected() == 0 {
        return Err(conflict("the journal is no longer in that state"));
    }
    Ok(())
}

async fn reject(
    book: &PostgresBook,
    connection: &mut PgConnection,
    key: &JournalKey,
    from: &JournalState,
    code: exception::Code,
) -> Result<(), ApplyError> {
    move_on(book, connection, key, from, &JournalState::Rejected { code }).await
}

/// The rows of a rejected journal go: some back to the open set in their old order, the others for
/// good. Together they must be its whole membership.
async fn leave(
    book: &PostgresBook,
    connection: &mut PgConnection,
    key: &JournalKey,
    reopen: &[RowId],
    withdraw: &[RowId],
) -> Result<(), ApplyError> {
    let all: BTreeSet<Uuid> = reopen.iter().chain(withdraw).map(|row| row.0).collect();
    if all.len() != reopen.len() + withdraw.len() {
        return Err(defect("a rejected journal's row was sent to two places"));
    }
    let members = member_numbers(book, connection, key).await?;
    if members.keys().copied().collect::<BTreeSet<_>>() != all {
        return Err(defect("a journal must be rejected with its whole membership"));
    }
    sqlx::query!(
        "update member
         set live = false
         where tenant = $1
           and journal = $2
           and live",
        book.tenant(),
        key.as_str(),
    )
    .execute(&mut *connection)
    .await
    .map_err(refused)?;
    let numbers =
        |rows: &[RowId]| Numbers::of(rows.iter().filter_map(|row| members.get(&row.0).copied()));
    open_again(book, connection, key, &numbers(reopen)).await?;
    let withdrawn = numbers(withdraw);
    sqlx::query!(
        "insert into row_superseded (tenant, batch, numbers)
         select $1, batch, numbers::int8multirange
         from unnest($2::bigint[], $3::text[]) as withdrawn (batch, numbers)
         on conflict on constraint row_superseded_unique do update
         set numbers = row_superseded.numbers + excluded.numbers",
        book.tenant(),
        &withdrawn.batches,
        &withdrawn.ranges,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    Ok(())
}

async fn open_again(
    book: &PostgresBook,
    connection: &mut PgConnection,
    key: &JournalKey,
    numbers: &Numbers,
) -> Result<(), ApplyError> {
    sqlx::query!(
        "insert into row_open (
           tenant, batch, recorded_on, target, entity, accounting_date, numbers
         )
         select $1, named.batch, member.recorded_on, journal.target, journal.entity,
           journal.accounting_date, named.numbers::int8multirange
         from unnest($3::bigint[], $4::text[]) as named (batch, numbers)
         join member
           on member.tenant = $1
           and member.journal = $2
           and member.batch = named.batch
         join journal
           on journal.tenant = $1
           and journal.key = $2
         on conflict on constraint row_open_unique do update
         set numbers = row_open.numbers + excluded.numbers",
        book.tenant(),
        key.as_str(),
        &numbers.batches,
        &numbers.ranges,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    Ok(())
}

fn document(state: &JournalState) -> Option<&str> {
    match state {
        JournalState::Posted { document, .. } => Some(document.as_str()),
        JournalState::Ready
        | JournalState::Held
        | JournalState::Sending { .. }
        | JournalState::Rejected { .. }
        | JournalState::Parked { .. } => None,
    }
}
