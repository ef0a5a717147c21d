// SPDX-License-Identifier: Apache-2.0
//! Releases of the sample world: what posting does to the journal, without the work that follows.

use async_trait::async_trait;
use model::code::Code;
use model::journal::{JournalKey, JournalState};
use ports::book::{Book, Effects, JournalChange, LogEntry, Records};
use ports::failure::Failure;
use ports::inquiry::{Inquiry, JournalFilter};
use ports::memory::MemoryBook;
use ports::release::{Release, ReleaseAll, ReleaseOutcome};
use serde_json::json;

pub(super) struct Releases {
    pub book: MemoryBook,
}

impl Releases {
    async fn let_go(&self, key: &JournalKey, by: &Code) -> Result<(), Failure> {
        let mut effects = Effects::new(format!("release/{key}"));
        let (from, to) = (JournalState::Held, JournalState::Ready);
        effects.journals = vec![JournalChange::Move { key: key.clone(), from, to }];
        effects.log = vec![LogEntry {
            kind: "journal.released".into(),
            subject: key.0.clone(),
            by: by.clone(),
            body: json!({}),
        }];
        let applied = self.book.apply_unfenced(&effects).await;
        applied.map(drop).map_err(|error| Failure::transient(error.to_string()))
    }
}

#[async_trait]
impl Release for Releases {
    async fn release(&self, key: &JournalKey, by: &Code) -> Result<ReleaseOutcome, Failure> {
        let Some(journal) = self.book.journal(key).await? else {
            return Ok(ReleaseOutcome::NotFound);
        };
        let before = Effects::new(format!("release/{key}")).step;
        if journal.state != JournalState::Held && !self.book.applied(&before).await? {
            let why = format!("the journal is {}, not held", journal.state.as_str());
            return Ok(ReleaseOutcome::Refused { why });
        }
        self.let_go(key, by).await?;
        Ok(ReleaseOutcome::Released { journals: 1 })
    }

    async fn release_all(&self, asked: ReleaseAll) -> Result<ReleaseOutcome, Failure> {
        let which = &asked.which;
        let filter = JournalFilter {
            state: Some("held".into()),
            entity: None,
            date: which.date,
            target: which.target.clone(),
        };
        let mut held = self.book.journals(&filter, None, 1_000).await?;
        held.retain(|own| which.entities.is_empty() || which.entities.contains(&own.group.entity));
        if asked.seen.is_some_and(|seen| seen != held.len() as u64) {
            let why = format!("{} journals are held by now", held.len());
            return Ok(ReleaseOutcome::Refused { why });
        }
        for journal in &held {
            self.let_go(&journal.key, &asked.by).await?;
        }
        Ok(ReleaseOutcome::Released { journals: held.len() as u64 })
    }
}
