// SPDX-License-Identifier: Apache-2.0
//! Whether the database is the one of which the outside tells: one that was restored from a backup takes
//! documents in and posts nothing before `revbridge recover` has ended.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use model::code::Code;
use ports::book::Records;
use ports::checkpoint::{Checkpoints, Manifests, Request};
use ports::failure::Failure;
use store::PostgresBook;
use time::OffsetDateTime;
use workflow::{Checkpointer, Shutdown, Standing, standing};

use crate::config::Config;
use crate::database::Books;
use crate::keys::Secured;
use crate::outside::{self, Outside};
use crate::works::Gate;

/// Names of the rooms in the outside record and on the command line.
pub const INTAKE: &str = "intake";
pub const REMITTANCE: &str = "remittance";

/// A journal's manifest is written after its `journal.closed`, which gets its number within this time:
/// older ones than the last checkpoint less this are in the log that it covers.
const MANIFEST_MARGIN: time::Duration = time::Duration::seconds(60);
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The books that are here beside the record outside.
#[derive(Clone)]
pub struct Comparison {
    pub intake: Option<PostgresBook>,
    pub remittance: Option<PostgresBook>,
    pub outside: Outside,
}

impl Comparison {
    pub fn rooms(&self) -> impl Iterator<Item = (Code, &PostgresBook)> {
        let rooms = [(INTAKE, &self.intake), (REMITTANCE, &self.remittance)];
        rooms.into_iter().filter_map(|(room, book)| Some((Code::new(room), book.as_ref()?)))
    }

    /// Why posting must wait; `None` where the database is the one that was witnessed.
    pub async fn lost(&self) -> Result<Option<String>, Failure> {
        for (room, book) in self.rooms() {
            match standing(book, &self.outside, &room).await? {
                Standing::Unwitnessed | Standing::Sound(_) => {}
                Standing::Behind(last) => {
                    return Ok(Some(format!(
                        "the log of {room} ends before entry {}, which was witnessed outside",
                        last.head.size
                    )));
                }
                Standing::Forked(last) => {
                    return Ok(Some(format!(
                        "the log of {room} is not the one of {} entries that was witnessed outside",
                        last.head.size
                    )));
                }
            }
        }
        let unknown = self.unknown_journals().await?;
        Ok((unknown > 0).then(|| {
            format!("{unknown} journals were about to be sent of which the database knows nothing")
        }))
    }

    /// Between the last checkpoint and the end a journal may have been sent and forgotten.
    async fn unknown_journals(&self) -> Result<u64, Failure> {
        let Some(book) = &self.remittance else { return Ok(0) };
        let last = self.outside.latest(&Code::new(REMITTANCE)).await?;
        let since = last.map_or(OffsetDateTime::UNIX_EPOCH, |last| last.at - MANIFEST_MARGIN);
        let mut unknown = 0;
        for key in self.outside.keys_since(since).await? {
            if book.journal(&key).await?.is_some() {
                continue;
            }
            let manifest = self.outside.manifest(&key).await?;
            unknown += u64::from(manifest.is_some_and(|one| one.request == Request::MayBeOut));
        }
        Ok(unknown)
    }
}

/// What a process with a book keeps of it outside of the database.
#[derive(Clone)]
pub struct Record {
    pub comparison: Comparison,
    pub condition: Condition,
    pub of_intake: Option<Arc<Checkpointer>>,
    pub of_remittance: Option<Arc<Checkpointer>>,
    /// Open once every book here is the one that was witnessed.
    pub whole: Gate,
}

impl Record {
    /// Opens the record and judges the books by it; nothing where no book is here.
    pub async fn open(
        config: &Config,
        secured: &Secured,
        books: &Books,
    ) -> anyhow::Result<Option<Self>> {
        if books.intake.is_none() && books.remittance.is_none() {
            return Ok(None);
        }
        let outside = outside::open(config, secured).await?;
        let witness = |room: &str, book: &Option<PostgresBook>| {
            let (book, outside) = (Arc::new(book.clone()?), Arc::new(outside.clone()));
            let limits = config.proof.limits();
            Some(Arc::new(Checkpointer::new(book, outside, Code::new(room), limits)))
        };
        let of_intake = witness(INTAKE, &books.intake);
        let of_remittance = witness(REMITTANCE, &books.remittance);
        let witnesses = [&of_intake, &of_remittance].into_iter().flatten().cloned().collect();
        let (intake, remittance) = (books.intake.clone(), books.remittance.clone());
        let comparison = Comparison { intake, remittance, outside };
        let condition = Condition::new(witnesses);
        judge(&comparison, &condition).await.context("comparing with the checkpoints")?;
        Ok(Some(Self { comparison, condition, of_intake, of_remittance, whole: Gate::closed() }))
    }
}

/// What `/health/ready` tells beside the database's answer.
#[derive(Clone)]
pub struct Condition {
    lost: Arc<Mutex<Option<String>>>,
    checkpointers: Arc<[Arc<Checkpointer>]>,
}

impl Condition {
    pub fn new(checkpointers: Vec<Arc<Checkpointer>>) -> Self {
        Self { lost: Arc::default(), checkpointers: checkpointers.into() }
    }

    /// Nothing to complain of is an empty list.
    pub fn complaints(&self) -> Vec<String> {
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut complaints: Vec<String> = lost
            .map(|why| format!("in recovery, posting stands still: {why}; see `revbridge recover`"))
            .into_iter()
            .collect();
        complaints.extend(self.checkpointers.iter().filter_map(|one| one.complaint()));
        complaints
    }

    fn is_lost(&self) -> bool {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn set(&self, lost: Option<String>) {
        self.checkpointers.iter().for_each(|one| one.hold(lost.is_some()));
        *self.lost.lock().unwrap_or_else(PoisonError::into_inner) = lost;
    }
}

/// Judged once, before anything is posted.
async fn judge(comparison: &Comparison, condition: &Condition) -> Result<(), Failure> {
    let lost = comparison.lost().await?;
    if let Some(why) = &lost {
        tracing::error!(
            "in recovery: {why}. Documents are taken in and nothing is posted before \
             `revbridge recover` has ended"
        );
    }
    condition.set(lost);
    Ok(())
}

/// Opens the gate once the database is whole, without a restart.
pub async fn open_when_whole(record: Record, mut stopping: Shutdown) {
    let Record { comparison, condition, whole, .. } = record;
    while condition.is_lost() && !stopping.is_asked() {
        tokio::select! {
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            () = stopping.asked() => return,
        }
        match comparison.lost().await {
            Ok(lost) => {
                if lost.is_none() {
                    tracing::info!("the recovery has ended: work goes on");
                }
                condition.set(lost);
            }
            Err(failure) => tracing::warn!("whether the recovery has ended is unknown: {failure}"),
        }
    }
    whole.open();
}
