// SPDX-License-Identifier: Apache-2.0
//! One transaction: everything is checked against the state first, then everything is written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::id::RowId;
use model::journal::{JournalKey, JournalState};
use time::OffsetDateTime;

use super::state::{Kept, State};
use crate::book::{Applied, ApplyError, Effects, Fence, JournalChange, RowPlace, StateRecord};
use crate::failure::Failure;

/// What the transaction would see of rows and journals while it is being checked, in its own order.
struct Sight<'a> {
    state: &'a State,
    places: BTreeMap<RowId, RowPlace>,
    journals: BTreeMap<JournalKey, JournalState>,
    members: BTreeMap<JournalKey, BTreeSet<RowId>>,
}

impl State {
    pub fn apply(
        &mut self,
        fence: Option<&Fence>,
        effects: &Effects,
        now: OffsetDateTime,
    ) -> Result<Applied, ApplyError> {
        if let Some(fence) = fence {
            self.check_fence(fence)?;
        }
        if self.steps.contains(&effects.step) {
            return Ok(Applied::Before);
        }
        self.check(effects)?;
        self.write(effects.clone(), now);
        Ok(Applied::Now)
    }

    fn check(&self, effects: &Effects) -> Result<(), ApplyError> {
        self.check_inbox(effects)?;
        self.check_states(effects)?;
        self.check_items(effects)?;
        self.check_answers(effects)?;
        self.check_transitions(effects)?;
        let mut sight = Sight {
            state: self,
            places: BTreeMap::new(),
            journals: BTreeMap::new(),
            members: BTreeMap::new(),
        };
        for (_, row) in &effects.rows {
            if sight.place(row.id).is_some() {
                return Err(defect(format!("row {} exists", row.id)));
            }
            sight.places.insert(row.id, RowPlace::Open);
        }
        for row in &effects.supersede {
            sight.supersede(*row)?;
        }
        for change in &effects.journals {
            sight.journal(change)?;
        }
        Ok(())
    }

    fn check_inbox(&self, effects: &Effects) -> Result<(), ApplyError> {
        match effects.inbox.iter().find(|entry| self.inbox.contains_key(&entry.event)) {
            Some(entry) => Err(conflict(format!("event {}", entry.event))),
            None => Ok(()),
        }
    }

    fn check_states(&self, effects: &Effects) -> Result<(), ApplyError> {
        let mut named = BTreeSet::new();
        for put in &effects.states {
            if !named.insert((&put.kind, &put.key)) {
                return Err(defect(format!("state {} is put twice", put.kind)));
            }
            let stored = self.states.get(&(put.kind.clone(), put.key.clone()));
            let version = stored.map_or(0, |record| record.version);
            if version != put.expected {
                return Err(conflict(format!("state {}", put.kind)));
            }
        }
        Ok(())
    }

    fn check_items(&self, effects: &Effects) -> Result<(), ApplyError> {
        for item in &effects.items {
            let stored = self.items.get(&item.id).map(|stored| stored.version);
            let fits = match (item.version, stored) {
                (0, _) => true,
                (version, Some(stored)) => stored + 1 == version,
                (_, None) => false,
            };
            if !fits {
                return Err(conflict(format!("item {}", item.id)));
            }
        }
        Ok(())
    }

    fn check_answers(&self, effects: &Effects) -> Result<(), ApplyError> {
        for answer in &effects.answers {
            if self.answers.contains_key(&(answer.principal.clone(), answer.key.clone())) {
                return Err(conflict("answer".to_owned()));
            }
        }
        Ok(())
    }

    fn check_transitions(&self, effects: &Effects) -> Result<(), ApplyError> {
        let new: BTreeSet<_> = effects.inbox.iter().map(|entry| entry.event).collect();
        for transition in &effects.transitions {
            let event = transition.event;
            if !self.inbox.contains_key(&event) && !new.contains(&event) {
                return Err(defect(format!("event {event} is not in the inbox")));
            }
        }
        Ok(())
    }

