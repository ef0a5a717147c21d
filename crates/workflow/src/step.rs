// SPDX-License-Identifier: Apache-2.0
//! What a step is: one kind of unit, run to an outcome, repeatable at any time.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use model::code::Code;
use ports::book::{Applied, ApplyError, Book, Effects, Fence, Records, Unit};
use ports::failure::Failure;
use time::OffsetDateTime;

use crate::record::settle;

/// What the runner shall do with the unit.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Apply the effects and take the unit off its lane, in one transaction.
    Done(Effects),
    /// Apply the effects and keep the unit, due again at this time.
    Again { effects: Effects, due: OffsetDateTime },
}

/// A step of a flow. It may crash anywhere and be run again; only its effects count.
#[async_trait]
pub trait Step: Send + Sync {
    /// The kind of unit that it handles.
    fn kind(&self) -> &'static str;

    async fn run(&self, unit: &Unit, scope: &Scope<'_>) -> Result<Outcome, Failure>;
}

/// What a step may see and do while it runs.
pub struct Scope<'a> {
    pub records: &'a dyn Records,
    /// The book's clock when the run began.
    pub now: OffsetDateTime,
    pub fence: &'a Fence,
    pub(crate) book: &'a dyn Book,
    pub(crate) holder: &'a Code,
    pub(crate) lease_length: Duration,
    /// Why the run has no right to go on.
    pub(crate) stopped: Mutex<Option<ApplyError>>,
}

impl Scope<'_> {
    /// An intermediate transaction under the fence, e.g. before the outside is called. After an
    /// error the step returns at once; the runner knows what to do.
    pub async fn commit(&self, effects: Effects) -> Result<Applied, Failure> {
        match settle(self.book, Some(self.fence), effects).await {
            Ok(applied) => Ok(applied),
            Err(ApplyError::Failed(failure)) => Err(failure),
            Err(error) => Err(self.stop(error)),
        }
    }

    /// Renews the lease in the middle of long work. After an error the step returns at once.
    pub async fn keep(&self) -> Result<(), Failure> {
        let lease = self.book.lease(&self.fence.lane, self.holder, self.lease_length).await?;
        match lease {
            Some(lease) if lease.fence == *self.fence => Ok(()),
            Some(_) | None => {
                Err(self.stop(ApplyError::StaleFence { lane: self.fence.lane.clone() }))
            }
        }
    }

    fn stop(&self, error: ApplyError) -> Failure {
        let failure = Failure::transient(error.to_string());
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        failure
    }
}
