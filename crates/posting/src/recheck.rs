// SPDX-License-Identifier: Apache-2.0
//! After a person has spoken: look again, and only if the target really has nothing, send it again.

use async_trait::async_trait;
use model::code::Code;
use model::exception::{self, Subject};
use model::journal::JournalState;
use ports::book::{Effects, JournalChange, LogEntry, Unit};
use ports::failure::Failure;
use serde_json::json;
use workflow::{Outcome, Scope, Step};

use crate::Posting;
use crate::submit::{Sight, Way, about};
use crate::units::{self, RECHECK_JOURNAL, SUBMIT_JOURNAL, SWEEP_DRAFTS};

/// Looks up a parked journal and, when it is not there, has it sent again.
pub struct RecheckJournal {
    pub posting: Posting,
}

#[async_trait]
impl Step for RecheckJournal {
    fn kind(&self) -> &'static str {
        RECHECK_JOURNAL
    }

    fn subject(&self, unit: &Unit) -> Subject {
        about(unit)
    }

    async fn run(&self, unit: &Unit, scope: &Scope<'_>) -> Result<Outcome, Failure> {
        let way = Way::of(&self.posting, unit, scope).await?;
        match way.journal.state {
            JournalState::Parked { .. } => {}
            // Its own unit was parked: it goes on from where it stands.
            JournalState::Ready | JournalState::Sending { .. } => {
                let mut effects = way.effects("resumed");
                submit(&way, &mut effects);
                return Ok(Outcome::Done(effects));
            }
            // Only its release sends what is held.
            JournalState::Held | JournalState::Posted { .. } | JournalState::Rejected { .. } => {
                return Ok(Outcome::Done(way.effects("settled")));
            }
        }
        match way.sight().await? {
            Sight::Posted(document) => way.posted(document).await,
            // It stays parked; the person sees a new item with what was found now.
            Sight::Incident(what) => way.park(exception::Code::PostIncident, &what).await,
            Sight::Drafts(_) => {
                way.sweep_drafts().await?;
                release(&way).await
            }
            Sight::Nothing => release(&way).await,
        }
    }
}

fn submit(way: &Way<'_>, effects: &mut Effects) {
    effects.puts.push(units::of_journal(SUBMIT_JOURNAL, &way.journal.key, way.scope.now));
}

/// It is sent again under the same key: should the first request still land, the key finds both.
async fn release(way: &Way<'_>) -> Result<Outcome, Failure> {
    // A person answers for the request that may be out.
    way.nothing_is_out().await?;
    let mut effects = way.effects("released");
    let key = way.journal.key.clone();
    effects.log.push(LogEntry {
        kind: Code::new("journal.released"),
        subject: key.0.clone(),
        by: Code::new(RECHECK_JOURNAL),
        body: json!({ "total": way.journal.body.total() }),
    });
    submit(way, &mut effects);
    let from = way.journal.state.clone();
    effects.journals.push(JournalChange::Move { key, from, to: JournalState::Ready });
    Ok(Outcome::Done(effects))
}

/// Removes drafts that landed after their journal was settled.
pub struct SweepDrafts {
    pub posting: Posting,
}

#[async_trait]
impl Step for SweepDrafts {
    fn kind(&self) -> &'static str {
        SWEEP_DRAFTS
    }

    fn subject(&self, unit: &Unit) -> Subject {
        about(unit)
    }

    async fn run(&self, unit: &Unit, scope: &Scope<'_>) -> Result<Outcome, Failure> {
        let way = Way::of(&self.posting, unit, scope).await?;
        match way.journal.state {
            JournalState::Posted { .. } | JournalState::Rejected { .. } => {
                workflow::crash_point!("posting.sweep.before");
                way.sweep_drafts().await?;
            }
            // Its drafts are still wanted.
            JournalState::Ready
            | JournalState::Held
            | JournalState::Sending { .. }
            | JournalState::Parked { .. } => {}
        }
        Ok(Outcome::Done(way.effects("swept")))
    }
}
