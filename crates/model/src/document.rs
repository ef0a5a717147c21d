// SPDX-License-Identifier: Apache-2.0
//! A raw document: what was received, counted by a pass that shares nothing with the parser.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::code::Code;
use crate::id::{DocumentId, Hash};
use crate::money::Minor;

/// What the independent counting pass found in the raw bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ControlTotals {
    pub interchanges: u64,
    /// Remittance transaction sets.
    pub sets: u64,
    pub claims: u64,
    pub provider_adjustments: u64,
    /// ΣCLP04.
    pub claims_paid: Minor,
    /// ΣPLB as written.
    pub provider_adjusted: Minor,
    /// ΣBPR02, debits negative.
    pub payments: Minor,
    /// Amounts that could not be read; with any of these the sums above say less than the document.
    pub unreadable_amounts: u64,
}

impl ControlTotals {
    /// How many events the document must yield.
    pub fn events(&self) -> u64 {
        self.claims + self.provider_adjustments + self.sets
    }

    /// What the events must sum to.
    pub fn cents(&self) -> Minor {
        self.claims_paid.saturating_sub(self.provider_adjusted)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    Folder,
    Upload,
}

impl Channel {
    pub fn as_str(self) -> &'static str {
        match self {
            Channel::Folder => "folder",
            Channel::Upload => "upload",
        }
    }
}

/// Where a document stands on its way from bytes to events.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentState {
    /// Durable and acknowledged, not yet read into events.
    Accepted,
    /// Every event of it has been delivered.
    Delivered,
    /// It could not be read; the reason is a work item.
    Refused,
}

impl DocumentState {
    pub const ALL: [DocumentState; 3] =
        [DocumentState::Accepted, DocumentState::Delivered, DocumentState::Refused];

    pub fn as_str(self) -> &'static str {
        match self {
            DocumentState::Accepted => "accepted",
            DocumentState::Delivered => "delivered",
            DocumentState::Refused => "refused",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// A received document as the record shows it: never its name from outside, never its content.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Document {
    pub id: DocumentId,
    pub source: Code,
    pub channel: Channel,
    pub byte_hash: Hash,
    pub bytes: u64,
    pub totals: ControlTotals,
    pub state: DocumentState,
    /// How many deliveries of the very same bytes followed the first.
    pub repeats: u64,
    #[serde(with = "time::serde::rfc3339")]
    pub received_at: OffsetDateTime,
}
