// SPDX-License-Identifier: Apache-2.0
//! What becomes of rows and events when a journal moves.

use std::collections::BTreeSet;

use model::event::EventState;
use model::id::EventId;
use model::journal::{JournalKey, JournalState};

use super::state::State;
use crate::book::{JournalChange, RowPlace};

impl State {
    /// The change has been checked; nothing here can fail.
    pub fn change_journal(&mut self, change: JournalChange) {
        match change {
            JournalChange::Close { journal, members } => {
                for row in &members {
                    self.place(*row, RowPlace::Member(journal.key.clone()));
                }
                self.members.insert(journal.key.clone(), members.into_iter().collect());
                self.journals.insert(journal.key.clone(), journal);
            }
            JournalChange::Move { key, from: _, to } => {
                let posted = matches!(to, JournalState::Posted { .. });
                if let Some(journal) = self.journals.get_mut(&key) {
                    journal.state = to;
                }
                if posted {
                    self.post_events_of(&key);
                }
            }
            JournalChange::Reject { key, from: _, code, reopen, withdraw } => {
                for row in reopen {
                    self.place(row, RowPlace::Open);
                }
                for row in withdraw {
                    self.place(row, RowPlace::Superseded);
                }
                self.members.insert(key.clone(), BTreeSet::new());
                if let Some(journal) = self.journals.get_mut(&key) {
                    journal.state = JournalState::Rejected { code };
                }
            }
        }
    }

    fn post_events_of(&mut self, key: &JournalKey) {
        let members = self.members.get(key).into_iter().flatten();
        let events: BTreeSet<EventId> =
            members.filter_map(|id| self.rows.get(id)).map(|kept| kept.row.event).collect();
        for event in events {
            let whole = self.live_rows_of(event).all(|kept| self.is_row_posted(kept));
            if let Some(entry) = self.inbox.get_mut(&event)
                && entry.state == EventState::Pending
                && whole
            {
                entry.state = EventState::Posted;
            }
        }
    }
}
