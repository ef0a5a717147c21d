// SPDX-License-Identifier: Apache-2.0
//! Leases with growing fences, and the units that wait in a lane.

use std::time::Duration;

use model::code::Code;
use time::OffsetDateTime;

use super::state::{Held, State};
use crate::book::{ApplyError, Fence, Lane, Lease, Unit};

impl State {
    pub fn lease(
        &mut self,
        lane: &Lane,
        holder: &Code,
        length: Duration,
        now: OffsetDateTime,
    ) -> Option<Lease> {
        let until = now + length;
        let free = Held { holder: None, number: 0, until: now, asked: None };
        let held = self.leases.entry(lane.clone()).or_insert(free);
        let runs = held.holder.is_some() && now < held.until;
        if runs && held.holder.as_ref() != Some(holder) {
            return None;
        }
        if !runs {
            held.number += 1;
            held.holder = Some(holder.clone());
            held.asked = None;
        }
        held.until = until;
        let fence = Fence { lane: lane.clone(), number: held.number };
        let asked = held.asked.filter(|(_, until)| now < *until).map(|(with, _)| with);
        Some(Lease { fence, until, asked })
    }

    /// Of several who ask, the one with the fewest lanes is remembered.
    pub fn ask(
        &mut self,
        lane: &Lane,
        holder: &Code,
        with: u32,
        length: Duration,
        now: OffsetDateTime,
    ) {
        let Some(held) = self.leases.get_mut(lane) else { return };
        let others = held.holder.as_ref().is_some_and(|own| own != holder) && now < held.until;
        if others {
            let before = held.asked.filter(|(_, until)| now < *until).map(|(with, _)| with);
            let fewest = before.map_or(with, |before| before.min(with));
            held.asked = Some((fewest, now + length));
        }
    }

    pub fn release(&mut self, fence: &Fence) {
        if let Some(held) = self.leases.get_mut(&fence.lane)
            && held.number == fence.number
        {
            held.holder = None;
        }
    }

    /// Another holder took the lane, and has gone again.
    pub fn usurp(&mut self, lane: &Lane) {
        if let Some(held) = self.leases.get_mut(lane) {
            held.number += 1;
            held.holder = None;
        }
    }

    pub fn check_fence(&self, fence: &Fence) -> Result<(), ApplyError> {
        let held = self.leases.get(&fence.lane);
        let holds = held.is_some_and(|held| held.number == fence.number && held.holder.is_some());
        if holds { Ok(()) } else { Err(ApplyError::StaleFence { lane: fence.lane.clone() }) }
    }

    pub fn due(&self, lane: &Lane, limit: usize, now: OffsetDateTime) -> Vec<Unit> {
        let waiting = self.units.values().filter(|unit| unit.lane == *lane && unit.due <= now);
        let mut due: Vec<Unit> = waiting.cloned().collect();
        due.sort_by(|a, b| (a.due, &a.id).cmp(&(b.due, &b.id)));
        due.truncate(limit);
        due
    }

    pub fn next_due(&self, lane: &Lane) -> Option<OffsetDateTime> {
        self.units.values().filter(|unit| unit.lane == *lane).map(|unit| unit.due).min()
    }

    /// Keeps one unit per id: the earlier due time, the newer kind and body, a higher generation.
    pub fn put(&mut self, unit: Unit) {
        self.generations += 1;
        let generation = self.generations;
        let key = (unit.lane.clone(), unit.id.clone());
        match self.units.get_mut(&key) {
            Some(waiting) => {
                waiting.due = waiting.due.min(unit.due);
                waiting.kind = unit.kind;
                waiting.body = unit.body;
                waiting.generation = generation;
            }
            None => {
                self.units.insert(key, Unit { generation, attempts: 0, ..unit });
            }
        }
    }

    pub fn take(&mut self, unit: &Unit) {
        let key = (unit.lane.clone(), unit.id.clone());
        if self.units.get(&key).is_some_and(|waiting| waiting.generation == unit.generation) {
            self.units.remove(&key);
        }
    }

    /// A unit that was put again while it ran keeps the earlier of the two times.
    pub fn put_back(
        &mut self,
        fence: &Fence,
        unit: &Unit,
        due: OffsetDateTime,
    ) -> Result<(), ApplyError> {
        self.check_fence(fence)?;
        if let Some(waiting) = self.units.get_mut(&(unit.lane.clone(), unit.id.clone())) {
            let untouched = waiting.generation == unit.generation;
            waiting.due = if untouched { due } else { waiting.due.min(due) };
            waiting.attempts += 1;
        }
        Ok(())
    }
}
