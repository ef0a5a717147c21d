// SPDX-License-Identifier: Apache-2.0
//! The runner of one lane: lease, run what is due, apply, and treat each failure by what it says.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use model::code::Code;
use ports::book::{Applied, ApplyError, Book, Effects, Fence, Lane, StepKey, Unit};
use ports::failure::Failure;
use time::OffsetDateTime;

use crate::park;
use crate::record::settle;
use crate::step::{Outcome, Scope, Step};

/// The limits of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub units_per_pass_max: usize,
    pub lease_ms: u64,
    /// Failures of one unit that nobody foresaw, before a person is asked.
    pub attempts_max: u32,
    pub backoff_ms_min: u64,
    pub backoff_ms_max: u64,
    /// Times that a changed state is read and decided again within one run.
    pub conflicts_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            units_per_pass_max: 64,
            lease_ms: 30_000,
            attempts_max: 5,
            backoff_ms_min: 50,
            backoff_ms_max: 30_000,
            conflicts_max: 10,
        }
    }
}

/// What one pass came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ran {
    /// Someone else works the lane.
    NotOurs,
    /// So many units were run.
    Worked(usize),
    /// The lease was lost on the way; everything unapplied was dropped.
    Lost,
}

/// Works one lane. Any number of runners may be started for it; one of them holds it.
pub struct Runner {
    book: Arc<dyn Book>,
    lane: Lane,
    holder: Code,
    steps: Vec<Arc<dyn Step>>,
    limits: Limits,
}

enum After {
    Next,
    Lost,
}

impl Runner {
    pub fn new(
        book: Arc<dyn Book>,
        lane: &str,
        holder: &str,
        steps: Vec<Arc<dyn Step>>,
        limits: Limits,
    ) -> Self {
        Self { book, lane: Code::new(lane), holder: Code::new(holder), steps, limits }
    }

    pub fn lane(&self) -> &Lane {
        &self.lane
    }

    pub fn book(&self) -> &Arc<dyn Book> {
        &self.book
    }

    fn lease_length(&self) -> Duration {
        Duration::from_millis(self.limits.lease_ms)
    }

    /// One pass over what is due. It neither spawns nor waits for time to pass.
    pub async fn run_due(&self) -> Result<Ran, Failure> {
        let lease = self.book.lease(&self.lane, &self.holder, self.lease_length()).await?;
        let Some(mut lease) = lease else { return Ok(Ran::NotOurs) };
        let units = self.book.due(&self.lane, self.limits.units_per_pass_max).await?;
        for unit in &units {
            let now = self.book.now().await?;
            if lease.until - now < self.lease_length() / 2 {
                let renewed =
                    self.book.lease(&self.lane, &self.holder, self.lease_length()).await?;
                match renewed {
                    Some(renewed) if renewed.fence == lease.fence => lease = renewed,
                    Some(_) | None => return Ok(Ran::Lost),
                }
            }
            match self.run_unit(&lease.fence, unit, now).await? {
                After::Next => {}
                After::Lost => return Ok(Ran::Lost),
            }
        }
        Ok(Ran::Worked(units.len()))
    }

