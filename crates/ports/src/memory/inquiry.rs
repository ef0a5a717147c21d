// SPDX-License-Identifier: Apache-2.0
//! Lists and tie-outs over the state in memory, counted from the records themselves.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use async_trait::async_trait;
use model::code::Code;
use model::exception::{self, Item, ItemState};
use model::id::{DocumentId, ExceptionId, RemittanceId, RowId};
use model::journal::{Journal, JournalKey, JournalState};
use model::money::Minor;
use model::remittance::Remittance;
use model::role::Role;
use model::row::{Purpose, Row, Side};

use super::state::{Kept, State};
use super::{MemoryBook, Operation};
use crate::book::{InboxEntry, RowStanding};
use crate::failure::Failure;
use crate::inquiry::{
    Hit, InboxSum, Inquiry, ItemFilter, JournalFilter, JournalSum, RemittanceFilter,
};

mod search;
mod sums;

/// What follows `after` in the order of the keys, newest first, at most `limit`.
fn page<T, K: Ord>(
    all: impl Iterator<Item = T>,
    key: impl Fn(&T) -> K,
    is_cursor: impl Fn(&T) -> bool,
    has_cursor: bool,
    limit: usize,
) -> Vec<T> {
    let mut sorted: Vec<T> = all.collect();
    sorted.sort_by_key(|one| Reverse(key(one)));
    let past = if has_cursor { sorted.iter().position(is_cursor).map(|at| at + 1) } else { None };
    sorted.into_iter().skip(past.unwrap_or(0)).take(limit).collect()
}

impl State {
    fn list_remittances(
        &self,
        filter: &RemittanceFilter,
        after: Option<RemittanceId>,
        limit: usize,
    ) -> Vec<Remittance> {
        let fits = self.remittances.values().filter(|one| {
            let cursor = Some(one.id) == after;
            let state = filter.state.is_none_or(|state| one.state == state);
            cursor || (state && filter.document.is_none_or(|document| one.document == document))
        });
        let key = |one: &Remittance| (one.sealed_at, one.id);
        page(fits.cloned(), key, |one| Some(one.id) == after, after.is_some(), limit)
    }

    fn list_journals(
        &self,
        filter: &JournalFilter,
        after: Option<&JournalKey>,
        limit: usize,
    ) -> Vec<Journal> {
        let fits = self.journals.values().filter(|one| {
            let cursor = Some(&one.key) == after;
            let state = filter.state.as_ref().is_none_or(|state| &**state == one.state.as_str());
            let entity = filter.entity.as_ref().is_none_or(|entity| *entity == one.group.entity);
            let date = filter.date.is_none_or(|date| date == one.group.accounting_date);
            let target = filter.target.as_ref().is_none_or(|target| *target == one.group.target);
            cursor || (state && entity && date && target)
        });
        let key = |one: &Journal| (one.created_at, one.key.clone());
        page(fits.cloned(), key, |one| Some(&one.key) == after, after.is_some(), limit)
    }

    fn list_items(
        &self,
        filter: &ItemFilter,
        after: Option<ExceptionId>,
        limit: usize,
    ) -> Vec<Item> {
        let fits = self.items.values().filter(|one| {
            let cursor = Some(one.id) == after;
            let code = filter.code.is_none_or(|code| one.code == code);
            let state = filter.state.as_ref().is_none_or(|state| is_in(&one.state, state));
            cursor || (code && state)
        });
        let key = |one: &Item| (one.opened_at, one.id);
        page(fits.cloned(), key, |one| Some(one.id) == after, after.is_some(), limit)
    }

    fn waiting(&self, now: time::OffsetDateTime) -> Vec<(Code, u64, u64)> {
        let mut lanes: BTreeMap<Code, (u64, u64)> = BTreeMap::new();
        for unit in self.units.values() {
            let (due, later) = lanes.entry(unit.lane.clone()).or_default();
            if unit.due <= now {
                *due += 1;
            } else {
                *later += 1;
            }
        }
        lanes.into_iter().map(|(lane, (due, later))| (lane, due, later)).collect()
    }
}

/// `open` means what still waits for a person: open and proposed.
fn is_in(state: &ItemState, wanted: &str) -> bool {
    match state {
        ItemState::Open | ItemState::Proposed { .. } => wanted == "open",
        ItemState::Replayed { .. } => wanted == "replayed",
        ItemState::Resolved { .. } => wanted == "resolved",
    }
}

