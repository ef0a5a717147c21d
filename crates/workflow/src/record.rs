// SPDX-License-Identifier: Apache-2.0
//! One transaction until its outcome is known: an answer that was lost is asked for by step key.

use ports::book::{Applied, ApplyError, Book, Effects, Fence};

use crate::crash_point;
use crate::trace;
use crate::wake::Wakes;

/// A lost answer is asked for, and the transaction sent again, at most so often.
const COMMIT_TRIES_MAX: u32 = 4;

/// Applies effects that guard themselves by identity and version, without a lane.
/// After `Ok` they are durable, whatever happened on the way.
pub async fn record(book: &dyn Book, effects: Effects) -> Result<Applied, ApplyError> {
    settle(book, None, effects).await
}

/// Sending the same step key again is safe: whichever arrives second answers `Before`.
pub(crate) async fn settle(
    book: &dyn Book,
    fence: Option<&Fence>,
    mut effects: Effects,
) -> Result<Applied, ApplyError> {
    effects.puts.iter_mut().for_each(trace::carry);
    let wakes = Wakes::of(&effects);
    let mut tries = 1;
    loop {
        crash_point!("workflow.apply.before");
        let outcome = match fence {
            Some(fence) => book.apply(fence, &effects).await,
            None => book.apply_unfenced(&effects).await,
        };
        crash_point!("workflow.apply.after");
        match outcome {
            Ok(applied) => {
                wakes.call();
                return Ok(applied);
            }
            Err(ApplyError::CommitUnknown) => {
                if book.applied(&effects.step).await? {
                    wakes.call();
                    return Ok(Applied::Now);
                }
                if tries == COMMIT_TRIES_MAX {
                    return Err(ApplyError::CommitUnknown);
                }
                tries += 1;
            }
            Err(
                error @ (ApplyError::StaleFence { .. }
                | ApplyError::Conflict { .. }
                | ApplyError::Failed(_)),
            ) => return Err(error),
        }
    }
}
