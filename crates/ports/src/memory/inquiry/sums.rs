// SPDX-License-Identifier: Apache-2.0
//! Sums over inbox, rows and journals.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use model::event::EventState;
use model::exception::{self, ItemState};
use model::id::{DocumentId, RowId};
use model::journal::JournalKey;
use model::money::Minor;
use model::row::{Row, Side};

use super::posted_document;
use crate::book::{InboxEntry, RowPlace};
use crate::inquiry::{InboxSum, JournalSum};
use crate::memory::state::State;

impl State {
    pub fn items_by_code(&self) -> Vec<(exception::Code, u64, u64, Minor)> {
        let mut codes: BTreeMap<exception::Code, (u64, u64, Minor)> = BTreeMap::new();
        for item in self.items.values() {
            let waits = match item.state {
                ItemState::Open | ItemState::Proposed { .. } => true,
                ItemState::Replayed { .. } | ItemState::Resolved { .. } => false,
            };
            if waits {
                let (items, claims, cents) = codes.entry(item.code).or_default();
                *items += 1;
                *claims += item.claims;
                *cents += item.amount;
            }
        }
        codes
            .into_iter()
            .map(|(code, (items, claims, cents))| (code, items, claims, cents))
            .collect()
    }

    /// Entries of one document, or of all.
    fn entries_of(&self, of: Option<DocumentId>) -> impl Iterator<Item = &InboxEntry> {
        self.inbox.values().filter(move |entry| of.is_none_or(|of| of == entry.document))
    }

    pub fn inbox_sums(&self, of: Option<DocumentId>) -> Vec<InboxSum> {
        let mut sums = BTreeMap::new();
        for entry in self.entries_of(of) {
            let (events, cents): &mut (u64, Minor) =
                sums.entry((entry.document, entry.kind, entry.state)).or_default();
            *events += 1;
            *cents += entry.amount;
        }
        let sum = |((document, kind, state), (events, cents))| InboxSum {
            document,
            kind,
            state,
            events,
            cents,
        };
        sums.into_iter().map(sum).collect()
    }

    pub fn events_without_their_rows(
        &self,
        of: Option<DocumentId>,
        limit: usize,
    ) -> Vec<InboxEntry> {
        let lacks = |entry: &&InboxEntry| match entry.state {
            EventState::Posted => !self.has_posted_rows(entry),
            EventState::Noted | EventState::Excluded | EventState::Rejected => {
                let live = self.live_rows_of(entry.event);
                let (undone, made): (Vec<_>, Vec<_>) =
                    live.partition(|kept| kept.row.reverses.is_some());
                made.len() != undone.len()
            }
            EventState::Pending | EventState::Quarantined => false,
        };
        self.entries_of(of).filter(lacks).take(limit).cloned().collect()
    }

    /// Whether the event has live rows, none of them missing, and all in confirmed journals.
    fn has_posted_rows(&self, entry: &InboxEntry) -> bool {
        let written = self.rows_by_event.get(&entry.event).map(Vec::as_slice).unwrap_or_default();
        let missing = written.iter().any(|id| !self.rows.contains_key(id));
        let mut live = self.live_rows_of(entry.event).peekable();
        !missing && live.peek().is_some() && live.all(|kept| self.is_row_posted(kept))
    }

    pub fn journal_sums(&self, after: Option<&JournalKey>, limit: usize) -> Vec<JournalSum> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut sums = Vec::new();
        for (key, journal) in self.journals.range::<JournalKey, _>((from, Bound::Unbounded)) {
            let Some(document) = posted_document(journal) else { continue };
            if sums.len() == limit {
                break;
            }
            let none = BTreeSet::new();
            let members: &BTreeSet<RowId> = self.members.get(key).unwrap_or(&none);
            let rows: Vec<&Row> =
                members.iter().filter_map(|id| self.rows.get(id)).map(|kept| &kept.row).collect();
            sums.push(JournalSum {
                key: key.clone(),
                document: document.clone(),
                members: members.len() as u64,
                rows: rows.len() as u64,
                rows_total: rows.iter().map(|row| row.amount.minor).sum(),
                lines_total: journal.body.total(),
            });
        }
        sums
    }

    /// Net debit of both sides of every row in a confirmed journal, by what `by` says of a side.
    pub fn net_posted<K: Ord>(&self, by: impl Fn(&Row, &Side) -> Option<K>) -> BTreeMap<K, Minor> {
        let mut net = BTreeMap::new();
        for kept in self.rows.values() {
            if kept.place == RowPlace::Open || !self.is_row_posted(kept) {
                continue;
            }
            let row = &kept.row;
            for (side, amount) in [(&row.debit, row.amount.minor), (&row.credit, -row.amount.minor)]
            {
                if let Some(key) = by(row, side) {
                    *net.entry(key).or_insert(0) += amount;
                }
            }
        }
        net
    }
}
