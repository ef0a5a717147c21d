// SPDX-License-Identifier: Apache-2.0
//! The site's database seen from outside the product: probes run in it, and what the product has
//! written is counted in it.

use std::time::{Duration, Instant};

use anyhow::ensure;
use sqlx::postgres::{PgPool, PgPoolOptions};

/// A pool of its own, as the probe's clients have it.
pub async fn pool(url: &str, connections: u32) -> anyhow::Result<PgPool> {
    Ok(PgPoolOptions::new()
        .max_connections(connections)
        .min_connections(connections)
        .connect(url)
        .await?)
}

/// Rows inserted, updated and deleted in all tables of the product so far.
pub async fn rows_written(pool: &PgPool) -> anyhow::Result<Vec<(String, i64, i64, i64)>> {
    // Counters reach the collector when a session is idle for a moment.
    sqlx::query("select pg_stat_force_next_flush()").execute(pool).await?;
    let rows = sqlx::query_as::<_, (String, i64, i64, i64)>(
        "select schemaname || '.' || relname, n_tup_ins, n_tup_upd, n_tup_del
         from pg_stat_user_tables
         where schemaname in ('intake', 'remittance')
           and n_tup_ins + n_tup_upd + n_tup_del > 0
         order by n_tup_ins + n_tup_upd + n_tup_del desc",
    )
    .fetch_all(pool)
    .await?;
    Ok(rows)
}

/// Whether work waits in any lane.
pub async fn work_waits(pool: &PgPool) -> anyhow::Result<bool> {
    let waiting = sqlx::query_scalar::<_, bool>(
        "select exists (select from intake.unit) or exists (select from remittance.unit)",
    )
    .fetch_one(pool)
    .await?;
    Ok(waiting)
}

/// Until the service asks for nothing but what it asks for while it is idle. The count of completeness
/// that it begins with reads everything; it has a share of the time of its own.
pub async fn quiet(pool: &PgPool) -> anyhow::Result<()> {
    const LOOKS: u32 = 20;
    let started = Instant::now();
    let mut quiet = 0;
    while quiet < LOOKS {
        ensure!(started.elapsed() < Duration::from_secs(600), "the service is never idle");
        let busy: bool = sqlx::query_scalar(
            "select exists (
               select
               from pg_stat_activity
               where state = 'active'
                 and query_start < now() - interval '200 ms'
                 and datname = current_database()
                 and pid <> pg_backend_pid()
             )",
        )
        .fetch_one(pool)
        .await?;
        quiet = if busy { 0 } else { quiet + 1 };
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// Events of the product's own inbox by state.
pub async fn events_by_state(
    pool: &PgPool,
    document: &str,
) -> anyhow::Result<Vec<(String, i64, i64)>> {
    let states = sqlx::query_as::<_, (String, i64, i64)>(
        "select state, count(*), coalesce(sum(amount), 0)::bigint
         from remittance.inbox
         where document = $1::uuid
         group by state
         order by state",
    )
    .bind(document)
    .fetch_all(pool)
    .await?;
    Ok(states)
}

/// Claims whose journals are confirmed.
pub async fn events_posted(pool: &PgPool) -> anyhow::Result<i64> {
    let posted = "select count(*) from remittance.inbox where state = 'posted'";
    Ok(sqlx::query_scalar(posted).fetch_one(pool).await?)
}

/// Loads identities of events that came long ago, as years of business leave them.
pub async fn load_identities(pool: &PgPool, count: u64) -> anyhow::Result<()> {
    const PART: u64 = 1_000_000;
    const BATCH: u64 = 1_000;
    let mut done = 0;
    while done < count {
        let part = PART.min(count - done);
        sqlx::query(
            "insert into remittance.inbox_batch (
               tenant, remittance, first, last, document, stem, events, kinds, source_hashes, amounts,
               states, bookings
             )
             select 'test', gen_random_uuid(), 1, $2, gen_random_uuid(),
               ('x' || left(md5(batch::text || clock_timestamp()::text), 16))::bit(64)::bigint,
               array(select gen_random_uuid() from generate_series(1, $2) where batch > 0),
               repeat('c', $2), decode(repeat('00', 32 * $2), 'hex'),
               array_fill(100::bigint, array[$2]), repeat('P', $2), array_fill(1, array[$2])
             from generate_series(1, $1) as batch",
        )
        .bind(i64::try_from(part / BATCH)?)
        .bind(i32::try_from(BATCH)?)
        .execute(pool)
        .await?;
        done += part;
        if done % (5 * PART) == 0 {
            println!("  {done} identities loaded");
        }
    }
    // As they lie after years: not still being written to disk, nor waiting to be vacuumed.
    for statement in ["vacuum (analyze) remittance.inbox_batch", "checkpoint"] {
        sqlx::query(statement).execute(pool).await?;
    }
    Ok(())
}
