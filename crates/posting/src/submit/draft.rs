// SPDX-License-Identifier: Apache-2.0
//! Create, then post: of all drafts that carry the key, one is written down by compare and set, and
//! only that one is ever posted. A worker that was stopped can make a draft too many, never a
//! second document.

use model::code::Code;
use model::journal::JournalState;
use ports::erp::{Found, FoundState, Submitted};
use ports::failure::Failure;
use workflow::Outcome;

use super::{Sight, Sweep, Way};

impl Way<'_> {
    fn recorded_draft(&self) -> Option<Code> {
        match &self.journal.state {
            JournalState::Sending { draft, .. } => draft.clone(),
            JournalState::Ready
            | JournalState::Posted { .. }
            | JournalState::Rejected { .. }
            | JournalState::Parked { .. } => None,
        }
    }

    /// Drafts were found after a doubt: go on with the recorded one, or record the first.
    pub async fn resume_drafts(&mut self, drafts: Vec<Found>) -> Result<Outcome, Failure> {
        if let Some(recorded) = self.recorded_draft()
            && drafts.iter().any(|draft| draft.document == recorded)
        {
            // This run's fence first: an older run that still holds the draft can no longer record.
            self.move_to_sending(Some(recorded.clone()), self.since()).await?;
            return self.post_recorded(recorded).await;
        }
        if self.recorded_draft().is_some() {
            // The recorded one is neither posted nor there: it may be invisible for a while yet.
            let capabilities = self.erp.journals.capabilities();
            if self.scope.now - self.since() < capabilities.settle {
                let due = self.scope.now + std::time::Duration::from_millis(200);
                return Ok(Outcome::Again { effects: self.effects("draft-unseen"), due });
            }
        }
        let ours = self.journal.body.total();
        let sound = drafts.into_iter().find(|draft| draft.total == ours);
        match sound {
            Some(draft) => self.record_and_post(draft.document).await,
            None => {
                self.sweep_others(None).await?;
                let due = self.scope.now + std::time::Duration::from_millis(200);
                Ok(Outcome::Again { effects: self.effects("drafts-unsound"), due })
            }
        }
    }

    pub async fn record_and_post(&mut self, draft: Code) -> Result<Outcome, Failure> {
        self.move_to_sending(Some(draft.clone()), self.since()).await?;
        workflow::crash_point!("posting.draft.recorded");
        self.post_recorded(draft).await
    }

    async fn post_recorded(&mut self, draft: Code) -> Result<Outcome, Failure> {
        self.scope.hold().await?;
        let answer = self.call(self.erp.journals.post(&draft, &self.journal.key)).await;
        workflow::crash_point!("posting.draft.answered");
        match answer {
            Ok(Submitted::Posted { .. }) => {
                // Believed only when the target's book shows it, under our key.
                match self.sight().await? {
                    Sight::Posted(document) => {
                        self.sweep_others(Some(&draft)).await?;
                        Ok(self.posted(document, Sweep::Later))
                    }
                    Sight::Incident(what) => self.park(model::exception::Code::PostIncident, &what),
                    Sight::Drafts(_) | Sight::Nothing => {
                        let due = self.scope.now + std::time::Duration::from_millis(200);
                        Ok(Outcome::Again { effects: self.effects("post-unseen"), due })
                    }
                }
            }
            Ok(Submitted::Drafted { .. }) => {
                Err(Failure::defect("posting a draft answered with a draft"))
            }
            Ok(Submitted::Rejected(rejections)) => self.believe_refusal(&rejections).await,
            Err(failure) => self.in_doubt(failure),
        }
    }

    /// Removes every draft of the key but one. A draft that is gone already is success.
    pub async fn sweep_others(&self, kept: Option<&Code>) -> Result<(), Failure> {
        let found = self.call(self.erp.journals.find(&self.journal.key)).await?;
        for document in found {
            let draft = document.state == FoundState::Draft;
            if draft && kept != Some(&document.document) {
                self.call(self.erp.journals.discard(&document.document)).await?;
            }
        }
        Ok(())
    }
}
