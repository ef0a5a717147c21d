// SPDX-License-Identifier: Apache-2.0
//! After a person has spoken: look again, and only if the target really has nothing, send it again.

use async_trait::async_trait;
use model::code::Code;
use model::exception;
use model::journal::JournalState;
use ports::book::{JournalChange, LogEntry, Unit};
use ports::failure::Failure;
use serde_json::json;
use workflow::{Outcome, Scope, Step};

use crate::submit::{Sight, Sweep, Way, key_of};
use crate::{POSTING_LANE, Posting, RECHECK_JOURNAL, SUBMIT_JOURNAL, SWEEP_DRAFTS};

/// Looks up a parked journal and, when it is not there, has it sent again.
pub struct RecheckJournal {
    pub posting: Posting,
}

#[async_trait]
impl Step for RecheckJournal {
    fn kind(&self) -> &'static str {
        RECHECK_JOURNAL
    }

    async fn run(&self, unit: &Unit, scope: &Scope<'_>) -> Result<Outcome, Failure> {
        let key = key_of(unit)?;
        let Some(journal) = scope.records.journal(&key).await? else {
            return Err(Failure::defect(format!("journal {key} is not stored")));
        };
        let erp = self.posting.erp(&journal.group.target)?;
        let mode = erp.journals.capabilities().mode;
        let way = Way { posting: &self.posting, erp, scope, journal, mode };
        let JournalState::Parked { .. } = way.journal.state else {
            return Ok(Outcome::Done(way.effects("recheck-settled")));
        };
        match way.sight().await? {
            Sight::Posted(document) => Ok(way.posted(document, Sweep::Later)),
            Sight::Incident(what) => {
                // It stays parked; the person sees a new item with what was found now.
                let mut effects = way.effects("recheck-incident");
                if let Outcome::Done(parked) = way.park(exception::Code::PostIncident, &what)? {
                    effects.items = parked.items;
                    effects.log = parked.log;
                }
                Ok(Outcome::Done(effects))
            }
            Sight::Drafts(_) | Sight::Nothing => {
                way.sweep_others(None).await?;
                Ok(release(&way))
            }
        }
    }
}

/// It is sent again under the same key: should the first request still land, the key finds it.
fn release(way: &Way<'_>) -> Outcome {
    let mut effects = way.effects("released");
    let key = way.journal.key.clone();
    effects.log.push(LogEntry {
        kind: Code::new("journal.released"),
        subject: key.0.clone(),
        by: Code::new(RECHECK_JOURNAL),
        body: json!({ "total": way.journal.body.total() }),
    });
    let body = json!({ "key": key });
    let now = way.scope.now;
    effects.puts.push(Unit::new(POSTING_LANE, SUBMIT_JOURNAL, key.0.clone(), body, now));
    let from = way.journal.state.clone();
    effects.journals.push(JournalChange::Move { key, from, to: JournalState::Ready });
    Outcome::Done(effects)
}

/// Removes drafts of a posted journal that landed after it.
pub struct SweepDrafts {
    pub posting: Posting,
}

#[async_trait]
impl Step for SweepDrafts {
    fn kind(&self) -> &'static str {
        SWEEP_DRAFTS
    }

    async fn run(&self, unit: &Unit, scope: &Scope<'_>) -> Result<Outcome, Failure> {
        let key = key_of(unit)?;
        let Some(journal) = scope.records.journal(&key).await? else {
            return Err(Failure::defect(format!("journal {key} is not stored")));
        };
        let erp = self.posting.erp(&journal.group.target)?;
        let mode = erp.journals.capabilities().mode;
        let way = Way { posting: &self.posting, erp, scope, journal, mode };
        way.sweep_others(None).await?;
        Ok(Outcome::Done(way.effects("swept")))
    }
}
