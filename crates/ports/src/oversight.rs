// SPDX-License-Identifier: Apache-2.0
//! What spans processes: completeness, search, the timeline of one thing.

use async_trait::async_trait;
use model::event::EventState;
use model::id::DocumentId;
use model::money::Minor;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::failure::Failure;
use crate::inquiry::Hit;

/// One column of the equation: documents, events and cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Measure {
    pub documents: u64,
    pub events: u64,
    pub cents: Minor,
}

/// Journals on hold: what in them is pending waits for their release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Held {
    pub journals: u64,
    /// Sum of their debits.
    pub cents: Minor,
}

/// Where something does not tie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// `document`, `event`, `row`, `journal`, `erp-document`.
    pub place: String,
    pub id: String,
    pub events: i64,
    pub cents: Minor,
    pub message: String,
}

/// received = posted + pending + quarantined + excluded + rejected + noted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completeness {
    /// The independent control totals.
    pub received: Measure,
    pub states: Vec<(EventState, Measure)>,
    /// Part of what is pending.
    #[serde(default)]
    pub held: Held,
    /// Cents that the ERP's own book holds for us: clearing less what is held in quarantine there.
    pub posted_in_erp: Minor,
    pub residual: Measure,
    /// Always empty when everything ties.
    pub gaps: Vec<Gap>,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// One step in the life of a thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// `intake` or the process.
    pub room: String,
    pub kind: String,
    pub subject: String,
    pub by: String,
    pub text: String,
}

#[async_trait]
pub trait Oversight: Send + Sync {
    /// Reads every table and the ERP's book afresh.
    async fn completeness(&self) -> Result<Completeness, Failure>;

    /// The same for one document, without the ERP side.
    async fn completeness_of(&self, document: DocumentId) -> Result<Option<Completeness>, Failure>;

    async fn search(&self, text: &str) -> Result<Vec<Hit>, Failure>;

    /// From bytes to ERP number: everything that happened to a document, remittance, event, journal
    /// or work item, in order.
    async fn timeline(&self, id: &str) -> Result<Vec<Moment>, Failure>;
}
