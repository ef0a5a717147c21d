// SPDX-License-Identifier: Apache-2.0
//! The sequencer: gives the log its numbers, in batches, outside the transactions that wrote it.

use std::sync::Arc;
use std::time::Duration;

use model::code::Code;
use ports::book::{ApplyError, Book};
use ports::failure::Failure;

/// One leaseholder numbers a book's log.
pub const SEQUENCER_LANE: &str = "sequencer";

pub struct Sequencer {
    book: Arc<dyn Book>,
    holder: Code,
    lease: Duration,
    entries_per_pass_max: usize,
}

impl Sequencer {
    pub fn new(book: Arc<dyn Book>, holder: &str, lease: Duration) -> Self {
        Self { book, holder: Code::new(holder), lease, entries_per_pass_max: 1_000 }
    }

    /// Numbers what has been written, up to one batch. Nothing when someone else holds the lane.
    pub async fn run(&self) -> Result<usize, Failure> {
        let lane = Code::new(SEQUENCER_LANE);
        let Some(lease) = self.book.lease(&lane, &self.holder, self.lease).await? else {
            return Ok(0);
        };
        match self.book.sequence(&lease.fence, self.entries_per_pass_max).await {
            Ok(numbered) => {
                crate::reach("sequencer.numbered");
                Ok(numbered)
            }
            // Whatever happened, the next pass sees what has a number and what has none.
            Err(ApplyError::StaleFence { .. } | ApplyError::CommitUnknown) => Ok(0),
            Err(ApplyError::Conflict { .. }) => Ok(0),
            Err(ApplyError::Failed(failure)) => Err(failure),
        }
    }
}
