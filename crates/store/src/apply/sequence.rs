// SPDX-License-Identifier: Apache-2.0
//! Numbering the log: numbers without gaps and the leaves of the hash tree, in the transaction that
//! moves the entries. The tree's right edge is one row that only the sequencer moves.

use model::id::Hash;
use ports::book::{ApplyError, Fence};
use proof::entry::Entry;
use proof::tree::Frontier;
use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{commit, defect};
use crate::book::PostgresBook;
use crate::entry::{canonical_time, limit_of, signed, unsigned};
use crate::error::{failure, refused, unreadable};
use crate::lane;

const SEQUENCER: &str = "sequencer";

/// Numbers the oldest unnumbered entries.
pub async fn sequence(
    book: &PostgresBook,
    fence: &Fence,
    limit: usize,
) -> Result<usize, ApplyError> {
    if fence.lane != SEQUENCER {
        return Err(defect("only the sequencer's lane numbers the log"));
    }
    loop {
        let mut transaction = book.pool.begin().await.map_err(failure)?;
        lane::hold(&mut transaction, book.tenant(), fence).await?;
        let mut head = head(book, &mut transaction).await?;
        let behind = head.tree.size() < head.number;
        let done = if behind {
            catch_up(book, &mut transaction, &mut head, limit).await?
        } else {
            number(book, &mut transaction, &mut head, limit).await?
        };
        if done == 0 {
            transaction.rollback().await.map_err(failure)?;
            return Ok(0);
        }
        move_head(book, &mut transaction, &head).await?;
        commit(transaction).await?;
        if !behind {
            return Ok(done);
        }
    }
}

/// Where log and tree end.
struct Head {
    number: u64,
    tree: Frontier,
}

/// The row is locked until the end of the transaction.
async fn head(book: &PostgresBook, connection: &mut PgConnection) -> Result<Head, ApplyError> {
    let row = sqlx::query!(
        "insert into log_head (tenant, number)
         values ($1, 0)
         on conflict on constraint log_head_unique do update
         set number = log_head.number
         returning number, size, peaks",
        book.tenant(),
    )
    .fetch_one(connection)
    .await
    .map_err(refused)?;
    let tree = Frontier::restore(unsigned(row.size), &row.peaks)
        .map_err(|_| unreadable("edge of the log's tree"))?;
    Ok(Head { number: unsigned(row.number), tree })
}

async fn move_head(
    book: &PostgresBook,
    connection: &mut PgConnection,
    head: &Head,
) -> Result<(), ApplyError> {
    sqlx::query!(
        "update log_head
         set number = $2,
             size = $3,
             peaks = $4
         where tenant = $1",
        book.tenant(),
        signed(head.number),
        signed(head.tree.size()),
        head.tree.peaks(),
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    Ok(())
}

/// An entry that waits for its number.
struct Pending {
    written: i64,
    at: OffsetDateTime,
    kind: String,
    subject: String,
    by: String,
    body: Value,
}

async fn number(
    book: &PostgresBook,
    connection: &mut PgConnection,
    head: &mut Head,
    limit: usize,
) -> Result<usize, ApplyError> {
    let waiting = sqlx::query_as!(
        Pending,
        r#"select written, at, kind, subject, by as "by", body
         from log_pending
         where tenant = $1
         order by written
         limit $2"#,
        book.tenant(),
        limit_of(limit),
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(refused)?;
    let mut numbers = Vec::with_capacity(waiting.len());
    let mut leaves = Vec::with_capacity(waiting.len());
    for entry in &waiting {
        head.number += 1;
        numbers.push(signed(head.number));
        let leaf = Entry {
            number: head.number,
            at: &canonical_time(entry.at),
            kind: &entry.kind,
            subject: &entry.subject,
            by: &entry.by,
            body: &entry.body,
        }
        .leaf();
        head.tree.push(leaf);
        leaves.push(leaf.to_vec());
    }
    let written: Vec<i64> = waiting.iter().map(|entry| entry.written).collect();
    move_over(book, connection, &written, &numbers, &leaves).await?;
    Ok(waiting.len())
}

/// The entries themselves stay in the database. Whoever holds the fence is the only one to take them.
async fn move_over(
    book: &PostgresBook,
    connection: &mut PgConnection,
    written: &[i64],
    numbers: &[i64],
    leaves: &[Vec<u8>],
) -> Result<(), ApplyError> {
    if written.is_empty() {
        return Ok(());
    }
    let moved = sqlx::query!(
        "with taken as (
           delete from log_pending
           where tenant = $1
             and written = any($2)
           returning written, at, kind, subject, by, body
         )
         insert into log (tenant, number, at, kind, subject, by, body, leaf)
         select $1, made.number, taken.at, taken.kind, taken.subject, taken.by, taken.body, made.leaf
         from unnest($2::bigint[], $3::bigint[], $4::bytea[]) as made (written, number, leaf)
         join taken
           on taken.written = made.written
         order by made.number",
        book.tenant(),
        written,
        numbers,
        leaves,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    if moved.rows_affected() != written.len() as u64 {
        return Err(defect("an entry of the log was taken by another"));
    }
    Ok(())
}

/// Leaves for entries that were numbered before there was a tree.
async fn catch_up(
    book: &PostgresBook,
    connection: &mut PgConnection,
    head: &mut Head,
    limit: usize,
) -> Result<usize, ApplyError> {
    let entries = crate::feed::read(connection, book.tenant(), head.tree.size(), limit).await?;
    let mut numbers = Vec::with_capacity(entries.len());
    let mut leaves = Vec::with_capacity(entries.len());
    for entry in &entries {
        let leaf = entry.canonical_entry(&canonical_time(entry.at)).leaf();
        head.tree.push(leaf);
        numbers.push(signed(entry.number()));
        leaves.push(leaf.to_vec());
    }
    sqlx::query!(
        "update log
         set leaf = made.leaf
         from unnest($2::bigint[], $3::bytea[]) as made (number, leaf)
         where log.tenant = $1
           and log.number = made.number",
        book.tenant(),
        &numbers,
        &leaves,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    Ok(entries.len())
}

/// The root of a tree's edge, as the model writes hashes.
pub fn root(tree: &Frontier) -> Hash {
    Hash(tree.root())
}
