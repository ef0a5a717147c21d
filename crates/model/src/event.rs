// SPDX-License-Identifier: Apache-2.0
//! Canonical events: what happened, in our words, whoever said it. Only versioned types are stored.

mod identifiers;
mod tagged;
pub mod v1;

use serde::{Deserialize, Serialize};

use crate::code::Code;
use crate::id::{DocumentId, EventId, Hash, RemittanceId};
use crate::money::Minor;

/// Every event is in exactly one of these states; their sums equal what was received.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventState {
    /// Received, or booked and not yet confirmed by the ERP.
    Pending,
    /// Every row of it is in a journal that the ERP has confirmed.
    Posted,
    /// Waiting for a person, with a code.
    Quarantined,
    /// Left out by rule or by a person's decision, with a record.
    Excluded,
    /// Refused for good, with a record.
    Rejected,
    /// Taken note of: nothing to post.
    Noted,
}

impl EventState {
    pub const ALL: [EventState; 6] = [
        EventState::Pending,
        EventState::Posted,
        EventState::Quarantined,
        EventState::Excluded,
        EventState::Rejected,
        EventState::Noted,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            EventState::Pending => "pending",
            EventState::Posted => "posted",
            EventState::Quarantined => "quarantined",
            EventState::Excluded => "excluded",
            EventState::Rejected => "rejected",
            EventState::Noted => "noted",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// What an inbox entry is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    Claim,
    ProviderAdjustment,
    RemittanceSealed,
}

impl EventKind {
    pub const ALL: [EventKind; 3] =
        [EventKind::Claim, EventKind::ProviderAdjustment, EventKind::RemittanceSealed];

    pub fn as_str(self) -> &'static str {
        match self {
            EventKind::Claim => "claim",
            EventKind::ProviderAdjustment => "provider-adjustment",
            EventKind::RemittanceSealed => "remittance-sealed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Where in a raw document something stands: enough to find the very bytes again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Position {
    /// Number of the segment in the document, from 1.
    pub segment: u64,
    /// Byte offset of its first byte in the document.
    pub offset: u64,
}

/// One canonical event with what makes it findable. `I` is [`crate::token::Clear`] only inside intake.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Event<I> {
    pub id: EventId,
    pub document: DocumentId,
    pub remittance: RemittanceId,
    /// Ordinal in the document, from 1: order of the events of one document.
    pub ordinal: u64,
    pub position: Position,
    /// Hash of the source bytes of this event: same id with another hash is a conflict.
    pub source_hash: Hash,
    pub body: Body<I>,
}

/// What the event says.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Body<I> {
    Claim(v1::ClaimAdjudicated<I>),
    ProviderAdjustment(v1::ProviderAdjustment<I>),
    RemittanceSealed(Box<v1::RemittanceSealed>),
}

impl<I> Body<I> {
    pub fn kind(&self) -> EventKind {
        match self {
            Body::Claim(_) => EventKind::Claim,
            Body::ProviderAdjustment(_) => EventKind::ProviderAdjustment,
            Body::RemittanceSealed(_) => EventKind::RemittanceSealed,
        }
    }

    /// What the event contributes to the payment: over one transaction these sum to BPR02.
    pub fn amount(&self) -> Minor {
        match self {
            Body::Claim(claim) => claim.paid,
            Body::ProviderAdjustment(adjustment) => adjustment.amount.saturating_neg(),
            Body::RemittanceSealed(_) => 0,
        }
    }
}

/// Events are stored together: at most 1,000 and 2 MiB, sealed once.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct EventBatch<I> {
    pub remittance: RemittanceId,
    pub document: DocumentId,
    pub source: Code,
    /// Ordinal of the first event in it; with the remittance it identifies the batch.
    pub first: u64,
    pub events: Vec<Event<I>>,
}

/// At most so many events in a batch.
pub const BATCH_EVENTS_MAX: usize = 1_000;
