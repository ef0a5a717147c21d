// SPDX-License-Identifier: Apache-2.0
//! The one log: audit trail, outbox and change feed. Reading it is how rooms learn of each other.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::book::LogEntry;
use crate::failure::Failure;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbered {
    /// From 1, without gaps.
    pub number: u64,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    pub entry: LogEntry,
}

#[async_trait]
pub trait Feed: Send + Sync {
    /// Numbered entries after `after`, in order, at most `limit`.
    async fn read(&self, after: u64, limit: usize) -> Result<Vec<Numbered>, Failure>;

    /// Numbered entries whose subject is this id, in order.
    async fn about(&self, subject: &str, limit: usize) -> Result<Vec<Numbered>, Failure>;
}
