// SPDX-License-Identifier: Apache-2.0
//! Raw documents over the state in memory. What it holds is never sealed: synthetic data only.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;
use model::document::{Document, DocumentState};
use model::id::DocumentId;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::state::{State, Upload};
use super::{MemoryBook, Operation};
use crate::book::Unit;
use crate::failure::Failure;
use crate::raw::{CHUNK_BYTES_MAX, Committed, Documents, Incoming, RawStore, Segmented};

impl State {
    fn stage(
        &mut self,
        upload: Uuid,
        ordinal: u32,
        chunk: Bytes,
        now: OffsetDateTime,
    ) -> Result<(), Failure> {
        if chunk.len() > CHUNK_BYTES_MAX {
            return Err(Failure::defect("a chunk is too long"));
        }
        let staged = self.uploads.entry(upload);
        let staged = staged.or_insert_with(|| Upload { chunks: BTreeMap::new(), since: now });
        staged.chunks.insert(ordinal, chunk);
        Ok(())
    }

    fn commit(&mut self, incoming: Incoming, now: OffsetDateTime) -> Committed {
        let Incoming { upload, document, segmented, staged, rest, by, work } = incoming;
        let upload = self.uploads.remove(&upload);
        let mut chunks = upload.map(|upload| upload.chunks).unwrap_or_default();
        chunks.insert(staged, rest);
        let id = document.id;
        if let Some(stored) = self.documents.get_mut(&id) {
            stored.repeats += 1;
            self.write_log(now, "document.repeated", id.to_string(), &by);
            return Committed::Repeated;
        }
        self.chunks.insert(id, chunks);
        self.documents.insert(id, Document { received_at: now, ..document });
        self.write_log(now, "document.accepted", id.to_string(), &by);
        if let Some((_, entry)) = self.log.last_mut() {
            entry.body = segmented.told();
        }
        self.segmented.insert(id, segmented);
        for unit in work {
            self.put(Unit { due: unit.due.max(now), ..unit });
        }
        Committed::New
    }

    fn documents(&self, after: Option<DocumentId>, limit: usize) -> Vec<Document> {
        let mut documents: Vec<Document> = self.documents.values().cloned().collect();
        documents.sort_by_key(|document| std::cmp::Reverse((document.received_at, document.id)));
        let past = after.and_then(|id| documents.iter().position(|document| document.id == id));
        documents.into_iter().skip(past.map_or(0, |place| place + 1)).take(limit).collect()
    }
}

#[async_trait]
impl Documents for MemoryBook {
    async fn document(&self, id: DocumentId) -> Result<Option<Document>, Failure> {
        self.ask(Operation::Read, |state, _| state.documents.get(&id).cloned()).await
    }

    async fn documents(
        &self,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Document>, Failure> {
        self.ask(Operation::Read, |state, _| state.documents(after, limit)).await
    }
}

#[async_trait]
impl RawStore for MemoryBook {
    async fn stage(&self, upload: Uuid, ordinal: u32, chunk: Bytes) -> Result<(), Failure> {
        self.ask(Operation::Apply, |state, now| state.stage(upload, ordinal, chunk, now)).await?
    }

    async fn commit(&self, incoming: Incoming) -> Result<Committed, Failure> {
        self.ask(Operation::Apply, |state, now| state.commit(incoming, now)).await
    }

    async fn segmented(&self, id: DocumentId) -> Result<Option<Segmented>, Failure> {
        self.ask(Operation::Read, |state, _| state.segmented.get(&id).cloned()).await
    }

    async fn chunk(&self, document: DocumentId, ordinal: u32) -> Result<Option<Bytes>, Failure> {
        self.ask(Operation::Read, |state, _| {
            state.chunks.get(&document).and_then(|chunks| chunks.get(&ordinal)).cloned()
        })
        .await
    }

    async fn settle(&self, id: DocumentId, settled: DocumentState) -> Result<(), Failure> {
        self.ask(Operation::Apply, |state, _| {
            if let Some(document) = state.documents.get_mut(&id) {
                document.state = settled;
            }
        })
        .await
    }

    async fn sweep(&self, hours: u32) -> Result<u64, Failure> {
        self.ask(Operation::Apply, |state, now| {
            let before = state.uploads.len();
            let oldest = now - Duration::hours(i64::from(hours));
            state.uploads.retain(|_, upload| upload.since > oldest);
            (before - state.uploads.len()) as u64
        })
        .await
    }
}
