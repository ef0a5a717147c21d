// SPDX-License-Identifier: Apache-2.0
//! A journal that may have been posted: what its key finds decides, and where nothing is found, the
//! posting mode says whether it may be sent again.

use model::code::Code;
use model::exception::{self, Holds, Item, ItemState, Subject};
use model::id::ExceptionId;
use model::journal::JournalState;
use ports::book::{JournalChange, LogEntry};
use ports::erp::{Found, FoundState, PostingMode, Rejection, RejectionCode, Submitted};
use ports::failure::Failure;
use serde_json::json;
use time::OffsetDateTime;
use workflow::Outcome;

use super::{Sweep, Way};
use crate::SUBMIT_JOURNAL;

/// Pause between two look-ups of a document that is not visible yet.
const LOOK_AGAIN: std::time::Duration = std::time::Duration::from_millis(200);

/// What the target's book says of a key.
pub(crate) enum Sight {
    Posted(Code),
    Drafts(Vec<Found>),
    Nothing,
    /// More than once, or not what we sent.
    Incident(String),
}

impl Way<'_> {
    /// When the first request went out that may still land.
    pub fn since(&self) -> OffsetDateTime {
        match &self.journal.state {
            JournalState::Sending { since, .. } => *since,
            JournalState::Ready
            | JournalState::Posted { .. }
            | JournalState::Rejected { .. }
            | JournalState::Parked { .. } => self.scope.now,
        }
    }

    /// Reads the target's book. Drafts of other runs are listed, never posted from here.
    pub async fn sight(&self) -> Result<Sight, Failure> {
        let found = self.call(self.erp.journals.find(&self.journal.key)).await?;
        let mut posted = Vec::new();
        let mut drafts = Vec::new();
        for document in found {
            match document.state {
                FoundState::Posted => posted.push(document),
                FoundState::Draft => drafts.push(document),
            }
        }
        let ours = self.journal.body.total();
        let target = &self.journal.group.target;
        if posted.len() > 1 {
            let times = posted.len();
            return Ok(Sight::Incident(format!("{target} holds the journal {times} times")));
        }
        if let Some(only) = posted.pop() {
            if only.total != ours {
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
        match self.sight().await? {
            Sight::Posted(document) => {
                self.sweep_others(None).await?;
                let sweep = match self.mode {
                    PostingMode::CreateThenPost => Sweep::Later,
                    PostingMode::NativeKey | PostingMode::Keyless => Sweep::NotNeeded,
                };
                Ok(self.posted(document, sweep))
            }
            Sight::Incident(what) => self.park(exception::Code::PostIncident, &what),
            Sight::Drafts(drafts) => self.resume_drafts(drafts).await,
            Sight::Nothing => self.nothing_found().await,
        }
    }

    async fn nothing_found(&mut self) -> Result<Outcome, Failure> {
        let capabilities = self.erp.journals.capabilities();
        let age = self.scope.now - self.since();
        let visible = age >= capabilities.lookup_lag;
        let settled = age >= capabilities.settle;
        match self.mode {
            PostingMode::NativeKey => self.send_again().await,
            PostingMode::CreateThenPost if visible => self.send_again().await,
            PostingMode::Keyless if settled => {
                let what = format!(
                    "{} has no document of this key {} s after it was sent; it may still hold one \
                     under another reference",
                    self.journal.group.target,
                    age.whole_seconds()
                );
                self.park(exception::Code::PostUnknown, &what)
            }
            PostingMode::CreateThenPost | PostingMode::Keyless => {
                let effects = self.effects("looked");
                Ok(Outcome::Again { effects, due: self.scope.now + LOOK_AGAIN })
            }
        }
    }

    /// Only where a second request can do no harm: the target knows the key, or makes a draft only.
    async fn send_again(&mut self) -> Result<Outcome, Failure> {
        let document = match self.document().await? {
            Ok(document) => document,
            // The rules changed meanwhile. The old request may still land, so this waits for it.
            Err(problems) => return self.believe_refusal(&problems).await,
        };
        self.move_to_sending(None, self.since()).await?;
        workflow::crash_point!("posting.sending.committed");
        let answer = self.call(self.erp.journals.submit(&document)).await;
        workflow::crash_point!("posting.submit.answered");
        match answer {
            Ok(Submitted::Posted { .. }) => match self.sight().await? {
                Sight::Posted(document) => Ok(self.posted(document, Sweep::NotNeeded)),
                Sight::Incident(what) => self.park(exception::Code::PostIncident, &what),
                Sight::Drafts(_) | Sight::Nothing => {
                    let effects = self.effects("unseen");
                    Ok(Outcome::Again { effects, due: self.scope.now + LOOK_AGAIN })
                }
            },
            Ok(Submitted::Drafted { document }) => {
                workflow::crash_point!("posting.draft.made");
                self.record_and_post(document).await
            }
            Ok(Submitted::Rejected(rejections)) => self.believe_refusal(&rejections).await,
            Err(failure) => self.in_doubt(failure),
        }
    }

    /// A refusal is definite once no earlier request can land any more and the look-up is empty.
    pub async fn believe_refusal(&mut self, rejections: &[Rejection]) -> Result<Outcome, Failure> {
        let duplicate = rejections.iter().any(|own| own.code == RejectionCode::Duplicate);
        match self.sight().await? {
            Sight::Posted(document) => return Ok(self.posted(document, Sweep::Later)),
            Sight::Incident(what) => return self.park(exception::Code::PostIncident, &what),
            Sight::Drafts(_) => self.sweep_others(None).await?,
            Sight::Nothing => {}
        }
        if duplicate {
            let what = "the target knows this key with another content";
            return self.park(exception::Code::PostIncident, what);
        }
        let capabilities = self.erp.journals.capabilities();
        let first = self.since() == self.scope.now;
        if !first && self.scope.now - self.since() < capabilities.settle {
            let effects = self.effects("refusal-waits");
            return Ok(Outcome::Again { effects, due: self.scope.now + LOOK_AGAIN });
        }
        self.refused(rejections).await
    }

    /// A person decides; nothing is sent again by itself.
    pub fn park(&self, code: exception::Code, what: &str) -> Result<Outcome, Failure> {
        let mut effects = self.effects("parked");
        let subject = Subject::Journal { journal: self.journal.key.clone() };
        let round = u32::try_from(self.scope.now.unix_timestamp()).unwrap_or(u32::MAX);
        let item = Item {
            id: ExceptionId::of(&subject.id(), code.as_str(), round),
            code,
            subject,
            holds: Holds::Nothing,
            amount: self.journal.body.total(),
            claims: 0,
            reason: what.to_owned(),
            state: ItemState::Open,
            parent: None,
            version: 1,
            opened_at: self.scope.now,
        };
        effects.log.push(LogEntry {
            kind: Code::new("journal.parked"),
            subject: self.journal.key.0.clone(),
            by: Code::new(SUBMIT_JOURNAL),
            body: json!({ "code": code, "item": item.id }),
        });
        effects.items.push(item);
        let from = self.journal.state.clone();
        let to = JournalState::Parked { code };
        effects.journals.push(JournalChange::Move { key: self.journal.key.clone(), from, to });
        self.posting.measure.parked.add(1, &[]);
        Ok(Outcome::Done(effects))
    }
}
