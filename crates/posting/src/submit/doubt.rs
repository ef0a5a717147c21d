// SPDX-License-Identifier: Apache-2.0
//! A journal that may have been posted: what its key finds decides, and where nothing is found, the
//! posting mode says whether it may be sent again.

use std::time::Duration;

use model::code::Code;
use model::exception;
use model::journal::JournalState;
use ports::erp::{Found, FoundState, PostingMode};
use ports::failure::Failure;
use time::OffsetDateTime;
use workflow::Outcome;

use super::{Doubt, Way};

/// Pause between two look-ups of a document that may not be visible yet.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// What the target's book says of a key.
pub(crate) enum Sight {
    Posted(Code),
    /// At least one, in order of their ids.
    Drafts(Vec<Found>),
    Nothing,
    /// More than once, or not what we sent.
    Incident(String),
}

impl Way<'_> {
    /// So long after a request it can neither land any more nor be there unseen.
    pub fn rest(&self) -> Duration {
        let capabilities = self.erp.journals.capabilities();
        capabilities.settle + capabilities.lookup_lag
    }

    /// When the last request that may have been lost has rested.
    pub fn rested_at(&self) -> OffsetDateTime {
        self.since() + self.rest()
    }

    /// When a document that is there now can be seen at the latest.
    pub async fn seen_at(&self) -> Result<OffsetDateTime, Failure> {
        let lag = self.erp.journals.capabilities().lookup_lag;
        Ok(self.now().await? + lag.max(LOOK_AGAIN))
    }

    fn since(&self) -> OffsetDateTime {
        match &self.journal.state {
            JournalState::Sending { since, .. } => *since,
            JournalState::Ready
            | JournalState::Held
            | JournalState::Posted { .. }
            | JournalState::Rejected { .. }
            | JournalState::Parked { .. } => self.scope.now,
        }
    }

    /// Reads the target's book.
    pub async fn sight(&self) -> Result<Sight, Failure> {
        let found = self.call(self.erp.journals.find(&self.journal.key)).await?;
        let (mut posted, mut drafts) = (Vec::new(), Vec::new());
        for document in found {
            match document.state {
                FoundState::Posted => posted.push(document),
                FoundState::Draft => drafts.push(document),
            }
        }
        let target = &self.journal.group.target;
        if posted.len() > 1 {
            let times = posted.len();
            return Ok(Sight::Incident(format!("{target} holds the journal {times} times")));
        }
        if let Some(only) = posted.pop() {
            if only.total != self.journal.body.total() {
                let what = format!("document {} of {target} has another total", only.document);
                return Ok(Sight::Incident(what));
            }
            return Ok(Sight::Posted(only.document));
        }
        drafts.sort_by(|a, b| a.document.cmp(&b.document));
        Ok(if drafts.is_empty() { Sight::Nothing } else { Sight::Drafts(drafts) })
    }

    /// Looks the key up and goes on from what is found.
    pub async fn look_up(&mut self) -> Result<Outcome, Failure> {
        let now = self.now().await?;
        let sight = self.sight().await?;
        workflow::crash_point!("posting.lookup.answered");
        match sight {
            Sight::Posted(document) => self.posted(document).await,
            Sight::Incident(what) => self.park(exception::Code::PostIncident, &what).await,
            Sight::Drafts(drafts) => self.resume_drafts(drafts).await,
            Sight::Nothing => self.nothing_found(now).await,
        }
    }

    /// `looked` is a time before the look-up.
    async fn nothing_found(&mut self, looked: OffsetDateTime) -> Result<Outcome, Failure> {
        let rested = looked >= self.rested_at();
        let lag = self.erp.journals.capabilities().lookup_lag;
        match (self.mode, self.recorded_draft()) {
            (PostingMode::Keyless, _) if rested => {
                let what = format!(
                    "{} shows no document of this key, though a request was sent and may have been \
                     booked under another reference",
                    self.journal.group.target,
                );
                self.park(exception::Code::PostUnknown, &what).await
            }
            // Whatever was sent did not happen, and cannot any more.
            (PostingMode::NativeKey | PostingMode::CreateThenPost, _) if rested => {
                self.doubt = Doubt::None;
                self.nothing_is_out().await?;
                self.send_again().await
            }
            // The target knows the key.
            (PostingMode::NativeKey, _) => self.send_again().await,
            // A second draft does no harm, but one that will be seen soon is better.
            (PostingMode::CreateThenPost, None) if looked >= self.since() + lag => {
                self.send_again().await
            }
            // A recorded draft may be posted by now: no other one is, until this one has rested.
            (PostingMode::CreateThenPost | PostingMode::Keyless, _) => {
                let soon = looked + LOOK_AGAIN.max(lag / 4);
                Ok(self.again(soon.min(self.rested_at())))
            }
        }
    }

    async fn send_again(&mut self) -> Result<Outcome, Failure> {
        workflow::crash_point!("posting.resend.before");
        self.send().await
    }
}
