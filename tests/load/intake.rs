// SPDX-License-Identifier: Apache-2.0
//! Single-claim 835 uploads acknowledged per second, beside one-row commits of 32 clients.
//! The probe runs while the service is idle; the uploads run while it also reads, decides and posts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;
use tests::hospital;

use crate::figures::{median, per_second, ratio};
use crate::{database, load_site, probe};

/// Of the probe.
const CLIENTS: usize = 32;
/// Senders of documents. They wait for a commit each; together they show what can be taken.
const SENDERS: usize = 128;
const ROUNDS: usize = 5;

pub async fn run(seconds: u64) -> anyhow::Result<()> {
    let length = Duration::from_secs(seconds);
    let site = tokio::task::spawn_blocking(load_site::start).await??;
    let pool =
        database::pool(&site.cluster.database_url("revbridge"), u32::try_from(CLIENTS)?).await?;
    probe::prepare(&pool).await?;
    let next = Arc::new(AtomicU32::new(1));
    let (mut probes, mut uploads, mut slowest) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        idle(&pool).await?;
        let commits = probe::one_row_commits(&pool, CLIENTS, length).await?;
        let taken = upload(&site.url, &site.token, &next, length).await?;
        println!(
            "round {round}: {commits} one-row commits/s, {} uploads/s (p50 {} ms, p99 {} ms), ratio {}",
            taken.rate,
            taken.p50_ms,
            taken.p99_ms,
            ratio(taken.rate, commits)
        );
        probes.push(commits);
        uploads.push(taken.rate);
        slowest.push(taken.p99_ms);
    }
    println!("one_row_commits_per_s {}", median(&probes));
    println!("uploads_per_s {}", median(&uploads));
    println!("upload_p99_ms {}", median(&slowest));
    println!("ratio {}", ratio(median(&uploads), median(&probes)));
    let started = Instant::now();
    idle(&pool).await?;
    let sent = u64::from(next.load(Ordering::Relaxed) - 1);
    println!(
        "{sent} documents sent; the last were decided and posted {} s after the last upload",
        started.elapsed().as_secs()
    );
    Ok(())
}

/// Until everything that was taken is decided and posted, so that rounds do not share their work.
async fn idle(pool: &sqlx::postgres::PgPool) -> anyhow::Result<()> {
    let started = Instant::now();
    while database::units_waiting(pool).await? > 0 {
        ensure!(started.elapsed() < Duration::from_secs(1_800), "the work does not end");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

struct Taken {
    rate: u64,
    p50_ms: u64,
    p99_ms: u64,
}

async fn upload(
    url: &str,
    token: &str,
    next: &Arc<AtomicU32>,
    length: Duration,
) -> anyhow::Result<Taken> {
    let client = reqwest::Client::builder().pool_max_idle_per_host(SENDERS).build()?;
    let done = Arc::new(AtomicU64::new(0));
    let until = Instant::now() + length;
    let mut tasks = Vec::new();
    for _ in 0..SENDERS {
        let (client, done, next) = (client.clone(), done.clone(), next.clone());
        let (url, token) = (format!("{url}/v1/documents"), format!("Bearer {token}"));
        tasks.push(tokio::spawn(async move {
            let mut latencies = Vec::new();
            while Instant::now() < until {
                let sound = hospital::remittance(next.fetch_add(1, Ordering::Relaxed), 1);
                let started = Instant::now();
                let answer = client
                    .post(&url)
                    .header("Authorization", &token)
                    .header("Content-Type", "application/edi-x12")
                    .body(sound.bytes)
                    .send()
                    .await?;
                ensure!(answer.status().is_success(), "an upload was answered {}", answer.status());
                answer.bytes().await?;
                latencies.push(u64::try_from(started.elapsed().as_millis())?);
                done.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(latencies)
        }));
    }
    let started = Instant::now();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await??);
    }
    let rate = per_second(done.load(Ordering::Relaxed), started.elapsed());
    latencies.sort_unstable();
    let at = |percent: usize| latencies.get(latencies.len() * percent / 100).copied().unwrap_or(0);
    Ok(Taken { rate, p50_ms: at(50), p99_ms: at(99) })
}
