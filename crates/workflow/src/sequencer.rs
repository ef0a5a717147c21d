// SPDX-License-Identifier: Apache-2.0
//! The one leaseholder that numbers a book's log, so that no transaction waits for a number.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use model::code::Code;
use ports::book::{ApplyError, Book, Lane};
use ports::failure::Failure;

use crate::checkpointer::Checkpointer;
use crate::crash_point;
use crate::lanes::Worker;
use crate::limits::Limits;
use crate::runner::Ran;
use crate::shutdown::Shutdown;

pub struct Sequencer {
    book: Arc<dyn Book>,
    lane: Lane,
    holder: Code,
    limits: Limits,
    checkpointer: Option<Arc<Checkpointer>>,
}

impl Sequencer {
    pub fn new(book: Arc<dyn Book>, holder: impl Into<Code>, limits: Limits) -> Self {
        let (lane, holder) = (Code::new("sequencer"), holder.into());
        Self { book, lane, holder, limits, checkpointer: None }
    }

    /// Has the log witnessed outside of its database as it grows.
    #[must_use]
    pub fn witnessed_by(mut self, checkpointer: Arc<Checkpointer>) -> Self {
        self.checkpointer = Some(checkpointer);
        self
    }

    /// Numbers everything that has no number; `units` of the answer counts the entries.
    pub async fn run_due(&self) -> Ran {
        let mut ran = Ran::default();
        match self.number(&mut ran).await {
            Ok(()) => {}
            Err(ApplyError::StaleFence { .. }) => ran.lost = true,
            Err(ApplyError::Failed(failure)) => ran.failure = Some(failure),
            // An unknown outcome needs no look-up: what has its number is not numbered again.
            Err(error @ (ApplyError::Conflict { .. } | ApplyError::CommitUnknown)) => {
                ran.failure = Some(Failure::transient(error.to_string()));
            }
        }
        ran
    }

    async fn number(&self, ran: &mut Ran) -> Result<(), ApplyError> {
        loop {
            let lease = self.book.lease(&self.lane, &self.holder, self.limits.lease()).await?;
            let Some(lease) = lease else { return Ok(()) };
            ran.held = true;
            crash_point!("workflow.sequence.before");
            let numbered =
                self.book.sequence(&lease.fence, self.limits.entries_per_pass_max).await?;
            crash_point!("workflow.sequence.after");
            ran.units += numbered;
            ran.done += numbered;
            if let Some(checkpointer) = &self.checkpointer {
                checkpointer.pass().await;
            }
            if numbered < self.limits.entries_per_pass_max {
                return Ok(());
            }
        }
    }
}

#[async_trait]
impl Worker for Sequencer {
    fn name(&self) -> &str {
        &self.lane
    }

    async fn run_due(&self) -> Ran {
        Sequencer::run_due(self).await
    }

    async fn serve(&self, mut shutdown: Shutdown) {
        while !shutdown.is_asked() {
            let ran = Sequencer::run_due(self).await;
            if let Some(failure) = &ran.failure {
                tracing::warn!(lane = %self.lane, %failure, "the log waits for its numbers");
            }
            let pause = Duration::from_millis(self.limits.sequence_ms);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = shutdown.asked() => {}
            }
        }
        // Whatever the last units wrote gets its numbers before the lane is given back.
        let last = Sequencer::run_due(self).await;
        if let Some(checkpointer) = self.checkpointer.as_ref().filter(|_| last.held) {
            checkpointer.finish().await;
        }
        let lease = self.book.lease(&self.lane, &self.holder, self.limits.lease()).await;
        if let Ok(Some(lease)) = lease
            && let Err(failure) = self.book.release(&lease.fence).await
        {
            tracing::warn!(lane = %self.lane, %failure, "the lane is free when its lease runs out");
        }
    }
}
