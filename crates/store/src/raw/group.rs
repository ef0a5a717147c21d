// SPDX-License-Identifier: Apache-2.0
//! Documents that come at the same time share one transaction: whoever comes while a group is being
//! committed is in the next one. Nobody waits for company, and one that fails fails alone.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::id::DocumentId;
use ports::book::ApplyError;
use ports::failure::Failure;
use ports::raw::{Committed, Incoming};
use tokio::sync::oneshot;

use super::enter::{self, Sealed};
use crate::apply::commit;
use crate::book::PostgresBook;
use crate::error::failure;
use crate::sealing::Purpose;

/// So many documents share a transaction …
const GROUP_DOCUMENTS_MAX: usize = 1_000;
/// … with so many sealed bytes; one document may have more.
const GROUP_BYTES_MAX: usize = 8 << 20;
/// So many groups at once: one waits for the disk while the next is written.
const GROUPS_MAX: usize = 2;

type Answer = Result<Committed, Failure>;

/// A document that waits for its commit, and who waits for the answer.
struct Member {
    sealed: Sealed,
    answer: oneshot::Sender<Answer>,
}

impl Member {
    /// Whoever does not wait any more sends again.
    fn tell(self, answer: Answer) {
        let _ = self.answer.send(answer);
    }
}

/// What waits in one process for one book.
#[derive(Default)]
pub(crate) struct Groups(Mutex<Waiting>);

impl std::fmt::Debug for Groups {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Groups(…)")
    }
}

#[derive(Default)]
struct Waiting {
    members: VecDeque<Member>,
    groups: usize,
}

/// A place among the groups that run at once; given up when no one waits, and by a panic.
struct Running {
    groups: Arc<Groups>,
    ended: bool,
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.ended {
            self.groups.waiting().groups -= 1;
        }
    }
}

impl Groups {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a member; gives back a place to run where fewer groups run than may.
    fn join(self: &Arc<Self>, member: Member) -> Option<Running> {
        let mut waiting = self.waiting();
        waiting.members.push_back(member);
        if waiting.groups == GROUPS_MAX {
            return None;
        }
        waiting.groups += 1;
        Some(Running { groups: self.clone(), ended: false })
    }
}

impl Running {
    /// The next group in order of arrival: no document stands in it twice, so that each of two equal
    /// ones has its own answer.
    fn next(&mut self) -> Option<Vec<Member>> {
        let mut waiting = self.groups.waiting();
        let (mut group, mut later) = (Vec::new(), VecDeque::new());
        let mut named: HashSet<DocumentId> = HashSet::new();
        let mut bytes = 0;
        while let Some(member) = waiting.members.pop_front() {
            bytes += member.sealed.bytes();
            let fits =
                group.is_empty() || (group.len() < GROUP_DOCUMENTS_MAX && bytes <= GROUP_BYTES_MAX);
            if !fits {
                waiting.members.push_front(member);
                break;
            }
            if named.insert(member.sealed.document()) {
                group.push(member);
            } else {
                later.push_back(member);
            }
        }
        later.append(&mut waiting.members);
        waiting.members = later;
        if group.is_empty() {
            waiting.groups -= 1;
            drop(waiting);
            self.ended = true;
            return None;
        }
        Some(group)
    }
}

/// Seals the document and has it committed with whatever else waits. The work goes on when the caller
/// does not: a group is not to fail with one sender.
pub(crate) async fn join(book: &PostgresBook, incoming: Incoming) -> Answer {
    let key = incoming.document.id.to_string();
    // Before the transaction, in which no key may be asked for; sealing is done by each for itself.
    book.ready(&[Purpose::RawChunk.class(), Purpose::SegmentSecret.class()]).await?;
    let sealed = Sealed::of(book, incoming)?;
    let (answer, answered) = oneshot::channel();
    if let Some(running) = book.groups.join(Member { sealed, answer }) {
        tokio::spawn(run(book.clone(), running));
    }
    match answered.await {
        Ok(answer) => answer,
        Err(_) => Err(lost(&key)),
    }
}

async fn run(book: PostgresBook, mut running: Running) {
    while let Some(group) = running.next() {
        commit_group(&book, group).await;
    }
}

/// All of them in one transaction. If that fails, each for itself: one of them may be at fault, and the
/// others are not.
async fn commit_group(book: &PostgresBook, group: Vec<Member>) {
    let sealed: Vec<&Sealed> = group.iter().map(|member| &member.sealed).collect();
    let alone = sealed.len() == 1;
    match in_one_transaction(book, &sealed).await {
        Ok(committed) => {
            for (member, committed) in group.into_iter().zip(committed) {
                member.tell(Ok(committed));
            }
        }
        Err(Refused::Transaction(error)) if !alone => {
            tracing::warn!(documents = group.len(), %error, "a group is committed one by one");
            for member in group {
                let committed = in_one_transaction(book, &[&member.sealed]).await;
                let key = member.sealed.document().to_string();
                let committed = committed.map_err(|refused| refused.failure(&key));
                let first =
                    committed.and_then(|one| one.first().cloned().ok_or_else(|| lost(&key)));
                member.tell(first);
            }
        }
        Err(refused) => {
            for member in group {
                let key = member.sealed.document().to_string();
                member.tell(Err(refused.failure(&key)));
            }
        }
    }
}

/// Why a group was not committed.
enum Refused {
    /// There was no connection to begin with: it is the same for each.
    Connection(Failure),
    /// A statement was refused: nothing has happened.
    Transaction(Failure),
    /// Nobody knows; each is looked up by its document.
    Unknown,
}

impl Refused {
    fn of(error: ApplyError) -> Self {
        match error {
            ApplyError::Failed(failure) => Refused::Transaction(failure),
            ApplyError::CommitUnknown => Refused::Unknown,
            ApplyError::StaleFence { .. } | ApplyError::Conflict { .. } => {
                Refused::Transaction(Failure::defect(error.to_string()))
            }
        }
    }

    fn failure(&self, key: &str) -> Failure {
        match self {
            Refused::Connection(failure) | Refused::Transaction(failure) => failure.clone(),
            Refused::Unknown => lost(key),
        }
    }
}

fn lost(key: &str) -> Failure {
    let message = "the answer to the commit was lost".to_owned();
    Failure::OutcomeUnknown { key: key.to_owned(), message }
}

async fn in_one_transaction(
    book: &PostgresBook,
    sealed: &[&Sealed],
) -> Result<Vec<Committed>, Refused> {
    let begun = book.pool.begin().await;
    let mut transaction = begun.map_err(|error| Refused::Connection(failure(error)))?;
    let entered = enter::enter(book, &mut transaction, sealed).await.map_err(Refused::of)?;
    commit(transaction).await.map_err(Refused::of)?;
    Ok(entered)
}
