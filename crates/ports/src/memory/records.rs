// SPDX-License-Identifier: Apache-2.0
//! What a step may read before it decides, over the state in memory.

use std::collections::BTreeSet;

use async_trait::async_trait;
use model::code::Code;
use model::event::EventBatch;
use model::exception::Item;
use model::id::{DocumentId, EventId, ExceptionId, Hash, RemittanceId, RowId};
use model::journal::{Journal, JournalKey};
use model::remittance::Remittance;
use model::row::{Row, WindowGroup};
use model::token::Token;
use time::OffsetDateTime;

use super::state::{Kept, State};
use super::{MemoryBook, Operation};
use crate::book::{Answer, InboxEntry, OpenGroup, Records, RowStanding, StateRecord};
use crate::failure::Failure;

impl State {
    /// Open rows in order of writing; every event on the page is on it with all its rows.
    fn open_rows(&self, group: &WindowGroup, limit: usize) -> Vec<Row> {
        let Some(open) = self.open.get(group) else { return Vec::new() };
        let kept: Vec<&Kept> = open.values().filter_map(|id| self.rows.get(id)).collect();
        let events: BTreeSet<EventId> =
            kept.iter().take(limit).map(|kept| kept.row.event).collect();
        let page = kept
            .iter()
            .enumerate()
            .filter(|(place, kept)| *place < limit || events.contains(&kept.row.event));
        page.map(|(_, kept)| kept.row.clone()).collect()
    }

    fn open_groups(&self) -> Vec<OpenGroup> {
        let mut groups = Vec::new();
        for (group, open) in &self.open {
            let since =
                open.values().filter_map(|id| self.rows.get(id)).map(|kept| kept.since).min();
            if let Some(since) = since {
                groups.push(OpenGroup { group: group.clone(), rows: open.len() as u64, since });
            }
        }
        groups
    }

    fn items_about(&self, subject: &str) -> Vec<Item> {
        let about = self.items.values().filter(|item| item.subject.id() == subject);
        let mut items: Vec<Item> = about.cloned().collect();
        items.sort_by_key(|item| (item.opened_at, item.id));
        items
    }
}

fn between(remittance: RemittanceId, after: u64) -> std::ops::RangeInclusive<(RemittanceId, u64)> {
    (remittance, after.saturating_add(1))..=(remittance, u64::MAX)
}

#[async_trait]
impl Records for MemoryBook {
    async fn now(&self) -> Result<OffsetDateTime, Failure> {
        self.ask(Operation::Read, |_, now| now).await
    }

    async fn inbox(&self, events: &[EventId]) -> Result<Vec<InboxEntry>, Failure> {
        self.ask(Operation::Read, |state, _| {
            events.iter().filter_map(|event| state.inbox.get(event)).cloned().collect()
        })
        .await
    }

    async fn inbox_of(
        &self,
        remittance: RemittanceId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<InboxEntry>, Failure> {
        self.ask(Operation::Read, |state, _| {
            let events = state.inbox_order.range(between(remittance, after)).take(limit);
            events.filter_map(|(_, event)| state.inbox.get(event)).cloned().collect()
        })
        .await
    }

    async fn batches(
        &self,
        remittance: RemittanceId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<EventBatch<Token>>, Failure> {
        self.ask(Operation::Read, |state, _| {
            let batches = state.batches.range(between(remittance, after)).take(limit);
            batches.map(|(_, batch)| batch.clone()).collect()
        })
        .await
    }

    async fn remittance(&self, id: RemittanceId) -> Result<Option<Remittance>, Failure> {
        self.ask(Operation::Read, |state, _| state.remittances.get(&id).cloned()).await
    }

    async fn remittances_of(&self, document: DocumentId) -> Result<Vec<Remittance>, Failure> {
        self.ask(Operation::Read, |state, _| {
            let of = state.remittances.values().filter(|one| one.document == document);
            let mut of: Vec<Remittance> = of.cloned().collect();
            of.sort_by_key(|remittance| remittance.header.set);
            of
        })
        .await
    }

    async fn remittances_like(&self, identity: &Hash) -> Result<Vec<Remittance>, Failure> {
        self.ask(Operation::Read, |state, _| {
            state.remittances.values().filter(|one| one.identity == *identity).cloned().collect()
        })
        .await
    }

    async fn states(&self, kind: &str, keys: &[Code]) -> Result<Vec<StateRecord>, Failure> {
        self.ask(Operation::Read, |state, _| {
            let kind = Code::new(kind);
            let found =
                keys.iter().filter_map(|key| state.states.get(&(kind.clone(), key.clone())));
            found.cloned().collect()
        })
        .await
    }

    async fn rows(&self, ids: &[RowId]) -> Result<Vec<Row>, Failure> {
        self.ask(Operation::Read, |state, _| {
            ids.iter().filter_map(|id| state.rows.get(id)).map(|kept| kept.row.clone()).collect()
        })
        .await
    }

    async fn rows_of(&self, event: EventId) -> Result<Vec<RowStanding>, Failure> {
        self.ask(Operation::Read, |state, _| {
            let ids = state.rows_by_event.get(&event).into_iter().flatten();
            ids.filter_map(|id| state.rows.get(id)).map(Kept::standing).collect()
        })
        .await
    }

    async fn open_rows(&self, group: &WindowGroup, limit: usize) -> Result<Vec<Row>, Failure> {
        self.ask(Operation::Read, |state, _| state.open_rows(group, limit)).await
    }

    async fn open_groups(&self) -> Result<Vec<OpenGroup>, Failure> {
        self.ask(Operation::Read, |state, _| state.open_groups()).await
    }

    async fn journal(&self, key: &JournalKey) -> Result<Option<Journal>, Failure> {
        self.ask(Operation::Read, |state, _| state.journals.get(key).cloned()).await
    }

    async fn members(&self, key: &JournalKey) -> Result<Vec<Row>, Failure> {
        self.ask(Operation::Read, |state, _| {
            let ids = state.members.get(key).into_iter().flatten();
            ids.filter_map(|id| state.rows.get(id)).map(|kept| kept.row.clone()).collect()
        })
        .await
    }

    async fn item(&self, id: ExceptionId) -> Result<Option<Item>, Failure> {
        self.ask(Operation::Read, |state, _| state.items.get(&id).cloned()).await
    }

    async fn items_about(&self, subject: &str) -> Result<Vec<Item>, Failure> {
        self.ask(Operation::Read, |state, _| state.items_about(subject)).await
    }

    async fn answer(&self, principal: &str, key: &str) -> Result<Option<Answer>, Failure> {
        let key = (Code::new(principal), Code::new(key));
        self.ask(Operation::Read, |state, _| state.answers.get(&key).cloned()).await
    }
}
