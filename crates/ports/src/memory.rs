// SPDX-License-Identifier: Apache-2.0
//! A book in memory, for simulation and tests: every port of a room's own record behind one handle,
//! with a clock that is set by hand and faults that are injected by plan. Clones share one book.

mod apply;
mod book;
mod clock;
mod faults;
mod feed;
mod inquiry;
mod keys;
mod lanes;
mod log_proof;
mod outside;
mod posted;
mod raw;
mod records;
mod secrets;
mod state;
mod vault;

use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;

use model::journal::Journal;
use model::row::Row;
use time::OffsetDateTime;

pub use clock::MemoryClock;
pub use faults::{Fault, Operation, Plan};
pub use keys::MemoryKeys;
pub use outside::MemoryOutside;
pub use secrets::MemorySecrets;
use state::State;

use crate::book::{ApplyError, InboxEntry, Lane, LogEntry, RowPlace, RowStanding, Unit};
use crate::failure::Failure;

/// Every port of one book, in memory.
#[derive(Clone)]
pub struct MemoryBook {
    state: Arc<Mutex<State>>,
    plan: Arc<Mutex<Option<Plan>>>,
    clock: MemoryClock,
}

impl Default for MemoryBook {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryBook {
    pub fn new() -> Self {
        Self::with_clock(MemoryClock::default())
    }

    /// Several books may share one clock.
    pub fn with_clock(clock: MemoryClock) -> Self {
        Self {
            state: Arc::new(Mutex::new(State::default())),
            plan: Arc::new(Mutex::new(None)),
            clock,
        }
    }

    pub fn clock(&self) -> &MemoryClock {
        &self.clock
    }

    /// Asks `plan` before every operation; what it answers happens.
    pub fn plan_faults(&self, plan: Plan) {
        *self.plan.lock().expect("no plan panics while it is asked") = Some(plan);
    }

    /// Makes the next transaction meet this fault and none after it.
    pub fn fail_next_apply(&self, fault: Fault) {
        let mut waiting = Some(fault);
        self.plan_faults(Box::new(move |operation| match operation {
            Operation::Apply => waiting.take(),
            Operation::Lease
            | Operation::Release
            | Operation::Due
            | Operation::PutBack
            | Operation::Applied
            | Operation::Sequence
            | Operation::Read => None,
        }));
    }

    /// No faults from here on.
    pub fn calm(&self) {
        *self.plan.lock().expect("no plan panics while it is asked") = None;
    }

    /// An independent copy with its own clock at the same time and no faults.
    pub fn fork(&self) -> Self {
        let clock = MemoryClock::default();
        clock.set(self.clock.now());
        let state = self.lock().clone();
        Self { state: Arc::new(Mutex::new(state)), plan: Arc::new(Mutex::new(None)), clock }
    }

    /// Every unit that waits, due or later, by lane and id.
    pub fn units(&self) -> Vec<Unit> {
        self.lock().units.values().cloned().collect()
    }

    pub fn inbox_entries(&self) -> Vec<InboxEntry> {
        self.lock().inbox.values().cloned().collect()
    }

    pub fn all_rows(&self) -> Vec<RowStanding> {
        let state = self.lock();
        state.rows.values().map(state::Kept::standing).collect()
    }

    pub fn live_rows(&self) -> Vec<Row> {
        let state = self.lock();
        let live = state.rows.values().filter(|kept| kept.place != RowPlace::Superseded);
        live.map(|kept| kept.row.clone()).collect()
    }

    pub fn all_journals(&self) -> Vec<Journal> {
        self.lock().journals.values().cloned().collect()
    }

    /// Log entries in order of writing, numbered or not.
    pub fn written_log(&self) -> Vec<LogEntry> {
        self.lock().log.iter().map(|(_, entry)| entry.clone()).collect()
    }

    /// Takes a row away behind the book's back, to show that a tie-out notices.
    pub fn lose_row(&self, id: model::id::RowId) {
        self.lock().lose_row(id);
    }

    /// Takes an inbox entry away behind the book's back, to show that a tie-out notices.
    pub fn lose_event(&self, id: model::id::EventId) {
        self.lock().lose_event(id);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no change panics while it holds the state")
    }

    fn fault(&self, operation: Operation) -> Option<Fault> {
        let mut plan = self.plan.lock().expect("no plan panics while it is asked");
        plan.as_mut().and_then(|plan| plan(operation))
    }

    /// Runs a change under the plan. A crash is a future that never completes: the caller drops it.
    async fn change<T: Send>(
        &self,
        operation: Operation,
        lane: Option<&Lane>,
        change: impl FnOnce(&mut State, OffsetDateTime) -> Result<T, ApplyError> + Send,
    ) -> Result<T, ApplyError> {
        let now = self.clock.now();
        let run = |state: &mut State| change(state, now);
        match self.fault(operation) {
            None => run(&mut self.lock()),
            Some(Fault::Transient) => Err(Failure::transient("injected: nothing was done").into()),
            Some(Fault::UnknownLost) => Err(ApplyError::CommitUnknown),
            Some(Fault::UnknownApplied) => {
                run(&mut self.lock())?;
                Err(ApplyError::CommitUnknown)
            }
            Some(Fault::StaleFence) => {
                let mut state = self.lock();
                if let Some(lane) = lane {
                    state.usurp(lane);
                }
                run(&mut state)
            }
            Some(Fault::Others) => {
                others().await;
                run(&mut self.lock())
            }
            Some(Fault::CrashBefore) => futures::future::pending().await,
            Some(Fault::CrashAfter) => {
                let done = run(&mut self.lock());
                drop(done);
                futures::future::pending().await
            }
        }
    }

    /// The same for what has no transaction: an unknown outcome is a failure that may be tried again.
    async fn ask<T: Send>(
        &self,
        operation: Operation,
        question: impl FnOnce(&mut State, OffsetDateTime) -> T + Send,
    ) -> Result<T, Failure> {
        let outcome = self.change(operation, None, |state, now| Ok(question(state, now))).await;
        outcome.map_err(|error| match error {
            ApplyError::Failed(failure) => failure,
            ApplyError::CommitUnknown => Failure::transient("injected: the answer was lost"),
            ApplyError::StaleFence { .. } | ApplyError::Conflict { .. } => {
                Failure::defect("a read met a conflict")
            }
        })
    }
}

/// Lets whoever else is ready go first, once.
async fn others() {
    let mut gone = false;
    std::future::poll_fn(|context| {
        if gone {
            return Poll::Ready(());
        }
        gone = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
