// SPDX-License-Identifier: Apache-2.0
//! `revbridge recover`: after the database was restored from a backup. What the ERP has and the database
//! has forgotten is found by our reference, and closed anew with the membership written down outside.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use model::code::Code;
use model::money::decimal;
use ports::book::{Book, Effects, LogEntry};
use ports::checkpoint::{Checkpoints, LogName};
use ports::feed::Feed;
use ports::log_proof::LogProof;
use posting::{Reconciled, Recovery, Unmatched};
use serde_json::json;
use store::PostgresBook;
use workflow::{Limits, Sequencer, Standing, standing};

use crate::config::Config;
use crate::keys::Secured;
use crate::recovery::Comparison;
use crate::{database, outside, wiring};

/// Until an entry that was just written has its number, whoever numbers it.
const NUMBER_WAIT: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// First hand in again every file of the time that was lost: the same bytes make the same rows, and
/// what was taken before the backup counts as a repeat. The server may run meanwhile: it takes the files
/// in, and posts again by itself once this has ended.
///
/// Exit code 0: every document of the ERP is matched, and posting goes on; 1: some are not, they are
/// listed, and posting still stands; 2: something could not be reached.
#[derive(clap::Args)]
pub struct Recover {
    /// End although documents stay unmatched, for this reason. It goes to the log with their keys. What
    /// is unmatched may be posted a second time: correct it in the ERP.
    #[arg(long, value_name = "REASON")]
    accept: Option<String>,
    #[arg(long, value_name = "FILE", default_value = "revbridge.toml")]
    config: PathBuf,
}

impl Recover {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        if self.accept.as_ref().is_some_and(|reason| reason.trim().is_empty()) {
            bail!("--accept: say why");
        }
        let runtime = tokio::runtime::Runtime::new()?;
        runtime.block_on(self.recover())
    }

    async fn recover(&self) -> anyhow::Result<ExitCode> {
        let config = Config::read(&self.config)?;
        let secured = Secured::open(&config).await?;
        let books = database::open_both(&config, &secured).await?;
        let comparison = Comparison {
            intake: Some(books.intake.clone()),
            remittance: Some(books.remittance.clone()),
            outside: outside::open(&config, &secured).await?,
        };
        let Some(why) = comparison.lost().await? else {
            println!("the database is the one that was witnessed: there is nothing to recover");
            return Ok(ExitCode::SUCCESS);
        };
        println!("in recovery: {why}");
        let erps = wiring::connect(&config, secured.store.as_ref()).await?;
        let recovery =
            Recovery { book: &books.remittance, manifests: &comparison.outside, erps: &erps };
        let reconciled = recovery.reconcile().await.context("comparing with the ERP")?;
        tell(&reconciled);
        if !reconciled.unmatched.is_empty() && self.accept.is_none() {
            println!(
                "posting stands still until these are matched, or accepted by \
                 `revbridge recover --accept REASON`"
            );
            return Ok(ExitCode::from(1));
        }
        // The reason is in the log before anything follows from it.
        let mut branches = Vec::new();
        for (room, book) in comparison.rooms() {
            let last = standing(book, &comparison.outside, &room).await?;
            branches.extend(self.tell_log(&room, book, last, &reconciled).await?);
        }
        recovery.take_on(&reconciled.unmatched).await?;
        for (log, book) in branches {
            let head = book.head().await?;
            let published = comparison.outside.publish(&log, &head).await;
            let note = published.context("writing the first checkpoint after the recovery")?;
            book.keep(&head, &note).await?;
        }
        if let Some(why) = comparison.lost().await? {
            bail!("it is still so: {why}; run it again");
        }
        println!("recovered: posting goes on");
        Ok(ExitCode::SUCCESS)
    }

    /// What was witnessed stays as it is: a log that goes on from an earlier place is witnessed as a
    /// branch of its own, which begins by naming the end that was lost. Answers that branch.
    async fn tell_log<'a>(
        &self,
        room: &Code,
        book: &'a PostgresBook,
        standing: Standing,
        reconciled: &Reconciled,
    ) -> anyhow::Result<Option<(LogName, &'a PostgresBook)>> {
        let lost = match standing {
            Standing::Behind(last) | Standing::Forked(last) => Some(last),
            // Nothing of this log was lost, but what was sent is told by the process that sends.
            Standing::Unwitnessed | Standing::Sound(_) if *room == crate::recovery::REMITTANCE => {
                None
            }
            Standing::Unwitnessed | Standing::Sound(_) => return Ok(None),
        };
        let branch = lost.as_ref().map(|last| last.log.branch + 1);
        // Once per branch; a recovery without one has no other name than its own.
        let subject = match branch {
            Some(branch) => format!("recovery/{room}/{branch}"),
            None => format!("recovery/{room}/{}", uuid::Uuid::new_v4()),
        };
        let unmatched: Vec<&Code> = reconciled.unmatched.iter().map(|one| &one.key.0).collect();
        let end = lost.map(|last| {
            json!({ "branch": last.log.branch, "size": last.head.size, "root": last.head.root })
        });
        let mut effects = Effects::new(subject.clone());
        effects.log.push(LogEntry {
            kind: Code::new("log.recovered"),
            subject: Code::from(subject.clone()),
            by: Code::new("recover"),
            body: json!({
                "branch": branch,
                "lost": end,
                "restored": reconciled.restored,
                "not_arrived": reconciled.not_arrived,
                "unmatched": unmatched,
                "accepted": self.accept,
            }),
        });
        book.apply_unfenced(&effects).await?;
        numbered(book, &subject).await?;
        Ok(branch.map(|branch| (LogName { room: room.clone(), branch }, book)))
    }
}

/// Waits for the server's sequencer, or numbers where no server runs.
async fn numbered(book: &PostgresBook, subject: &str) -> anyhow::Result<()> {
    let holder = format!("recover-{}", uuid::Uuid::new_v4());
    let book_of_its_own = std::sync::Arc::new(book.clone());
    let sequencer = Sequencer::new(book_of_its_own, holder.as_str(), Limits::default());
    let started = Instant::now();
    while book.about(subject, 1).await?.is_empty() {
        if started.elapsed() > NUMBER_WAIT {
            bail!("the log gets no numbers; is another program holding its lane?");
        }
        let ran = sequencer.run_due().await;
        if ran.held {
            let (lane, holder) = (Code::new("sequencer"), Code::from(holder.clone()));
            if let Some(lease) = book.lease(&lane, &holder, Duration::from_secs(5)).await? {
                book.release(&lease.fence).await?;
            }
        } else {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
    Ok(())
}

fn tell(reconciled: &Reconciled) {
    println!(
        "{} documents known, {} journals restored, {} were sent and never arrived, {} drafts \
         discarded, {} documents unmatched",
        reconciled.known,
        reconciled.restored,
        reconciled.not_arrived,
        reconciled.drafts_discarded,
        reconciled.unmatched.len()
    );
    for Unmatched { target, document, key, amount, why } in &reconciled.unmatched {
        let document = if document.is_empty() { "no document" } else { document.as_str() };
        println!("  {target} {document} {key} {}: {why}", decimal(*amount));
    }
}
