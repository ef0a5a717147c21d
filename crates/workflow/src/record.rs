// SPDX-License-Identifier: Apache-2.0
//! Applying effects to the end: an unknown commit is resolved by its step key.

use std::time::Duration;

use ports::book::{Applied, ApplyError, Book, Effects, Fence};

/// How often the book is asked whether an unknown commit happened, and how long between.
const ASK_TIMES_MAX: u32 = 50;
const ASK_PAUSE: Duration = Duration::from_millis(100);

/// Effects that guard themselves by identity and version: deliveries and people's decisions.
pub async fn record(book: &dyn Book, effects: Effects) -> Result<Applied, ApplyError> {
    settle(book, None, effects).await
}

pub(crate) async fn settle(
    book: &dyn Book,
    fence: Option<&Fence>,
    effects: Effects,
) -> Result<Applied, ApplyError> {
    let step = effects.step.clone();
    crate::reach("workflow.apply.before");
    let applied = match fence {
        Some(fence) => book.apply(fence, effects).await,
        None => book.apply_unfenced(effects).await,
    };
    crate::reach("workflow.apply.after");
    let Err(ApplyError::CommitUnknown) = applied else { return applied };
    for asked in 0..ASK_TIMES_MAX {
        match book.applied(&step).await {
            Ok(true) => return Ok(Applied::Now),
            // Absent now is absent for ever: the connection that sent the commit is gone, and a
            // commit that reached the book is visible before the book takes new connections.
            Ok(false) => {
                let what = format!("the commit of {} did not happen", step.0);
                return Err(ApplyError::Conflict { what });
            }
            Err(_) if asked + 1 < ASK_TIMES_MAX => tokio::time::sleep(ASK_PAUSE).await,
            Err(failure) => return Err(ApplyError::Failed(failure)),
        }
    }
    Err(ApplyError::CommitUnknown)
}
