// SPDX-License-Identifier: Apache-2.0
//! Everything that a book in memory holds, and how its parts are found.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use model::code::Code;
use model::document::Document;
use model::event::EventBatch;
use model::exception::Item;
use model::id::{DocumentId, EventId, ExceptionId, RemittanceId, RowId};
use model::journal::{Journal, JournalKey, JournalState};
use model::remittance::Remittance;
use model::row::{Row, WindowGroup};
use model::token::{Clear, Token};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::book::{
    Answer, InboxEntry, Lane, LogEntry, RowPlace, RowStanding, StateRecord, StepKey, Unit,
};
use crate::raw::Segmented;

/// A row with its window, its place and when it was written.
#[derive(Clone)]
pub(super) struct Kept {
    pub row: Row,
    pub group: WindowGroup,
    pub place: RowPlace,
    pub order: u64,
    pub since: OffsetDateTime,
}

impl Kept {
    pub fn standing(&self) -> RowStanding {
        let target = match self.place {
            RowPlace::Open | RowPlace::Member(_) => Some(self.group.target.clone()),
            RowPlace::Superseded => None,
        };
        RowStanding { row: self.row.clone(), place: self.place.clone(), target }
    }
}

#[derive(Clone)]
pub(super) struct Held {
    pub holder: Option<Code>,
    pub number: u64,
    pub until: OffsetDateTime,
    /// How many lanes the one holds who asks for it, and how long that is remembered.
    pub asked: Option<(u32, OffsetDateTime)>,
}

#[derive(Clone)]
pub(super) struct Upload {
    pub chunks: BTreeMap<u32, Bytes>,
    pub since: OffsetDateTime,
}

#[derive(Clone, Default)]
pub(super) struct State {
    pub inbox: BTreeMap<EventId, InboxEntry>,
    pub inbox_order: BTreeMap<(RemittanceId, u64), EventId>,
    pub batches: BTreeMap<(RemittanceId, u64), EventBatch<Token>>,
    pub remittances: BTreeMap<RemittanceId, Remittance>,
    pub states: BTreeMap<(Code, Code), StateRecord>,
    pub rows: BTreeMap<RowId, Kept>,
    pub rows_by_event: BTreeMap<EventId, Vec<RowId>>,
    /// Open rows per window in order of writing.
    pub open: BTreeMap<WindowGroup, BTreeMap<u64, RowId>>,
    pub rows_written: u64,
    pub journals: BTreeMap<JournalKey, Journal>,
    /// Live membership.
    pub members: BTreeMap<JournalKey, BTreeSet<RowId>>,
    pub items: BTreeMap<ExceptionId, Item>,
    pub units: BTreeMap<(Lane, Code), Unit>,
    pub generations: u64,
    pub leases: BTreeMap<Lane, Held>,
    pub steps: BTreeSet<StepKey>,
    /// In order of writing; the first `numbered` of them have their numbers.
    pub log: Vec<(OffsetDateTime, LogEntry)>,
    pub numbered: usize,
    /// Notes of checkpoints by size.
    pub kept: BTreeMap<u64, String>,
    pub answers: BTreeMap<(Code, Code), Answer>,
    pub documents: BTreeMap<DocumentId, Document>,
    pub chunks: BTreeMap<DocumentId, BTreeMap<u32, Bytes>>,
    pub segmented: BTreeMap<DocumentId, Segmented>,
    pub uploads: BTreeMap<Uuid, Upload>,
    pub vault: BTreeMap<String, Clear>,
}

impl State {
    pub fn live_rows_of(&self, event: EventId) -> impl Iterator<Item = &Kept> {
        let ids = self.rows_by_event.get(&event).into_iter().flatten();
        ids.filter_map(|id| self.rows.get(id)).filter(|kept| kept.place != RowPlace::Superseded)
    }

    pub fn is_posted(&self, key: &JournalKey) -> bool {
        let journal = self.journals.get(key);
        journal.is_some_and(|journal| matches!(journal.state, JournalState::Posted { .. }))
    }

    /// Whether the row is a live member of a journal that the ERP has confirmed.
    pub fn is_row_posted(&self, kept: &Kept) -> bool {
        match &kept.place {
            RowPlace::Member(key) => self.is_posted(key),
            RowPlace::Open | RowPlace::Superseded => false,
        }
    }

    pub fn write_log(&mut self, now: OffsetDateTime, kind: &str, subject: String, by: &str) {
        let entry = LogEntry {
            kind: Code::new(kind),
            subject: Code::from(subject),
            by: Code::new(by),
            body: serde_json::Value::Null,
        };
        self.log.push((now, entry));
    }

    pub fn lose_row(&mut self, id: RowId) {
        let Some(kept) = self.rows.remove(&id) else { return };
        if let Some(open) = self.open.get_mut(&kept.group) {
            open.remove(&kept.order);
        }
    }

    pub fn lose_event(&mut self, id: EventId) {
        let Some(entry) = self.inbox.remove(&id) else { return };
        self.inbox_order.remove(&(entry.remittance, entry.ordinal));
    }
}
