// SPDX-License-Identifier: Apache-2.0
//! Journals: closed over open rows, moved from state to state, rejected with their rows sent on.

use std::collections::BTreeSet;

use model::exception;
use model::id::RowId;
use model::journal::{Journal, JournalKey, JournalState};
use ports::book::{ApplyError, JournalChange};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{conflict, defect, inbox};
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
                close_over(book, connection, &journal.key, members).await?;
            }
            JournalChange::Move { key, from, to } => {
                move_on(book, connection, key, from, to).await?;
                if matches!(to, JournalState::Posted { .. }) {
                    inbox::post(book, connection, key).await?;
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
    key: &JournalKey,
    members: &[RowId],
) -> Result<(), ApplyError> {
    let ids: Vec<Uuid> = members.iter().map(|row| row.0).collect();
    let closed = sqlx::query!(
        "with closed as (
           delete from row_open
           using unnest($3::uuid[]) as named (id)
           where row_open.tenant = $1
             and row_open.id = named.id
           returning row_open.id, row_open.recorded_on, row_open.event
         )
         insert into member (tenant, journal, row, recorded_on, event, live)
         select $1, $2, id, recorded_on, event, true
         from closed
         order by id",
        book.tenant(),
        key.as_str(),
        &ids,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    if closed.rows_affected() != ids.len() as u64 {
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
    let left = sqlx::query_scalar!(
        "update member
         set live = false
         where tenant = $1
           and journal = $2
           and live
         returning row",
        book.tenant(),
        key.as_str(),
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(refused)?;
    if left.into_iter().collect::<BTreeSet<_>>() != all {
        return Err(defect("a journal must be rejected with its whole membership"));
    }
    let reopen: Vec<Uuid> = reopen.iter().map(|row| row.0).collect();
    let withdraw: Vec<Uuid> = withdraw.iter().map(|row| row.0).collect();
    let reopened = sqlx::query!(
        "insert into row_open (
           tenant, id, recorded_on, event, target, entity, accounting_date, written
         )
         select r.tenant, r.id, r.recorded_on, r.event, journal.target, journal.entity,
           journal.accounting_date, r.written
         from unnest($3::uuid[]) as named (id)
         join member
           on member.tenant = $1
           and member.journal = $2
           and member.row = named.id
         cross join lateral (
           select *
           from row
           where row.tenant = $1
             and row.id = member.row
             and row.recorded_on = member.recorded_on
           offset 0
         ) as r
         join journal
           on journal.tenant = $1
           and journal.key = $2",
        book.tenant(),
        key.as_str(),
        &reopen,
    )
    .execute(&mut *connection)
    .await
    .map_err(refused)?;
    if reopened.rows_affected() != reopen.len() as u64 {
        return Err(defect("a member of the journal has no row"));
    }
    sqlx::query!(
        "insert into row_superseded (tenant, id)
         select $1, id
         from unnest($2::uuid[]) as withdrawn (id)",
        book.tenant(),
        &withdraw,
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
