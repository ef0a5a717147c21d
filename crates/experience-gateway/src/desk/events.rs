// SPDX-License-Identifier: Apache-2.0
//! Events of a remittance with their payloads, and one event from its bytes to the ERP's number.

use std::collections::{BTreeMap, BTreeSet};

use model::event::Event;
use model::id::{EventId, RemittanceId};
use model::journal::JournalKey;
use model::money::Currency;
use model::token::Token;
use ports::book::{InboxEntry, RowPlace};
use ports::identity::{Permission, Principal};

use super::{Desk, allow};
use crate::problem::{Kind, Problem};
use crate::view::{
    EventDetail, EventView, ExceptionView, JournalView, MomentView, RemittanceView, RowView,
    currency_of,
};

impl Desk {
    /// A page of a remittance's events in order, and the ordinal to go on after.
    pub(super) async fn events_of(
        &self,
        remittance: RemittanceId,
        currency: Currency,
        after: u64,
    ) -> Result<(Vec<EventView>, Option<u64>), Problem> {
        let most = self.settings().events_max;
        let mut entries = self.0.records.inbox_of(remittance, after, most + 1).await?;
        let more = entries.len() > most;
        entries.truncate(most);
        let next = entries.last().filter(|_| more).map(|last| last.ordinal);
        // A list stays whole when its payloads are past their retention; one event says so instead.
        let payloads = match self.payloads(&entries).await {
            Ok(payloads) => payloads,
            Err(problem) if problem.kind == Kind::Expired => BTreeMap::new(),
            Err(problem) => return Err(problem),
        };
        let view = |entry: &InboxEntry| EventView::of(entry, payloads.get(&entry.event), currency);
        Ok((entries.iter().map(view).collect(), next))
    }

    /// The stored events behind inbox entries; a batch is read once for all of its entries.
    async fn payloads(
        &self,
        entries: &[InboxEntry],
    ) -> Result<BTreeMap<EventId, Event<Token>>, Problem> {
        let wanted: BTreeSet<EventId> = entries.iter().map(|entry| entry.event).collect();
        let batches: BTreeSet<(RemittanceId, u64)> =
            entries.iter().map(|entry| (entry.remittance, entry.batch)).collect();
        let mut found = BTreeMap::new();
        for (remittance, first) in batches {
            let read = self.0.records.batches(remittance, first.saturating_sub(1), 1).await?;
            let events = read.into_iter().flat_map(|batch| batch.events);
            found.extend(events.filter(|e| wanted.contains(&e.id)).map(|event| (event.id, event)));
        }
        Ok(found)
    }

    pub async fn event(&self, caller: &Principal, id: EventId) -> Result<EventDetail, Problem> {
        allow(caller, Permission::Read)?;
        let entries = self.0.records.inbox(&[id]).await?;
        let entry = entries.first().ok_or_else(Problem::not_found)?;
        let remittance = self.remittance_in_scope(caller, entry.remittance).await?;
        let currency = currency_of(&remittance, self.currency());
        let payloads = self.payloads(&entries).await?;
        let rows = self.0.records.rows_of(id).await?;
        let mut keys: BTreeSet<JournalKey> = BTreeSet::new();
        for standing in &rows {
            if let RowPlace::Member(key) = &standing.place {
                keys.insert(key.clone());
            }
        }
        let mut journals = Vec::with_capacity(keys.len());
        for key in &keys {
            if let Some(journal) = self.0.records.journal(key).await? {
                journals.push(JournalView::of(&journal));
            }
        }
        let timeline = self.0.oversight.timeline(&id.to_string()).await?;
        Ok(EventDetail {
            event: EventView::of(entry, payloads.get(&id), currency),
            remittance: RemittanceView::of(&remittance, self.currency()),
            rows: rows.iter().take(self.settings().rows_max).map(RowView::of).collect(),
            journals,
            exceptions: self.items_about(&id.to_string(), currency).await?,
            timeline: timeline.iter().map(MomentView::of).collect(),
        })
    }

    /// Items about a thing that the caller has been found to see.
    pub(super) async fn items_about(
        &self,
        subject: &str,
        currency: Currency,
    ) -> Result<Vec<ExceptionView>, Problem> {
        let items = self.0.records.items_about(subject).await?;
        Ok(items.iter().map(|item| ExceptionView::of(item, currency)).collect())
    }
}
