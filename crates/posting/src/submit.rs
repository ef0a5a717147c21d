// SPDX-License-Identifier: Apache-2.0
//! Submitting one journal: written down before it is sent, looked up before it is sent again.
//! Whatever is not a definite answer is treated as "may have happened".

use async_trait::async_trait;
use model::code::Code;
use model::exception::Subject;
use model::journal::{Journal, JournalKey, JournalState};
use ports::book::{Effects, JournalChange, Unit};
use ports::erp::{Erp, JournalDocument, PostingMode, Rejection, Submitted};
use ports::failure::Failure;
use time::OffsetDateTime;
use workflow::{Outcome, Scope, Step};

use crate::manifest::Known;
use crate::{Posting, SUBMIT_JOURNAL, translate};

mod doubt;
mod draft;
mod ended;

pub(crate) use doubt::Sight;

pub struct SubmitJournal {
    pub posting: Posting,
}

/// Whether a request of an earlier run may still land.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Doubt {
    None,
    Earlier,
}

/// One journal on its way, with what the whole way needs.
pub(crate) struct Way<'a> {
    pub posting: &'a Posting,
    pub erp: Erp,
    pub scope: &'a Scope<'a>,
    pub journal: Journal,
    pub mode: PostingMode,
    pub doubt: Doubt,
}

#[async_trait]
impl Step for SubmitJournal {
    fn kind(&self) -> &'static str {
        SUBMIT_JOURNAL
    }

    fn subject(&self, unit: &Unit) -> Subject {
        about(unit)
    }

    async fn run(&self, unit: &Unit, scope: &Scope<'_>) -> Result<Outcome, Failure> {
        let mut way = Way::of(&self.posting, unit, scope).await?;
        match way.journal.state {
            // Nothing of ours can be out there: a definite answer is believed.
            JournalState::Ready => way.send().await,
            JournalState::Held => way.check_held().await,
            // A request may be out there, from a run that was cut off.
            JournalState::Sending { .. } => way.look_up().await,
            JournalState::Posted { .. }
            | JournalState::Rejected { .. }
            | JournalState::Parked { .. } => Ok(Outcome::Done(way.effects("settled"))),
        }
    }
}

/// A journal's unit that cannot go on is about its journal.
pub(crate) fn about(unit: &Unit) -> Subject {
    match key_of(unit) {
        Ok(journal) => Subject::Journal { journal },
        Err(_) => Subject::Work { unit: Code::from(format!("{}/{}", unit.lane, unit.id)) },
    }
}

fn key_of(unit: &Unit) -> Result<JournalKey, Failure> {
    let key = unit.body.get("key").cloned().unwrap_or_default();
    serde_json::from_value(key).map_err(|_| Failure::defect("a unit without a journal key"))
}

impl<'a> Way<'a> {
    pub async fn of(
        posting: &'a Posting,
        unit: &Unit,
        scope: &'a Scope<'a>,
    ) -> Result<Self, Failure> {
        let key = key_of(unit)?;
        let Some(journal) = scope.records.journal(&key).await? else {
            return Err(Failure::defect(format!("journal {key} is queued but not stored")));
        };
        let erp = posting.erp(&journal.group.target)?;
        let mode = erp.journals.capabilities().mode;
        let doubt = match journal.state {
            JournalState::Ready | JournalState::Held => Doubt::None,
            JournalState::Sending { .. }
            | JournalState::Posted { .. }
            | JournalState::Rejected { .. }
            | JournalState::Parked { .. } => Doubt::Earlier,
        };
        Ok(Self { posting, erp, scope, journal, mode, doubt })
    }

    pub fn effects(&self, what: &str) -> Effects {
        Effects::new(self.scope.key(what))
    }

    /// Checks, writes down that a request goes out, sends it, and goes on from the answer.
    pub async fn send(&mut self) -> Result<Outcome, Failure> {
        let document = match self.document().await? {
            Ok(document) => document,
            Err(problems) => return self.refused_before(&problems).await,
        };
        match (self.write_manifest().await?, self.doubt) {
            (Known::All, _) | (Known::NotAll, Doubt::Earlier) => {}
            // The look-up answers whether it is there, as after any lost answer.
            (Known::NotAll, Doubt::None) => {
                self.sending(None).await?;
                return Ok(self.again(self.seen_at().await?));
            }
        }
        self.sending(None).await?;
        workflow::crash_point!("posting.sending.committed");
        let answer = self.call(self.erp.journals.submit(&document)).await;
        workflow::crash_point!("posting.submit.answered");
        match answer {
            Ok(Submitted::Posted { document }) => self.posted(document).await,
            Ok(Submitted::Drafted { document }) => {
                workflow::crash_point!("posting.draft.made");
                self.record_and_post(document).await
            }
            Ok(Submitted::Rejected(rejections)) => self.refused_there(&rejections).await,
            Err(failure) => self.not_answered(failure).await,
        }
    }

    /// What would be refused is told while it waits; what is sound goes on waiting.
    async fn check_held(&mut self) -> Result<Outcome, Failure> {
        match self.document().await? {
            Ok(_) => Ok(Outcome::Done(self.effects("checked"))),
            Err(problems) => self.refused_before(&problems).await,
        }
    }

    /// The document in the target's codes, or why the target would refuse it.
    async fn document(&self) -> Result<Result<JournalDocument, Vec<Rejection>>, Failure> {
        let reference = self.posting.reference.current().await?;
        Ok(translate::translate(&self.journal, &reference))
    }

    async fn not_answered(&mut self, failure: Failure) -> Result<Outcome, Failure> {
        match failure {
            Failure::Transient { .. } => {
                if self.doubt == Doubt::None {
                    // Proven: nothing was committed. It may be sent again as if never sent.
                    self.nothing_is_out().await?;
                    self.move_on(JournalState::Ready, "not-sent").await?;
                }
                Err(failure)
            }
            Failure::OutcomeUnknown { .. } => {
                self.posting.measure.in_doubt.add(1, &[]);
                Err(failure)
            }
            Failure::Business { code, message } => self.park(code, &message).await,
            Failure::Defect(_) => Err(failure),
        }
    }

    /// Bounds a call by less than the lease; what is not answered in time may still happen.
    pub async fn call<T>(
        &self,
        call: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let key = self.journal.key.to_string();
        match tokio::time::timeout(self.posting.settings.erp_call_max, call).await {
            Ok(answer) => answer,
            Err(_) => {
                let message = "no answer within erp_call_ms_max".to_owned();
                Err(Failure::OutcomeUnknown { key, message })
            }
        }
    }

    /// Writes down, under this run's fence and by compare and set, that a request goes out now.
    /// The lease is made whole first, so that it outlives the call.
    pub async fn sending(&mut self, draft: Option<Code>) -> Result<(), Failure> {
        self.scope.hold().await?;
        let fence = self.scope.fence.number;
        let since = self.now().await?;
        let what = if draft.is_some() { "draft-recorded" } else { "sending" };
        self.move_on(JournalState::Sending { fence, draft, since }, what).await
    }

    /// An intermediate transaction: compare and set of the journal's state.
    async fn move_on(&mut self, to: JournalState, what: &str) -> Result<(), Failure> {
        let from = self.journal.state.clone();
        let mut effects = self.effects(what);
        let key = self.journal.key.clone();
        effects.journals.push(JournalChange::Move { key, from, to: to.clone() });
        self.scope.commit(effects).await?;
        self.journal.state = to;
        Ok(())
    }

    pub async fn now(&self) -> Result<OffsetDateTime, Failure> {
        self.scope.records.now().await
    }
}
