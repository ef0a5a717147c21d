// SPDX-License-Identifier: Apache-2.0
//! What a person may ask of posting on hold: that journals which are closed and checked go out.
//! Nothing that is held is sent by anybody or anything else.

use std::collections::BTreeSet;

use async_trait::async_trait;
use model::code::Code;
use model::journal::JournalKey;
use serde::{Deserialize, Serialize};
use time::Date;

use crate::failure::Failure;

/// Which held journals; empty fields match everything.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HeldFilter {
    pub entities: BTreeSet<Code>,
    /// Accounting date.
    pub date: Option<Date>,
    pub target: Option<Code>,
}

/// Everything that the filter names, at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseAll {
    pub which: HeldFilter,
    /// How many the person saw; with another number by now, nothing is released.
    pub seen: Option<u64>,
    pub by: Code,
    /// The person's name for this request: asking again under it answers the same.
    pub idempotency_key: Code,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum ReleaseOutcome {
    Released {
        journals: u64,
    },
    NotFound,
    Refused {
        why: String,
    },
    /// The idempotency key stands for another request.
    KeyReused,
}

#[async_trait]
pub trait Release: Send + Sync {
    /// After `Ok(Released)` the journal is ready and its sending is queued. Releasing it again changes
    /// nothing and answers the same.
    async fn release(&self, journal: &JournalKey, by: &Code) -> Result<ReleaseOutcome, Failure>;

    /// After `Ok(Released)` all of them are ready and queued, in one transaction.
    async fn release_all(&self, asked: ReleaseAll) -> Result<ReleaseOutcome, Failure>;
}
