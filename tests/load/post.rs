// SPDX-License-Identifier: Apache-2.0
//! One large 835 to confirmed journals, beside the sum of what its parts cost at best: a bare scan of
//! the file that also balances, and a plain insert of one row per claim.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use sqlx::postgres::PgPool;
use tests::processes::Layout;
use tests::site::Site;

use crate::figures::{per_second, ratio, seconds};
use crate::{database, load_site, probe};

const CLAIMS_PER_SET: u32 = 500;
/// Until every journal is confirmed.
const BOUND: Duration = Duration::from_secs(3_600);
/// A connection that has become idle tells what it wrote after so long.
const STATISTICS: Duration = Duration::from_secs(11);

pub async fn run(bytes: u64, identities: u64) -> anyhow::Result<()> {
    let mut site = tokio::task::spawn_blocking(|| load_site::start(Layout::Embedded)).await??;
    let pool = database::pool(&site.cluster.database_url("revbridge"), 2).await?;
    if identities > 0 {
        println!("loading {identities} identities first");
        database::load_identities(&pool, identities).await?;
        site = tokio::task::spawn_blocking(|| site.kill_server().map(|()| site)).await??;
        let started = Instant::now();
        database::quiet(&pool).await?;
        println!("the service has counted them: quiet after {}", seconds(started.elapsed()));
    }
    let file = site.home.path().join("large.835");
    let made = write_large(&file, bytes)?;
    println!("{} bytes, {} transaction sets, {} claims", made.bytes, made.sets, made.claims);

    let started = Instant::now();
    let scan = interchange::baseline::scan(File::open(&file)?, 1 << 20)?;
    let scanned = started.elapsed();
    ensure!(scan.claims == made.claims, "the scan counts {} claims", scan.claims);
    probe::prepare(&pool).await?;
    let inserted = probe::multi_row_insert(&pool, made.claims).await?;

    let before = database::rows_written(&pool).await?;
    let started = Instant::now();
    let document = upload(&site, &file).await?;
    let acknowledged = started.elapsed();
    settled(&pool).await?;
    let confirmed = started.elapsed();
    report(&pool, &document, &made, &before).await?;

    let best = scanned + inserted;
    println!(
        "scan {}, plain insert {} ({} rows/s), together {}",
        seconds(scanned),
        seconds(inserted),
        per_second(made.claims, inserted),
        seconds(best)
    );
    println!(
        "acknowledged after {}, confirmed after {} ({} claims/s)",
        seconds(acknowledged),
        seconds(confirmed),
        per_second(made.claims, confirmed)
    );
    let millis = |took: Duration| u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    println!("times_the_probes {}", ratio(millis(confirmed), millis(best)));
    Ok(())
}

struct Made {
    bytes: u64,
    sets: u64,
    claims: u64,
    cents: i64,
}

/// Sound interchanges of the site's own hospital, one after the other in one file.
fn write_large(path: &Path, bytes: u64) -> anyhow::Result<Made> {
    let mut out = BufWriter::new(File::create(path)?);
    let mut made = Made { bytes: 0, sets: 0, claims: 0, cents: 0 };
    while made.bytes < bytes {
        made.sets += 1;
        let sound = tests::hospital::remittance(u32::try_from(made.sets)?, CLAIMS_PER_SET);
        out.write_all(&sound.bytes)?;
        made.bytes += sound.bytes.len() as u64;
        made.claims += u64::from(sound.claims);
        made.cents += sound.cents;
    }
    out.flush()?;
    Ok(made)
}

async fn upload(site: &Site, file: &Path) -> anyhow::Result<String> {
    let content = tokio::fs::read(file).await?;
    let answer = reqwest::Client::new()
        .post(format!("{}/v1/documents", site.url))
        .header("Authorization", format!("Bearer {}", site.token))
        .header("Content-Type", "application/edi-x12")
        .body(content)
        .send()
        .await?;
    let status = answer.status();
    let text = answer.text().await?;
    ensure!(status.is_success(), "the upload was answered {status}: {text}");
    let answer: serde_json::Value = serde_json::from_str(&text)?;
    let document = answer["document"].as_str().or_else(|| answer["id"].as_str());
    Ok(document.with_context(|| format!("no document in {text}"))?.to_owned())
}

async fn settled(pool: &PgPool) -> anyhow::Result<()> {
    let started = Instant::now();
    let mut told = Instant::now();
    loop {
        if !database::work_waits(pool).await? {
            return Ok(());
        }
        ensure!(
            started.elapsed() < BOUND,
            "not everything is confirmed within {} s",
            BOUND.as_secs()
        );
        if told.elapsed() > Duration::from_secs(10) {
            told = Instant::now();
            println!("  {} s: still at work", started.elapsed().as_secs());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Everything must have posted, and to the cent; then what it cost in rows.
async fn report(
    pool: &PgPool,
    document: &str,
    made: &Made,
    before: &[(String, i64, i64, i64)],
) -> anyhow::Result<()> {
    let states = database::events_by_state(pool, document).await?;
    let (mut events, mut cents) = (0, 0);
    for (state, count, amount) in &states {
        println!("  {state}: {count} events");
        ensure!(state == "posted" || state == "noted", "{count} events are {state}");
        events += count;
        cents += amount;
    }
    ensure!(cents == made.cents, "{cents} cents were decided, {} were sent", made.cents);
    tokio::time::sleep(STATISTICS).await;
    let mut total = (0, 0, 0);
    for (table, inserted, updated, deleted) in database::rows_written(pool).await? {
        let was = before.iter().find(|(name, ..)| *name == table);
        let (i, u, d) = was.map_or((0, 0, 0), |(_, i, u, d)| (*i, *u, *d));
        let own = (inserted - i, updated - u, deleted - d);
        if own.0 + own.1 + own.2 > events / 100 {
            println!("  {table}: {} inserted, {} updated, {} deleted", own.0, own.1, own.2);
        }
        total = (total.0 + own.0, total.1 + own.1, total.2 + own.2);
    }
    let per_event = |rows: i64| {
        let hundredths = rows * 100 / events.max(1);
        format!("{}.{:02}", hundredths / 100, hundredths % 100)
    };
    println!(
        "rows_per_event {} inserted, {} updated, {} deleted",
        per_event(total.0),
        per_event(total.1),
        per_event(total.2)
    );
    Ok(())
}
