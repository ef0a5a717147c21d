// SPDX-License-Identifier: Apache-2.0
//! Create, then post: of all drafts that carry the key, one is written down by compare and set, and
//! only that one is ever posted. A worker that was stopped can make a draft too many, never a
//! second document.

use model::code::Code;
use model::exception;
use model::journal::JournalState;
use ports::erp::{Found, FoundState, Submitted};
use ports::failure::Failure;
use workflow::Outcome;

use super::Way;

impl Way<'_> {
    pub fn recorded_draft(&self) -> Option<Code> {
        match &self.journal.state {
            JournalState::Sending { draft, .. } => draft.clone(),
            JournalState::Ready
            | JournalState::Held
            | JournalState::Posted { .. }
            | JournalState::Rejected { .. }
            | JournalState::Parked { .. } => None,
        }
    }

    /// Drafts were found after a doubt: go on with the recorded one, or record the first sound one.
    pub async fn resume_drafts(&mut self, drafts: Vec<Found>) -> Result<Outcome, Failure> {
        if let Some(recorded) = self.recorded_draft() {
            if drafts.iter().any(|draft| draft.document == recorded) {
                return self.record_and_post(recorded).await;
            }
            // Neither posted nor a draft: it may be unseen for a while yet.
            let now = self.now().await?;
            if now < self.rested_at() {
                return Ok(self.again(self.seen_at().await?.min(self.rested_at())));
            }
        }
        let ours = self.journal.body.total();
        match drafts.into_iter().find(|draft| draft.total == ours) {
            Some(draft) => self.record_and_post(draft.document).await,
            None => {
                let what = "the drafts under this key have another total";
                self.park(exception::Code::PostIncident, what).await
            }
        }
    }

    /// Recording is fenced, so whoever recorded it before under an older fence can no longer record;
    /// the lease is whole again, so whoever posts it now still holds the lane when the answer comes.
    pub async fn record_and_post(&mut self, draft: Code) -> Result<Outcome, Failure> {
        self.sending(Some(draft.clone())).await?;
        workflow::crash_point!("posting.draft.recorded");
        // Read again under the fence: what is posted is what the book says, not what this run thinks.
        let stored = self.scope.records.journal(&self.journal.key).await?;
        if stored.is_none_or(|stored| stored.state != self.journal.state) {
            return Err(Failure::transient("the recorded draft has changed"));
        }
        let answer = self.call(self.erp.journals.post(&draft, &self.journal.key)).await;
        workflow::crash_point!("posting.draft.answered");
        match answer {
            Ok(Submitted::Posted { document }) => self.posted(document).await,
            Ok(Submitted::Drafted { .. }) => {
                Err(Failure::defect("posting a draft was answered with a draft"))
            }
            Ok(Submitted::Rejected(rejections)) => {
                // Once it is gone, no request in flight can post it any more.
                self.call(self.erp.journals.discard(&draft)).await?;
                self.refused_there(&rejections).await
            }
            Err(Failure::Business { code, message }) => self.park(code, &message).await,
            Err(failure @ Failure::OutcomeUnknown { .. }) => {
                self.posting.measure.in_doubt.add(1, &[]);
                Err(failure)
            }
            Err(failure @ (Failure::Transient { .. } | Failure::Defect(_))) => Err(failure),
        }
    }

    /// Removes every draft of the key. A draft that is gone already is success.
    pub async fn sweep_drafts(&self) -> Result<(), Failure> {
        let found = self.call(self.erp.journals.find(&self.journal.key)).await?;
        for document in found {
            match document.state {
                FoundState::Draft => {
                    self.call(self.erp.journals.discard(&document.document)).await?;
                }
                FoundState::Posted => {}
            }
        }
        Ok(())
    }
}
