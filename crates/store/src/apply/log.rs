// SPDX-License-Identifier: Apache-2.0
//! The log: written without a number by every transaction, numbered by one sequencer in batches.
//! Numbers have no gaps, whatever order the transactions commit in.

use ports::book::{ApplyError, Fence, LogEntry};
use serde_json::Value;
use sqlx::PgConnection;

use super::{commit, defect};
use crate::book::PostgresBook;
use crate::entry::limit_of;
use crate::error::{failure, refused};
use crate::lane;

const SEQUENCER: &str = "sequencer";

pub async fn write(
    book: &PostgresBook,
    connection: &mut PgConnection,
    entries: &[LogEntry],
) -> Result<(), ApplyError> {
    if entries.is_empty() {
        return Ok(());
    }
    let kinds: Vec<&str> = entries.iter().map(|entry| entry.kind.as_str()).collect();
    let subjects: Vec<&str> = entries.iter().map(|entry| entry.subject.as_str()).collect();
    let bys: Vec<&str> = entries.iter().map(|entry| entry.by.as_str()).collect();
    let bodies: Vec<&Value> = entries.iter().map(|entry| &entry.body).collect();
    sqlx::query!(
        "insert into log_pending (tenant, kind, subject, by, body)
         select $1, kind, subject, who, body
         from unnest($2::text[], $3::text[], $4::text[], $5::jsonb[])
           with ordinality as entry (kind, subject, who, body, place)
         order by place",
        book.tenant(),
        &kinds as _,
        &subjects as _,
        &bys as _,
        &bodies as _,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    Ok(())
}

/// Numbers the oldest unnumbered entries. The head is one row that only the sequencer moves, in the
/// transaction that moves the entries.
pub async fn sequence(
    book: &PostgresBook,
    fence: &Fence,
    limit: usize,
) -> Result<usize, ApplyError> {
    if fence.lane != SEQUENCER {
        return Err(defect("only the sequencer's lane numbers the log"));
    }
    let mut transaction = book.pool.begin().await.map_err(failure)?;
    lane::hold(&mut transaction, book.tenant(), fence).await?;
    let head = head(book, &mut transaction).await?;
    let numbered = sqlx::query!(
        "with taken as (
           delete from log_pending
           where tenant = $1
             and written <= (
               select max(oldest.written)
               from (
                 select written
                 from log_pending
                 where tenant = $1
                 order by written
                 limit $3
               ) as oldest
             )
           returning written, at, kind, subject, by, body
         )
         insert into log (tenant, number, at, kind, subject, by, body)
         select $1, $2 + row_number() over (order by written), at, kind, subject, by, body
         from taken",
        book.tenant(),
        head,
        limit_of(limit),
    )
    .execute(&mut *transaction)
    .await
    .map_err(refused)?
    .rows_affected();
    if numbered == 0 {
        transaction.rollback().await.map_err(failure)?;
        return Ok(0);
    }
    sqlx::query!(
        "update log_head
         set number = number + $2
         where tenant = $1",
        book.tenant(),
        i64::try_from(numbered).unwrap_or(i64::MAX),
    )
    .execute(&mut *transaction)
    .await
    .map_err(refused)?;
    commit(transaction).await?;
    Ok(usize::try_from(numbered).unwrap_or(usize::MAX))
}

/// The last number given, with its row locked.
async fn head(book: &PostgresBook, connection: &mut PgConnection) -> Result<i64, ApplyError> {
    sqlx::query_scalar!(
        "insert into log_head (tenant, number)
         values ($1, 0)
         on conflict on constraint log_head_unique do update
         set number = log_head.number
         returning number",
        book.tenant(),
    )
    .fetch_one(connection)
    .await
    .map_err(refused)
}
