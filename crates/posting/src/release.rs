// SPDX-License-Identifier: Apache-2.0
//! Letting held journals go: by compare and set, in one transaction with the work that sends them and
//! the log's word on who did it.

use std::sync::Arc;

use async_trait::async_trait;
use model::code::Code;
use model::id::Hash;
use model::journal::{Journal, JournalKey, JournalState};
use ports::book::{Answer, ApplyError, Book, Effects, JournalChange, LogEntry};
use ports::failure::Failure;
use ports::inquiry::{Inquiry, JournalFilter};
use ports::release::{HeldFilter, Release, ReleaseAll, ReleaseOutcome};
use serde_json::json;
use time::OffsetDateTime;

use crate::units::{self, SUBMIT_JOURNAL};

/// Journals released in one transaction.
const JOURNALS_MAX: usize = 1_000;
const PAGE_MAX: usize = 100;
/// Another person may release some of the same at once.
const TRIES_MAX: u32 = 3;

/// Releases journals of one process's book.
#[derive(Clone)]
pub struct Releases {
    pub book: Arc<dyn Book>,
    pub inquiry: Arc<dyn Inquiry>,
}

#[async_trait]
impl Release for Releases {
    async fn release(&self, key: &JournalKey, by: &Code) -> Result<ReleaseOutcome, Failure> {
        let Some(journal) = self.book.journal(key).await? else {
            return Ok(ReleaseOutcome::NotFound);
        };
        // It is held once in its life: when it is closed.
        let mut effects = Effects::new(format!("release/{key}"));
        if self.book.applied(&effects.step).await? {
            return Ok(ReleaseOutcome::Released { journals: 1 });
        }
        if journal.state != JournalState::Held {
            return Ok(ReleaseOutcome::Refused { why: not_held(&journal) });
        }
        let now = self.book.now().await?;
        let_go(&mut effects, &journal, by, now);
        match self.record(effects).await {
            Ok(()) => Ok(ReleaseOutcome::Released { journals: 1 }),
            Err(ApplyError::Conflict { .. }) => {
                let why = "it was released or refused in this moment; read it again".to_owned();
                Ok(ReleaseOutcome::Refused { why })
            }
            Err(error) => Err(failed(error)),
        }
    }

    async fn release_all(&self, asked: ReleaseAll) -> Result<ReleaseOutcome, Failure> {
        let key = Code::from(format!("release/{}", asked.idempotency_key));
        let body_hash =
            Hash::of(&[b"release", json!([asked.which, asked.seen]).to_string().as_bytes()]);
        for _ in 0..TRIES_MAX {
            if let Some(answer) = self.book.answer(&asked.by, &key).await? {
                return Ok(answered(&answer, body_hash));
            }
            let held = self.held(&asked.which).await?;
            if let Some(why) = reason_against(&asked, held.len()) {
                return Ok(ReleaseOutcome::Refused { why });
            }
            let now = self.book.now().await?;
            let mut effects = Effects::new(format!("release-all/{}/{key}", asked.by));
            for journal in &held {
                let_go(&mut effects, journal, &asked.by, now);
            }
            let journals = held.len() as u64;
            effects.answers.push(Answer {
                principal: asked.by.clone(),
                key: key.clone(),
                body_hash,
                answer: json!({ "journals": journals }),
            });
            match self.record(effects).await {
                Ok(()) => return Ok(ReleaseOutcome::Released { journals }),
                Err(ApplyError::Conflict { .. }) => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Err(Failure::transient("somebody else releases the same journals"))
    }
}

impl Releases {
    async fn record(&self, effects: Effects) -> Result<(), ApplyError> {
        workflow::record(self.book.as_ref(), effects).await?;
        Ok(())
    }

    /// What the filter names, one more than may go at once.
    async fn held(&self, which: &HeldFilter) -> Result<Vec<Journal>, Failure> {
        let filter = JournalFilter {
            state: Some(Code::new(JournalState::Held.as_str())),
            entity: None,
            date: which.date,
            target: which.target.clone(),
        };
        let mut held: Vec<Journal> = Vec::new();
        let mut after: Option<JournalKey> = None;
        while held.len() <= JOURNALS_MAX {
            let page = self.inquiry.journals(&filter, after.as_ref(), PAGE_MAX).await?;
            let last = page.len() < PAGE_MAX;
            after = page.last().map(|journal| journal.key.clone());
            let entities = &which.entities;
            let named = |own: &Journal| entities.is_empty() || entities.contains(&own.group.entity);
            held.extend(page.into_iter().filter(named));
            if last {
                break;
            }
        }
        Ok(held)
    }
}

fn reason_against(asked: &ReleaseAll, held: usize) -> Option<String> {
    if held > JOURNALS_MAX {
        return Some(format!(
            "more than {JOURNALS_MAX} journals are held; name an entity, a date or a target"
        ));
    }
    let seen = asked.seen?;
    (seen != held as u64).then(|| format!("{held} journals are held by now, not {seen}"))
}

fn answered(answer: &Answer, body_hash: Hash) -> ReleaseOutcome {
    if answer.body_hash != body_hash {
        return ReleaseOutcome::KeyReused;
    }
    let journals = answer.answer.get("journals").and_then(serde_json::Value::as_u64);
    ReleaseOutcome::Released { journals: journals.unwrap_or(0) }
}

fn let_go(effects: &mut Effects, journal: &Journal, by: &Code, now: OffsetDateTime) {
    let key = journal.key.clone();
    effects.log.push(LogEntry {
        kind: Code::new("journal.released"),
        subject: key.0.clone(),
        by: by.clone(),
        body: json!({
            "target": journal.group.target,
            "entity": journal.group.entity,
            "date": journal.group.accounting_date,
            "total": journal.body.total(),
        }),
    });
    effects.puts.push(units::of_journal(SUBMIT_JOURNAL, &key, now));
    let (from, to) = (JournalState::Held, JournalState::Ready);
    effects.journals.push(JournalChange::Move { key, from, to });
}

fn not_held(journal: &Journal) -> String {
    format!("the journal is {}, not held", journal.state.as_str())
}

fn failed(error: ApplyError) -> Failure {
    match error {
        ApplyError::Failed(failure) => failure,
        error @ (ApplyError::StaleFence { .. }
        | ApplyError::Conflict { .. }
        | ApplyError::CommitUnknown) => Failure::transient(error.to_string()),
    }
}