    fn write(&mut self, effects: Effects, now: OffsetDateTime) {
        self.steps.insert(effects.step);
        for entry in effects.inbox {
            self.inbox_order.insert((entry.remittance, entry.ordinal), entry.event);
            self.inbox.insert(entry.event, entry);
        }
        for batch in effects.batches {
            let batch = Arc::unwrap_or_clone(batch);
            self.batches.insert((batch.remittance, batch.first), batch);
        }
        for transition in effects.transitions {
            if let Some(entry) = self.inbox.get_mut(&transition.event) {
                entry.state = transition.to;
                entry.code = transition.code;
                entry.bookings = transition.bookings;
            }
        }
        for remittance in effects.remittances {
            self.remittances.insert(remittance.id, remittance);
        }
        for put in effects.states {
            let version = put.expected + 1;
            let record = StateRecord { key: put.key.clone(), version, body: put.body };
            self.states.insert((put.kind, put.key), record);
        }
        for (group, row) in effects.rows {
            self.rows_written += 1;
            let (id, event, order) = (row.id, row.event, self.rows_written);
            self.open.entry(group.clone()).or_default().insert(order, id);
            self.rows_by_event.entry(event).or_default().push(id);
            self.rows.insert(id, Kept { row, group, place: RowPlace::Open, order, since: now });
        }
        for row in effects.supersede {
            self.place(row, RowPlace::Superseded);
        }
        for change in effects.journals {
            self.change_journal(change);
        }
        for item in effects.items {
            if item.version > 0 || !self.items.contains_key(&item.id) {
                self.items.insert(item.id, item);
            }
        }
        for answer in effects.answers {
            self.answers.insert((answer.principal.clone(), answer.key.clone()), answer);
        }
        // Taken first, so that a unit taken and put in one transaction stays.
        for unit in &effects.takes {
            self.take(unit);
        }
        for unit in effects.puts {
            self.put(unit);
        }
        self.log.extend(effects.log.into_iter().map(|entry| (now, entry)));
    }

    pub fn place(&mut self, id: RowId, place: RowPlace) {
        let Some(kept) = self.rows.get_mut(&id) else { return };
        let open = self.open.entry(kept.group.clone()).or_default();
        match &place {
            RowPlace::Open => open.insert(kept.order, id),
            RowPlace::Member(_) | RowPlace::Superseded => open.remove(&kept.order),
        };
        kept.place = place;
    }
}

impl Sight<'_> {
    fn place(&self, row: RowId) -> Option<&RowPlace> {
        self.places.get(&row).or_else(|| self.state.rows.get(&row).map(|kept| &kept.place))
    }

    fn supersede(&mut self, row: RowId) -> Result<(), ApplyError> {
        match self.place(row) {
            Some(RowPlace::Open | RowPlace::Superseded) => {
                self.places.insert(row, RowPlace::Superseded);
                Ok(())
            }
            Some(RowPlace::Member(_)) => Err(conflict(format!("row {row} is in a journal"))),
            None => Err(defect(format!("row {row} does not exist"))),
        }
    }

    fn journal_state(&self, key: &JournalKey) -> Option<&JournalState> {
        let stored = self.state.journals.get(key).map(|journal| &journal.state);
        self.journals.get(key).or(stored)
    }

    fn expect(&self, key: &JournalKey, from: &JournalState) -> Result<(), ApplyError> {
        let found = self.journal_state(key);
        if found.is_some_and(|found| is_same(found, from)) {
            return Ok(());
        }
        Err(conflict(format!("journal {key}")))
    }

    fn journal(&mut self, change: &JournalChange) -> Result<(), ApplyError> {
        match change {
            JournalChange::Close { journal, members } => {
                if self.journal_state(&journal.key).is_some() {
                    return Err(conflict(format!("journal {} exists", journal.key)));
                }
                for row in members {
                    if self.place(*row) != Some(&RowPlace::Open) {
                        return Err(conflict(format!("row {row} is not open")));
                    }
                    self.places.insert(*row, RowPlace::Member(journal.key.clone()));
                }
                self.journals.insert(journal.key.clone(), journal.state.clone());
                self.members.insert(journal.key.clone(), members.iter().copied().collect());
            }
            JournalChange::Move { key, from, to } => {
                self.expect(key, from)?;
                self.journals.insert(key.clone(), to.clone());
            }
            JournalChange::Reject { key, from, code, reopen, withdraw } => {
                self.expect(key, from)?;
                let named: BTreeSet<RowId> = reopen.iter().chain(withdraw).copied().collect();
                let members = self.members.get(key).or_else(|| self.state.members.get(key));
                let whole = members == Some(&named) && named.len() == reopen.len() + withdraw.len();
                if !whole {
                    return Err(defect(format!("journal {key} is not rejected as a whole")));
                }
                for row in reopen {
                    self.places.insert(*row, RowPlace::Open);
                }
                for row in withdraw {
                    self.places.insert(*row, RowPlace::Superseded);
                }
                self.members.insert(key.clone(), BTreeSet::new());
                self.journals.insert(key.clone(), JournalState::Rejected { code: *code });
            }
        }
        Ok(())
    }
}

/// By name, and by fence and draft where it is being sent.
fn is_same(found: &JournalState, from: &JournalState) -> bool {
    match (found, from) {
        (JournalState::Sending { .. }, JournalState::Sending { .. }) => found == from,
        _ => found.as_str() == from.as_str(),
    }
}

fn conflict(what: String) -> ApplyError {
    ApplyError::Conflict { what }
}

fn defect(message: String) -> ApplyError {
    Failure::Defect(message).into()
}
