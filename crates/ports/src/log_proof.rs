// SPDX-License-Identifier: Apache-2.0
//! What a book can say of its own log to those who prove it from outside: the tree over the numbered
//! entries, and the bytes that its leaves are the hashes of.

use async_trait::async_trait;
use model::id::Hash;

use crate::failure::Failure;

/// Size and root of the hash tree (RFC 6962) over the first `size` entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeHead {
    pub size: u64,
    pub root: Hash,
}

/// A numbered entry as it was hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenEntry {
    /// JSON with sorted keys and no white space: `at`, `body`, `by`, `kind`, `number`, `subject`.
    pub canonical: Vec<u8>,
    /// The hash that was kept when it got its number: SHA-256 of a zero byte and the bytes.
    pub leaf: Hash,
}

#[async_trait]
pub trait LogProof: Send + Sync {
    /// The tree over every numbered entry.
    async fn head(&self) -> Result<TreeHead, Failure>;

    /// The root when the log had this size; `None` where it is not that long.
    async fn root_at(&self, size: u64) -> Result<Option<Hash>, Failure>;

    /// Entries after `after`, in order, at most `limit`.
    async fn proven(&self, after: u64, limit: usize) -> Result<Vec<ProvenEntry>, Failure>;

    /// Remembers a checkpoint that has been written outside. Repeating it changes nothing.
    async fn keep(&self, head: &TreeHead, note: &str) -> Result<(), Failure>;
}
