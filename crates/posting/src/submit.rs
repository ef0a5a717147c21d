// SPDX-License-Identifier: Apache-2.0
//! Submitting one journal: written down before it is sent, looked up before it is believed.
//! Whatever is not a definite answer is treated as "may have happened".

use async_trait::async_trait;
use model::code::Code;
use model::journal::{Journal, JournalKey, JournalState};
use model::row::Row;
use ports::book::{Effects, JournalChange, LogEntry, Unit};
use ports::erp::{Erp, JournalDocument, PostingMode, Rejection, Submitted};
use ports::failure::Failure;
use serde_json::json;
use time::OffsetDateTime;
use workflow::{Outcome, Scope, Step};

use crate::{Posting, SUBMIT_JOURNAL, translate};

mod doubt;
mod draft;

pub(crate) use doubt::Sight;

pub struct SubmitJournal {
    pub posting: Posting,
}

/// One journal on its way, with what the whole way needs.
pub(crate) struct Way<'a> {
    pub posting: &'a Posting,
    pub erp: &'a Erp,
    pub scope: &'a Scope<'a>,
    pub journal: Journal,
    pub mode: PostingMode,
}

#[async_trait]
impl Step for SubmitJournal {
    fn kind(&self) -> &'static str {
        SUBMIT_JOURNAL
    }

    async fn run(&self, unit: &Unit, scope: &Scope<'_>) -> Result<Outcome, Failure> {
        let key = key_of(unit)?;
        let Some(journal) = scope.records.journal(&key).await? else {
            return Err(Failure::defect(format!("journal {key} is queued but not stored")));
        };
        let erp = self.posting.erp(&journal.group.target)?;
        let mode = erp.journals.capabilities().mode;
        let mut way = Way { posting: &self.posting, erp, scope, journal, mode };
        match way.journal.state.clone() {
            JournalState::Ready => way.send_first().await,
            // A request may be out there, from a run that was cut off.
            JournalState::Sending { .. } => way.look_up().await,
            JournalState::Posted { .. }
            | JournalState::Rejected { .. }
            | JournalState::Parked { .. } => Ok(Outcome::Done(way.effects("settled"))),
        }
    }
}

pub(crate) fn key_of(unit: &Unit) -> Result<JournalKey, Failure> {
    let key = unit.body.get("key").cloned().unwrap_or_default();
    serde_json::from_value(key).map_err(|_| Failure::defect("a unit without a journal key"))
}

impl Way<'_> {
    pub fn effects(&self, what: &str) -> Effects {
        Effects::new(format!("submit/{}/{what}", self.journal.key))
    }

    async fn send_first(&mut self) -> Result<Outcome, Failure> {
        let document = match self.document().await? {
            Ok(document) => document,
            Err(problems) => return self.refused(&problems).await,
        };
        self.move_to_sending(None, self.scope.now).await?;
        workflow::crash_point!("posting.sending.committed");
        let answer = self.call(self.erp.journals.submit(&document)).await;
        workflow::crash_point!("posting.submit.answered");
        match answer {
            Ok(Submitted::Posted { .. }) => self.look_up().await,
            Ok(Submitted::Drafted { document }) => {
                workflow::crash_point!("posting.draft.made");
                self.record_and_post(document).await
            }
            Ok(Submitted::Rejected(rejections)) => self.believe_refusal(&rejections).await,
            Err(Failure::Transient { after, message }) => {
                // Proven: nothing was committed. It may be sent again as if never sent.
                let ready = JournalState::Ready;
                self.move_on(ready, "not-sent").await?;
                Err(Failure::Transient { after, message })
            }
            Err(failure) => self.in_doubt(failure),
        }
    }

    /// The document in the target's codes, or why the target would refuse it.
    pub async fn document(&self) -> Result<Result<JournalDocument, Vec<Rejection>>, Failure> {
        let reference = self.posting.reference.current().await?;
        Ok(translate::translate(&self.journal, &reference))
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

    pub fn in_doubt(&self, failure: Failure) -> Result<Outcome, Failure> {
        self.posting.measure.in_doubt.add(1, &[]);
        Err(failure)
    }

    /// Writes down, under this run's fence, that a request goes out.
    pub async fn move_to_sending(
        &mut self,
        draft: Option<Code>,
        since: OffsetDateTime,
    ) -> Result<(), Failure> {
        let fence = self.scope.fence.number;
        let what = if draft.is_some() { "draft-recorded" } else { "sending" };
        self.move_on(JournalState::Sending { fence, draft, since }, what).await
    }

    /// An intermediate transaction: compare and set of the journal's state.
    async fn move_on(&mut self, to: JournalState, what: &str) -> Result<(), Failure> {
        let from = self.journal.state.clone();
        if from == to {
            return Ok(());
        }
        // The state is compared; the key only tells what became of this very commit.
        let mut effects = Effects::new(self.scope.key(what));
        let key = self.journal.key.clone();
        effects.journals.push(JournalChange::Move { key, from, to: to.clone() });
        self.scope.commit(effects).await?;
        self.journal.state = to;
        Ok(())
    }

    /// The last transaction of a journal that is posted.
    pub fn posted(&self, document: Code, sweep: Sweep) -> Outcome {
        let mut effects = self.effects("posted");
        effects.log.push(LogEntry {
            kind: Code::new("journal.posted"),
            subject: self.journal.key.0.clone(),
            by: Code::new(SUBMIT_JOURNAL),
            body: json!({
                "document": document,
                "target": self.journal.group.target,
                "total": self.journal.body.total(),
                "rows": self.journal.rows,
            }),
        });
        if sweep == Sweep::Later {
            let settle = self.erp.journals.capabilities().settle;
            let body = json!({ "key": self.journal.key });
            let id = self.journal.key.0.clone();
            let due = self.scope.now + settle;
            let unit = Unit::new(
                crate::POSTING_LANE,
                crate::SWEEP_DRAFTS,
                format!("sweep/{id}"),
                body,
                due,
            );
            effects.puts.push(unit);
        }
        let to = JournalState::Posted { document, at: self.scope.now };
        let from = self.journal.state.clone();
        effects.journals.push(JournalChange::Move { key: self.journal.key.clone(), from, to });
        self.posting.measure.posted.add(1, &[]);
        Outcome::Done(effects)
    }

    /// Definitely refused, or known beforehand to be.
    pub async fn refused(&self, rejections: &[Rejection]) -> Result<Outcome, Failure> {
        let rows: Vec<Row> = self.scope.records.members(&self.journal.key).await?;
        let from = self.journal.state.clone();
        let settings = &self.posting.settings;
        self.posting.measure.rejected.add(1, &[]);
        let now = self.scope.now;
        Ok(Outcome::Done(crate::reject::reject(
            settings,
            &self.journal,
            &rows,
            from,
            rejections,
            now,
        )))
    }
}

/// Whether late drafts may still land.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sweep {
    Later,
    NotNeeded,
}
