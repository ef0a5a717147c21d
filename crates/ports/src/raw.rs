// SPDX-License-Identifier: Apache-2.0
//! The store of raw documents, sealed at rest, and the intake's own record of them.

use async_trait::async_trait;
use bytes::Bytes;
use model::code::Code;
use model::document::{Document, DocumentState};
use model::id::{DocumentId, Hash};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::book::Unit;
use crate::failure::Failure;

/// The most bytes in one stored chunk.
pub const CHUNK_BYTES_MAX: usize = 1 << 20;

/// A document as a tree of salted segments, taken while its bytes streamed past.
#[derive(Clone, PartialEq, Eq)]
pub struct Segmented {
    pub root: Hash,
    pub segments: u64,
    /// What the salts are derived from. Who has it can guess segments from their hashes.
    pub secret: [u8; 32],
}

impl Segmented {
    /// What the log's entry says of it.
    pub fn told(&self) -> Value {
        json!({ "segment_root": self.root, "segments": self.segments })
    }
}

impl std::fmt::Debug for Segmented {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Segmented({:?} of {}, …)", self.root, self.segments)
    }
}

/// A document all of whose bytes have come: what becomes durable before it is acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    pub upload: Uuid,
    pub document: Document,
    pub segmented: Segmented,
    /// So many chunks of it have been staged.
    pub staged: u32,
    /// The chunk after those, which was not: a small document has no other.
    pub rest: Bytes,
    /// Who handed it in, for the log.
    pub by: Code,
    pub work: Vec<Unit>,
}

/// What `commit` did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Committed {
    New,
    /// The same bytes were there already; `repeats` of it has grown by one.
    Repeated,
}

/// What is known of the documents that were received. Nothing of their content.
#[async_trait]
pub trait Documents: Send + Sync {
    async fn document(&self, id: DocumentId) -> Result<Option<Document>, Failure>;

    /// Documents by time of receipt, newest first, after the cursor (a document id).
    async fn documents(
        &self,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Document>, Failure>;
}

/// Intake's own side: it alone writes documents and opens their content.
#[async_trait]
pub trait RawStore: Documents {
    /// Chunks of an upload not yet acknowledged. They are sealed before they leave memory; without a
    /// `commit` they are swept away later. Ordinals run from 0 without gaps.
    async fn stage(&self, upload: Uuid, ordinal: u32, chunk: Bytes) -> Result<(), Failure>;

    /// After `Ok(New)` the document, its chunks, its segments' root and sealed secret, a log entry by
    /// `by` that names the root, and `work` are durable, in one transaction, which documents that come
    /// at the same time may share. `document.received_at` is set from the database's clock, and no
    /// work falls due before it: what was received first is read first.
    async fn commit(&self, incoming: Incoming) -> Result<Committed, Failure>;

    /// The chunk with this ordinal, opened; `None` past the last.
    async fn chunk(&self, document: DocumentId, ordinal: u32) -> Result<Option<Bytes>, Failure>;

    /// How the document was segmented when it was accepted; `None` where there is no such document, or
    /// none that was.
    async fn segmented(&self, document: DocumentId) -> Result<Option<Segmented>, Failure>;

    /// Sets the state. Repeating it changes nothing.
    async fn settle(&self, id: DocumentId, state: DocumentState) -> Result<(), Failure>;

    /// Removes uploads that were staged but not committed within the last `hours`.
    async fn sweep(&self, hours: u32) -> Result<u64, Failure>;
}
