// SPDX-License-Identifier: Apache-2.0
//! The log, written without a number by every transaction, so that none waits for another.
//! The sequencer numbers it, see [`super::sequence`].

use ports::book::{ApplyError, LogEntry};
use serde_json::Value;
use sqlx::PgConnection;

use crate::book::PostgresBook;
use crate::error::refused;

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
