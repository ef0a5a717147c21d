// SPDX-License-Identifier: Apache-2.0
//! Work items: opened under a stable code with one sentence, kept in step with what is decided later.

use model::exception::{Code, Holds, Item, ItemState, Subject};
use model::id::{ExceptionId, RemittanceId};
use model::money::Minor;
use time::OffsetDateTime;

/// The principal that the record shows for what no person decided.
pub const SETTLEMENT: &str = "settlement";

/// What a new item says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opened {
    pub code: Code,
    pub subject: Subject,
    pub holds: Holds,
    pub amount: Minor,
    pub claims: u64,
    pub reason: String,
    /// How many items of this code the subject has had.
    pub round: u32,
    pub parent: Option<ExceptionId>,
}

impl Opened {
    pub fn on_remittance(remittance: RemittanceId, code: Code, holds: Holds) -> Self {
        let subject = Subject::Remittance { remittance };
        let reason = code.title().to_owned();
        Self { code, subject, holds, amount: 0, claims: 0, reason, round: 0, parent: None }
    }

    pub fn item(self, now: OffsetDateTime) -> Item {
        Item {
            id: ExceptionId::of(&self.subject.id(), self.code.as_str(), self.round),
            code: self.code,
            subject: self.subject,
            holds: self.holds,
            amount: self.amount,
            claims: self.claims,
            reason: self.reason,
            state: ItemState::Open,
            parent: self.parent,
            version: 0,
            opened_at: now,
        }
    }
}

/// Whether a person may still act on it.
pub fn is_open(item: &Item) -> bool {
    match item.state {
        ItemState::Open | ItemState::Proposed { .. } => true,
        ItemState::Replayed { .. } | ItemState::Resolved { .. } => false,
    }
}

/// The same item one version on.
pub fn moved(item: &Item, state: ItemState) -> Item {
    Item { state, version: item.version + 1, ..item.clone() }
}

/// How many items of a code a subject has had.
pub fn round(items: &[Item], code: Code) -> u32 {
    let had = items.iter().filter(|item| item.code == code).count();
    u32::try_from(had).unwrap_or(u32::MAX)
}
