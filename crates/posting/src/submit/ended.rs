// SPDX-License-Identifier: Apache-2.0
//! How a journal's way ends: posted, refused for good, or parked for a person.

use std::collections::BTreeSet;

use model::code::Code;
use model::exception::{self, Holds, Subject};
use model::journal::JournalState;
use model::row::Row;
use ports::book::{JournalChange, LogEntry, Unit};
use ports::erp::{PostingMode, Rejection, RejectionCode};
use ports::failure::Failure;
use serde_json::json;
use time::OffsetDateTime;
use workflow::{Cause, Outcome, item_for};

use super::{Doubt, Sight, Way};
use crate::reject::{self, Refusal};
use crate::traced;
use crate::units::{self, SUBMIT_JOURNAL, SWEEP_DRAFTS};

impl Way<'_> {
    /// The last transaction of a journal that is posted.
    pub async fn posted(&self, document: Code) -> Result<Outcome, Failure> {
        let at = self.now().await?;
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
        effects.puts.extend(self.sweep_later(at));
        let measure = &self.posting.measure;
        measure.posted.add(1, &[]);
        if let JournalState::Sending { since, .. } = self.journal.state {
            let waited = (at - since).whole_milliseconds();
            measure.answered_ms.record(u64::try_from(waited).unwrap_or(0), &[]);
        }
        traced::posted(self.scope.records, &self.journal, &document).await?;
        let (key, from) = (self.journal.key.clone(), self.journal.state.clone());
        let to = JournalState::Posted { document, at };
        effects.journals.push(JournalChange::Move { key, from, to });
        Ok(Outcome::Done(effects))
    }

    /// Drafts of a request in doubt can land until it has rested; then they are removed. Whether there
    /// ever was a doubt is not known here: a person may have released the journal in between.
    fn sweep_later(&self, now: OffsetDateTime) -> Option<Unit> {
        match self.mode {
            PostingMode::CreateThenPost => {}
            PostingMode::NativeKey | PostingMode::Keyless => return None,
        }
        Some(units::of_journal(SWEEP_DRAFTS, &self.journal.key, now + self.rest()))
    }

    /// Known beforehand to be refused, so the target is not asked.
    pub async fn refused_before(&mut self, problems: &[Rejection]) -> Result<Outcome, Failure> {
        match (self.mode, self.doubt) {
            (PostingMode::NativeKey, Doubt::Earlier) => Ok(self.again(self.rested_at())),
            // A draft that lands late is never posted, and swept.
            (PostingMode::CreateThenPost, _) | (_, Doubt::None) => self.refused(problems).await,
            (PostingMode::Keyless, Doubt::Earlier) => {
                Err(Failure::defect("a keyless journal in doubt was about to be sent again"))
            }
        }
    }

    /// The target has answered that it refuses. It is definite once no earlier request can land any
    /// more and the look-up is empty.
    pub async fn refused_there(&mut self, rejections: &[Rejection]) -> Result<Outcome, Failure> {
        let duplicate = rejections.iter().any(|own| own.code == RejectionCode::Duplicate);
        match self.sight().await? {
            Sight::Posted(document) => return self.posted(document).await,
            Sight::Incident(what) => {
                return self.park(exception::Code::PostIncident, &what).await;
            }
            // A draft of an earlier run is in the way: the next run goes on with it.
            Sight::Drafts(_) if duplicate => return Ok(self.again(self.now().await?)),
            Sight::Drafts(_) | Sight::Nothing => {}
        }
        if duplicate && self.doubt == Doubt::Earlier {
            // It knows the key: the document that an earlier request made will be seen.
            return Ok(self.again(self.seen_at().await?));
        }
        if duplicate {
            let what = "the target knows this key with another content";
            return self.park(exception::Code::PostIncident, what).await;
        }
        match (self.mode, self.doubt) {
            (PostingMode::NativeKey, Doubt::Earlier) => Ok(self.again(self.rested_at())),
            (PostingMode::CreateThenPost | PostingMode::Keyless, _) | (_, Doubt::None) => {
                self.refused(rejections).await
            }
        }
    }

    async fn refused(&self, rejections: &[Rejection]) -> Result<Outcome, Failure> {
        let rows: Vec<Row> = self.scope.records.members(&self.journal.key).await?;
        let now = self.now().await?;
        match reject::judge(&self.journal, &rows, rejections) {
            Refusal::OfDocument { code, text } => self.park(code, &text).await,
            Refusal::OfEvents(refused) => {
                self.posting.measure.rejected.add(1, &[]);
                let step = self.scope.key("rejected");
                let settings = &self.posting.settings;
                let mut effects =
                    reject::reject(settings, &self.journal, &rows, &refused, step, now);
                effects.puts.extend(self.sweep_later(now));
                Ok(Outcome::Done(effects))
            }
        }
    }

    /// A person decides; nothing is sent again by itself.
    pub async fn park(&self, code: exception::Code, what: &str) -> Result<Outcome, Failure> {
        let mut effects = self.effects("parked");
        let rows: Vec<Row> = self.scope.records.members(&self.journal.key).await?;
        let events: BTreeSet<_> = rows.iter().map(|row| row.event).collect();
        let cause = Cause {
            subject: Subject::Journal { journal: self.journal.key.clone() },
            code,
            holds: Holds::Events,
            amount: self.journal.body.total(),
            claims: events.len() as u64,
            reason: what.to_owned(),
        };
        let item = item_for(self.scope.records, cause, self.now().await?).await?;
        effects.log.push(LogEntry {
            kind: Code::new("journal.parked"),
            subject: self.journal.key.0.clone(),
            by: Code::new(SUBMIT_JOURNAL),
            body: json!({ "code": code, "item": item.id }),
        });
        effects.items.push(item);
        let (key, from) = (self.journal.key.clone(), self.journal.state.clone());
        let to = JournalState::Parked { code };
        effects.journals.push(JournalChange::Move { key, from, to });
        self.posting.measure.parked.add(1, &[]);
        workflow::crash_point!("posting.park.before");
        Ok(Outcome::Done(effects))
    }

    pub fn again(&self, due: OffsetDateTime) -> Outcome {
        Outcome::Again { effects: self.effects("waits"), due }
    }
}
