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
    let mut taken = sqlx::query_as!(
        Pending,
        r#"delete from log_pending
         where tenant = $1
           and written <= (
             select max(oldest.written)
             from (
               select written
               from log_pending
               where tenant = $1
               order by written
               limit $2
             ) as oldest
           )
         returning written, at, kind, subject, by as "by", body"#,
        book.tenant(),
        limit_of(limit),
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(refused)?;
    taken.sort_by_key(|entry| entry.written);
    let mut numbers = Vec::with_capacity(taken.len());
    let mut leaves = Vec::with_capacity(taken.len());
    for entry in &taken {
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
    let many = taken.len();
    insert(book, connection, &numbers, taken, &leaves).await?;
    Ok(many)
}

async fn insert(
    book: &PostgresBook,
    connection: &mut PgConnection,
    numbers: &[i64],
    entries: Vec<Pending>,
    leaves: &[Vec<u8>],
) -> Result<(), ApplyError> {
    let times: Vec<OffsetDateTime> = entries.iter().map(|entry| entry.at).collect();
    let kinds: Vec<&str> = entries.iter().map(|entry| entry.kind.as_str()).collect();
    let subjects: Vec<&str> = entries.iter().map(|entry| entry.subject.as_str()).collect();
    let bys: Vec<&str> = entries.iter().map(|entry| entry.by.as_str()).collect();
    let bodies: Vec<&Value> = entries.iter().map(|entry| &entry.body).collect();
    sqlx::query!(
        "insert into log (tenant, number, at, kind, subject, by, body, leaf)
         select $1, number, at, kind, subject, who, body, leaf
         from unnest(
           $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::jsonb[],
           $8::bytea[]
         ) as entry (number, at, kind, subject, who, body, leaf)",
        book.tenant(),
        numbers,
        &times as _,
        &kinds as _,
        &subjects as _,
        &bys as _,
        &bodies as _,
        leaves,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
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