    async fn run_unit(
        &self,
        fence: &Fence,
        unit: &Unit,
        now: OffsetDateTime,
    ) -> Result<After, Failure> {
        for _ in 0..self.limits.conflicts_max {
            let scope = Scope {
                records: self.book.as_ref(),
                now,
                fence,
                book: self.book.as_ref(),
                holder: &self.holder,
                lease_length: self.lease_length(),
                stopped: Mutex::new(None),
            };
            let outcome = self.call(unit, &scope).await;
            let stopped = scope.stopped.into_inner().unwrap_or_else(PoisonError::into_inner);
            let applied = match (stopped, outcome) {
                (Some(error), _) => Err(error),
                (None, Ok(outcome)) => self.apply(fence, unit, outcome).await,
                (None, Err(failure)) => self.failed(fence, unit, now, failure).await,
            };
            match applied {
                Ok(_) => return Ok(After::Next),
                Err(ApplyError::StaleFence { .. }) => return Ok(After::Lost),
                Err(ApplyError::Conflict { what }) => {
                    tracing::debug!(lane = %self.lane, unit = %unit.id, "decided again: {what}");
                }
                Err(ApplyError::CommitUnknown) => {
                    let why = "a commit could not be resolved".to_owned();
                    return Err(Failure::Transient { after: None, message: why });
                }
                Err(ApplyError::Failed(Failure::Transient { message, .. })) => {
                    return Err(Failure::transient(message));
                }
                Err(ApplyError::Failed(failure)) => {
                    self.failed_to_apply(fence, unit, now, failure).await?;
                    return Ok(After::Next);
                }
            }
        }
        let due = now + park::backoff(&self.limits, unit.attempts);
        match self.book.put_back(fence, unit, due).await {
            Ok(()) => Ok(After::Next),
            Err(ApplyError::StaleFence { .. }) => Ok(After::Lost),
            Err(error) => Err(Failure::transient(error.to_string())),
        }
    }

    /// A panic is a defect of this unit, not of the lane.
    async fn call(&self, unit: &Unit, scope: &Scope<'_>) -> Result<Outcome, Failure> {
        let Some(step) = self.steps.iter().find(|step| *unit.kind == *step.kind()) else {
            return Err(Failure::defect(format!("no step handles units of kind {}", unit.kind)));
        };
        match AssertUnwindSafe(step.run(unit, scope)).catch_unwind().await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failure::defect(format!("the step {} panicked", unit.kind))),
        }
    }

    async fn apply(
        &self,
        fence: &Fence,
        unit: &Unit,
        outcome: Outcome,
    ) -> Result<Applied, ApplyError> {
        let effects = match outcome {
            Outcome::Done(mut effects) => {
                effects.takes.push(unit.clone());
                effects
            }
            Outcome::Again { mut effects, due } => {
                effects.takes.push(unit.clone());
                effects.puts.push(Unit { due, attempts: 0, generation: 0, ..unit.clone() });
                effects
            }
        };
        settle(self.book.as_ref(), Some(fence), keyed(effects, unit)).await
    }

    async fn failed(
        &self,
        fence: &Fence,
        unit: &Unit,
        now: OffsetDateTime,
        failure: Failure,
    ) -> Result<Applied, ApplyError> {
        match park::treat(&self.limits, unit, now, &failure) {
            park::Treatment::PutBack(due) => {
                tracing::info!(
                    lane = %self.lane,
                    unit = %unit.id,
                    attempts = unit.attempts,
                    "put back: {failure}"
                );
                self.book.put_back(fence, unit, due).await.map(|()| Applied::Now)
            }
            park::Treatment::Park(mut effects) => {
                tracing::warn!(lane = %self.lane, unit = %unit.id, "parked: {failure}");
                effects.takes.push(unit.clone());
                settle(self.book.as_ref(), Some(fence), keyed(*effects, unit)).await
            }
        }
    }

    /// The book itself refused the effects, for a reason that a repetition will not change.
    async fn failed_to_apply(
        &self,
        fence: &Fence,
        unit: &Unit,
        now: OffsetDateTime,
        failure: Failure,
    ) -> Result<(), Failure> {
        match self.failed(fence, unit, now, failure).await {
            Ok(_) | Err(ApplyError::StaleFence { .. }) => Ok(()),
            Err(error) => Err(Failure::transient(error.to_string())),
        }
    }
}

/// Each run of a unit is a transaction of its own: generations are never used twice.
fn keyed(mut effects: Effects, unit: &Unit) -> Effects {
    let key = format!("{}@{}.{}", effects.step.0, unit.generation, unit.attempts);
    effects.step = StepKey(Code::from(key));
    effects
}
