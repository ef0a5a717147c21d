// SPDX-License-Identifier: Apache-2.0
//! Small documents from the first upload to confirmed journals with one, two and three processes of
//! each role over one database. Every process that reads, decides or posts has a part of a core, so that
//! the database and this machine allow for more of them.

use std::time::{Duration, Instant};

use anyhow::ensure;
use bytes::Bytes;
use futures::future::try_join_all;
use tests::hospital;
use tests::processes::{INTAKE, Layout, PROCESS};
use tests::site::Site;

use crate::figures::{per_second, ratio};
use crate::pace::Pace;
use crate::sender::Sender;
use crate::{database, load_site};

const COUNTS: [usize; 3] = [1, 2, 3];
const SENDERS: usize = 16;
/// Until every journal is confirmed.
const BOUND: Duration = Duration::from_secs(900);

pub async fn run(documents: u32, percent: u32) -> anyhow::Result<()> {
    println!(
        "{documents} documents; each process of {INTAKE} and {PROCESS} has {percent} % of a core"
    );
    let mut rates = Vec::new();
    for count in COUNTS {
        let layout = Layout::Replicas(count);
        let site = tokio::task::spawn_blocking(move || load_site::start(layout)).await??;
        let worked = |role: &str| [INTAKE, PROCESS].contains(&role);
        let working = site.processes.all.iter().filter(|process| worked(process.role));
        let programs = working.filter_map(|process| process.program.as_ref());
        let pids: Vec<u32> = programs.map(|program| program.pid()).collect();
        let pace = Pace::start(&pids, percent)?;
        let worked = work(&site, documents).await;
        drop(pace);
        let (taken, posted) = worked?;
        let rate = per_second(u64::from(documents), posted);
        println!(
            "{count} of each role: taken at {} documents/s, posted at {rate} documents/s",
            per_second(u64::from(documents), taken)
        );
        rates.push(rate);
    }
    for (count, rate) in COUNTS.iter().zip(&rates).skip(1) {
        println!("{count}_to_1 {}", ratio(*rate, rates[0]));
    }
    Ok(())
}

/// How long until all were acknowledged, and until all were posted.
async fn work(site: &Site, documents: u32) -> anyhow::Result<(Duration, Duration)> {
    let pool = database::pool(&site.cluster.database_url("revbridge"), 1).await?;
    let all: Vec<Bytes> =
        (1..=documents).map(|number| hospital::remittance(number, 1).bytes.into()).collect();
    let started = Instant::now();
    let shares = all.chunks(all.len().div_ceil(SENDERS));
    try_join_all(shares.map(|share| send(site, share))).await?;
    let taken = started.elapsed();
    while database::work_waits(&pool).await? {
        ensure!(started.elapsed() < BOUND, "not posted within {} s", BOUND.as_secs());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let posted = started.elapsed();
    let confirmed = database::events_posted(&pool).await?;
    ensure!(confirmed == i64::from(documents), "{confirmed} of {documents} claims are posted");
    Ok((taken, posted))
}

async fn send(site: &Site, documents: &[Bytes]) -> anyhow::Result<()> {
    let mut sender = Sender::connect(&site.url, &site.token).await?;
    for document in documents {
        sender.send(document.clone()).await?;
    }
    Ok(())
}
