// SPDX-License-Identifier: Apache-2.0
//! The id under which one business transaction is traced: a document's is its own id, a journal's is its
//! key. Computed like every id, so that a restart, a repetition and another process find the same trace.

use crate::id::DocumentId;
use crate::journal::JournalKey;

/// 128 bits that name a trace; its root span has a name of its own, computed too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Transaction(u128);

impl Transaction {
    pub fn trace(self) -> u128 {
        self.0
    }

    /// The lower half: of a version 8 UUID it is never zero.
    pub fn root_span(self) -> u64 {
        (self.0 & u128::from(u64::MAX)) as u64
    }
}

impl From<DocumentId> for Transaction {
    fn from(document: DocumentId) -> Self {
        Self(document.0.as_u128())
    }
}

impl Transaction {
    /// `None` for a key that is not one of ours.
    pub fn of_journal(key: &JournalKey) -> Option<Self> {
        let hex = key.as_str().strip_prefix("RB-")?;
        let trace = u128::from_str_radix(hex, 16).ok()?;
        (hex.len() == 32 && trace & u128::from(u64::MAX) != 0).then_some(Self(trace))
    }
}

#[cfg(test)]
mod tests;
