// SPDX-License-Identifier: Apache-2.0
//! Single-claim 835 uploads acknowledged per second, beside one-row commits of 32 clients.
//! The probe runs while the service is idle; the uploads run while it also reads, decides and posts.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use bytes::Bytes;
use tests::hospital;
use tests::processes::Layout;
use tests::site::Site;

use crate::figures::{median, per_second, ratio};
use crate::sender::Sender;
use crate::{database, load_site, probe};

/// Of the probe.
const CLIENTS: usize = 32;
/// Senders of documents, as many as the gateway lets in at once. Each waits for its commit; together
/// they show what can be taken.
const SENDERS: usize = 256;
const ROUNDS: usize = 5;
/// So many are made beforehand for each second.
const DOCUMENTS_PER_SECOND_MAX: usize = 25_000;

pub async fn run(seconds: u64) -> anyhow::Result<()> {
    let length = Duration::from_secs(seconds);
    let site = tokio::task::spawn_blocking(|| load_site::start(Layout::Embedded)).await??;
    let pool =
        database::pool(&site.cluster.database_url("revbridge"), u32::try_from(CLIENTS)?).await?;
    probe::prepare(&pool).await?;
    let (mut next, mut sent) = (1, 0);
    let (mut probes, mut uploads, mut slowest) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        idle(&pool).await?;
        let commits = probe::one_row_commits(&pool, CLIENTS, length).await?;
        let taken = upload(&site, &mut next, length).await?;
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
        sent += taken.sent;
    }
    println!("one_row_commits_per_s {}", median(&probes));
    println!("uploads_per_s {}", median(&uploads));
    println!("upload_p99_ms {}", median(&slowest));
    println!("ratio {}", ratio(median(&uploads), median(&probes)));
    let started = Instant::now();
    idle(&pool).await?;
    println!(
        "{sent} documents sent; the last were decided and posted {} s after the last upload",
        started.elapsed().as_secs()
    );
    Ok(())
}

/// Until everything that was taken is decided and posted, so that rounds do not share their work.
async fn idle(pool: &sqlx::postgres::PgPool) -> anyhow::Result<()> {
    let started = Instant::now();
    while database::work_waits(pool).await? {
        ensure!(started.elapsed() < Duration::from_secs(1_800), "the work does not end");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

struct Taken {
    rate: u64,
    p50_ms: u64,
    p99_ms: u64,
    sent: u64,
}

/// Documents that nobody has sent yet, made before the clock runs.
fn documents(first: u32, count: usize) -> Vec<Bytes> {
    let numbers = (first..).take(count);
    numbers.map(|number| hospital::remittance(number, 1).bytes.into()).collect()
}

async fn upload(site: &Site, next: &mut u32, length: Duration) -> anyhow::Result<Taken> {
    let seconds = usize::try_from(length.as_secs())?;
    let each = (seconds * DOCUMENTS_PER_SECOND_MAX).div_ceil(SENDERS);
    let mut senders = Vec::new();
    for _ in 0..SENDERS {
        let documents = documents(*next, each);
        *next += u32::try_from(each)?;
        senders.push((Sender::connect(&site.url, &site.token).await?, documents));
    }
    let started = Instant::now();
    let until = started + length;
    let mut tasks = Vec::new();
    for (mut sender, documents) in senders {
        tasks.push(tokio::spawn(async move {
            let mut latencies = Vec::with_capacity(documents.len());
            let mut documents = documents.into_iter();
            while Instant::now() < until {
                let document = documents.next().context("more could be sent than was made")?;
                let sent = Instant::now();
                sender.send(document).await?;
                latencies.push(u64::try_from(sent.elapsed().as_millis())?);
            }
            anyhow::Ok(latencies)
        }));
    }
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await??);
    }
    let rate = per_second(latencies.len() as u64, started.elapsed());
    latencies.sort_unstable();
    let at = |percent: usize| latencies.get(latencies.len() * percent / 100).copied().unwrap_or(0);
    Ok(Taken { rate, p50_ms: at(50), p99_ms: at(99), sent: latencies.len() as u64 })
}
