// SPDX-License-Identifier: Apache-2.0
//! The record outside of the database: signed checkpoints of each log, and the membership of each
//! journal before it is sent. Restoring the database does not take this record back.

use async_trait::async_trait;
use model::code::Code;
use model::id::{Hash, RowId};
use model::journal::{Journal, JournalKey};
use model::money::{Currency, Minor};
use model::row::WindowGroup;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::failure::Failure;
use crate::log_proof::TreeHead;

/// Which log a checkpoint is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogName {
    /// `intake`, `remittance`.
    pub room: Code,
    /// From 1. A recovery from a backup begins the next: the lost end of the one before stays proven.
    pub branch: u32,
}

/// The last checkpoint that was written, with when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    pub log: LogName,
    pub head: TreeHead,
    pub note: String,
    pub at: OffsetDateTime,
}

/// Signed checkpoints, outside of the database.
#[async_trait]
pub trait Checkpoints: Send + Sync {
    /// Signs and writes. After `Ok` the note is durable, and answered. The same head again is written
    /// once; a smaller one than the last, or another root for its size, is a defect.
    async fn publish(&self, log: &LogName, head: &TreeHead) -> Result<String, Failure>;

    /// The last checkpoint of a room's newest branch; `None` before the first.
    async fn latest(&self, room: &Code) -> Result<Option<Published>, Failure>;
}

/// What a journal consists of, written down outside before it is sent for the first time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub key: JournalKey,
    pub process: Code,
    pub group: WindowGroup,
    pub currency: Currency,
    /// The journal's canonical hash: what the rows must sum up to.
    pub canonical: Hash,
    pub total: Minor,
    pub rows: Vec<RowId>,
    pub versions: Code,
    /// Whether a request may have left since this was written.
    pub request: Request,
    #[serde(with = "time::serde::rfc3339")]
    pub written_at: OffsetDateTime,
}

impl Manifest {
    pub fn of(journal: &Journal, rows: Vec<RowId>, now: OffsetDateTime) -> Self {
        Self {
            key: journal.key.clone(),
            process: journal.process.clone(),
            group: journal.group.clone(),
            currency: journal.currency,
            canonical: journal.canonical_hash(),
            total: journal.body.total(),
            rows,
            versions: journal.versions.clone(),
            request: Request::MayBeOut,
            written_at: now,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// From just before the first one on.
    MayBeOut,
    /// Proven: none has left, or what left did nothing.
    None,
    /// As the first; and in a recovery a person has taken on what may follow from it.
    TakenOn,
}

/// The membership of journals, outside of the database.
#[async_trait]
pub trait Manifests: Send + Sync {
    /// After `Ok` the manifest is durable, in place of an earlier one of its key. Answers what was
    /// known of the key before: a book that does not know of that request has been restored.
    async fn put(&self, manifest: &Manifest) -> Result<Request, Failure>;

    /// Notes what has become of its request. A key that is not there stays so.
    async fn mark(&self, key: &JournalKey, request: Request) -> Result<(), Failure>;

    /// The keys of all that were written at or after this time, in no particular order.
    async fn keys_since(&self, time: OffsetDateTime) -> Result<Vec<JournalKey>, Failure>;

    async fn manifest(&self, key: &JournalKey) -> Result<Option<Manifest>, Failure>;
}
