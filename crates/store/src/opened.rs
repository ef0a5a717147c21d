// SPDX-License-Identifier: Apache-2.0
//! Numbers of rows that were read as open, until a window closes over them. A row keeps its number for
//! good, so what is remembered is never wrong; whether the row is still open is asked in closing.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::row::{Row, WindowGroup};
use uuid::Uuid;

/// Windows that are being closed at the same time; one more and all are forgotten.
const GROUPS_MAX: usize = 16;

#[derive(Debug, Default)]
pub struct Opened(Mutex<BTreeMap<WindowGroup, Vec<(Uuid, i64)>>>);

impl Opened {
    pub fn remember(&self, group: &WindowGroup, rows: &[(i64, Row)]) {
        let mut groups = self.groups();
        if groups.len() >= GROUPS_MAX {
            groups.clear();
        }
        let numbers = rows.iter().map(|(number, row)| (row.id.0, *number)).collect();
        groups.insert(group.clone(), numbers);
    }

    /// The numbers of these rows, if all of them were read last in this window.
    pub fn take(&self, group: &WindowGroup, wanted: &HashSet<Uuid>) -> Option<Vec<i64>> {
        let read = self.groups().remove(group)?;
        let numbers = read.into_iter().filter(|(id, _)| wanted.contains(id));
        let numbers: Vec<i64> = numbers.map(|(_, number)| number).collect();
        (numbers.len() == wanted.len()).then_some(numbers)
    }

    fn groups(&self) -> MutexGuard<'_, BTreeMap<WindowGroup, Vec<(Uuid, i64)>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