#[async_trait]
impl Inquiry for MemoryBook {
    async fn remittances(
        &self,
        filter: &RemittanceFilter,
        after: Option<RemittanceId>,
        limit: usize,
    ) -> Result<Vec<Remittance>, Failure> {
        self.ask(Operation::Read, |state, _| state.list_remittances(filter, after, limit)).await
    }

    async fn journals(
        &self,
        filter: &JournalFilter,
        after: Option<&JournalKey>,
        limit: usize,
    ) -> Result<Vec<Journal>, Failure> {
        self.ask(Operation::Read, |state, _| state.list_journals(filter, after, limit)).await
    }

    async fn items(
        &self,
        filter: &ItemFilter,
        after: Option<ExceptionId>,
        limit: usize,
    ) -> Result<Vec<Item>, Failure> {
        self.ask(Operation::Read, |state, _| state.list_items(filter, after, limit)).await
    }

    async fn items_by_code(&self) -> Result<Vec<(exception::Code, u64, u64, Minor)>, Failure> {
        self.ask(Operation::Read, |state, _| state.items_by_code()).await
    }

    async fn inbox_sums(&self, of: Option<DocumentId>) -> Result<Vec<InboxSum>, Failure> {
        self.ask(Operation::Read, |state, _| state.inbox_sums(of)).await
    }

    async fn events_without_their_rows(
        &self,
        of: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<InboxEntry>, Failure> {
        self.ask(Operation::Read, |state, _| state.events_without_their_rows(of, limit)).await
    }

    async fn journal_sums(
        &self,
        after: Option<&JournalKey>,
        limit: usize,
    ) -> Result<Vec<JournalSum>, Failure> {
        self.ask(Operation::Read, |state, _| state.journal_sums(after, limit)).await
    }

    async fn posted_by_role(&self) -> Result<Vec<(Code, Role, Minor)>, Failure> {
        self.ask(Operation::Read, |state, _| {
            let net = state.net_posted(|row, side| Some((row.entity.clone(), side.role)));
            net.into_iter().map(|((entity, role), net)| (entity, role, net)).collect()
        })
        .await
    }

    async fn posted_on_clearing(&self) -> Result<Vec<(Purpose, Minor)>, Failure> {
        self.ask(Operation::Read, |state, _| {
            let on = |row: &Row, side: &Side| (side.role == Role::Clearing).then_some(row.purpose);
            state.net_posted(on).into_iter().collect()
        })
        .await
    }

    async fn posted_by_dimension(&self) -> Result<Vec<(Code, Code, Code, Role, Minor)>, Failure> {
        self.ask(Operation::Read, |state, _| {
            let net = state.net_posted(|row, side| {
                let (facility, payer) = (side.facility.clone(), side.payer.clone());
                Some((row.entity.clone(), facility, payer, side.role))
            });
            net.into_iter().map(|((e, f, p, role), net)| (e, f, p, role, net)).collect()
        })
        .await
    }

    async fn rows_of_remittance(
        &self,
        remittance: RemittanceId,
        limit: usize,
    ) -> Result<Vec<RowStanding>, Failure> {
        self.ask(Operation::Read, |state, _| {
            let of = state.rows.values().filter(|kept| kept.row.remittance == remittance);
            let mut of: Vec<&Kept> = of.collect();
            of.sort_by_key(|kept| kept.order);
            of.into_iter().take(limit).map(Kept::standing).collect()
        })
        .await
    }

    async fn row(&self, id: RowId) -> Result<Option<Row>, Failure> {
        self.ask(Operation::Read, |state, _| state.rows.get(&id).map(|kept| kept.row.clone())).await
    }

    async fn search(&self, text: &str, limit: usize) -> Result<Vec<Hit>, Failure> {
        self.ask(Operation::Read, |state, _| {
            let mut hits = state.search(text);
            hits.truncate(limit);
            hits
        })
        .await
    }

    async fn waiting(&self) -> Result<Vec<(Code, u64, u64)>, Failure> {
        self.ask(Operation::Read, |state, now| state.waiting(now)).await
    }
}

/// The document number of a journal that the ERP has confirmed.
fn posted_document(journal: &Journal) -> Option<&Code> {
    match &journal.state {
        JournalState::Posted { document, .. } => Some(document),
        JournalState::Ready
        | JournalState::Held
        | JournalState::Sending { .. }
        | JournalState::Rejected { .. }
        | JournalState::Parked { .. } => None,
    }
}
