// SPDX-License-Identifier: Apache-2.0
//! What this database can do at best: one-row commits of many clients, and plain multi-row inserts.
//! Both write 1 KiB with a unique uuid, durably.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sqlx::postgres::PgPool;
use uuid::Uuid;

use crate::figures::per_second;

const BODY_BYTES: usize = 1024;
/// Rows of one multi-row insert.
const ROWS_PER_INSERT: usize = 1_000;

pub async fn prepare(pool: &PgPool) -> anyhow::Result<()> {
    for statement in [
        "create schema if not exists probe",
        "drop table if exists probe.plain",
        "create table probe.plain (id uuid not null, body bytea not null, constraint plain_unique primary key (id))",
    ] {
        sqlx::query(statement).execute(pool).await?;
    }
    Ok(())
}

/// One-row commits per second of `clients` clients.
pub async fn one_row_commits(
    pool: &PgPool,
    clients: usize,
    length: Duration,
) -> anyhow::Result<u64> {
    let done = Arc::new(AtomicU64::new(0));
    let until = Instant::now() + length;
    let mut tasks = Vec::new();
    for _ in 0..clients {
        let (pool, done) = (pool.clone(), done.clone());
        tasks.push(tokio::spawn(async move {
            let mut connection = pool.acquire().await?;
            let body = vec![7u8; BODY_BYTES];
            while Instant::now() < until {
                sqlx::query("insert into probe.plain (id, body) values ($1, $2)")
                    .bind(Uuid::new_v4())
                    .bind(&body)
                    .execute(&mut *connection)
                    .await?;
                done.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        }));
    }
    let started = Instant::now();
    for task in tasks {
        task.await??;
    }
    Ok(per_second(done.load(Ordering::Relaxed), started.elapsed()))
}

/// How long a plain multi-row insert of so many rows takes.
pub async fn multi_row_insert(pool: &PgPool, rows: u64) -> anyhow::Result<Duration> {
    let body = vec![7u8; BODY_BYTES];
    let mut left = usize::try_from(rows)?;
    let started = Instant::now();
    while left > 0 {
        let part = left.min(ROWS_PER_INSERT);
        let ids: Vec<Uuid> = (0..part).map(|_| Uuid::new_v4()).collect();
        let bodies: Vec<&[u8]> = (0..part).map(|_| body.as_slice()).collect();
        sqlx::query(
            "insert into probe.plain (id, body)
             select * from unnest($1::uuid[], $2::bytea[])
             on conflict on constraint plain_unique do nothing",
        )
        .bind(&ids)
        .bind(&bodies)
        .execute(pool)
        .await?;
        left -= part;
    }
    Ok(started.elapsed())
}
