// SPDX-License-Identifier: Apache-2.0
//! What a step is: it reads, decides and says what it wants done; it changes nothing itself.

use std::sync::Mutex;

use async_trait::async_trait;
use model::code::Code;
use model::exception::Subject;
use ports::book::{ApplyError, Book, Effects, Fence, Records, Unit};
use ports::failure::Failure;
use time::OffsetDateTime;

use crate::limits::Limits;
use crate::record::settle;

/// What a step wants done with its effects and its unit.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The unit is taken in the same transaction.
    Done(Effects),
    /// The unit stays and falls due again, as if it had never been tried.
    Again { effects: Effects, due: OffsetDateTime },
}

/// One kind of work. It must bear to be run again from the start at any time.
#[async_trait]
pub trait Step: Send + Sync {
    /// The kind of unit that it handles.
    fn kind(&self) -> &'static str;

    async fn run(&self, unit: &Unit, scope: &Scope<'_>) -> Result<Outcome, Failure>;

    /// What a work item is about when the unit is parked: the narrowest thing that has the problem.
    fn subject(&self, unit: &Unit) -> Subject {
        Subject::Work { unit: Code::from(format!("{}/{}", unit.lane, unit.id)) }
    }
}

/// What a step sees of the world while it runs.
pub struct Scope<'a> {
    pub records: &'a dyn Records,
    /// The book's own clock when the run began.
    pub now: OffsetDateTime,
    pub fence: &'a Fence,
    book: &'a dyn Book,
    holder: &'a Code,
    limits: &'a Limits,
    prefix: String,
    met: Mutex<Option<ApplyError>>,
}

/// An intermediate transaction did not happen. Return it with `?`: the runner knows what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interrupted(ApplyError);

impl From<Interrupted> for Failure {
    fn from(interrupted: Interrupted) -> Self {
        match interrupted.0 {
            ApplyError::Failed(failure) => failure,
            error @ (ApplyError::StaleFence { .. }
            | ApplyError::Conflict { .. }
            | ApplyError::CommitUnknown) => Failure::transient(error.to_string()),
        }
    }
}

impl<'a> Scope<'a> {
    pub(crate) fn new(
        book: &'a dyn Book,
        fence: &'a Fence,
        holder: &'a Code,
        limits: &'a Limits,
        now: OffsetDateTime,
        prefix: String,
    ) -> Self {
        Self { records: book, now, fence, book, holder, limits, prefix, met: Mutex::new(None) }
    }

    /// A step key that no other run has used: for transactions that guard themselves by versions and
    /// states, and need the key only to learn the outcome of a commit.
    pub fn key(&self, name: &str) -> Code {
        Code::from(format!("{}/{name}", self.prefix))
    }

    /// A transaction in the middle of a step, under the fence. After `Ok` it is durable. Its key is
    /// used as it is: the same key again changes nothing.
    pub async fn commit(&self, effects: Effects) -> Result<(), Interrupted> {
        match settle(self.book, Some(self.fence), effects).await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.interrupt(error)),
        }
    }

    /// Makes the lease last its whole length again; refused when another holds the lane by now.
    pub async fn hold(&self) -> Result<(), Interrupted> {
        let lease = self.book.lease(&self.fence.lane, self.holder, self.limits.lease()).await;
        match lease {
            Ok(Some(lease)) if lease.fence == *self.fence => Ok(()),
            Ok(Some(_) | None) => {
                let lane = self.fence.lane.clone();
                Err(self.interrupt(ApplyError::StaleFence { lane }))
            }
            Err(failure) => Err(self.interrupt(ApplyError::Failed(failure))),
        }
    }

    fn interrupt(&self, error: ApplyError) -> Interrupted {
        *self.met.lock().expect("nobody panics while noting an error") = Some(error.clone());
        Interrupted(error)
    }

    /// What an intermediate transaction met.
    pub(crate) fn met(self) -> Option<ApplyError> {
        self.met.into_inner().expect("nobody panics while noting an error")
    }
}
