// SPDX-License-Identifier: Apache-2.0
//! Taking a delivery: count it independently, hash it, seal and stage its chunks, commit, and only
//! then acknowledge.

use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::rand;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use model::code::Code;
use model::document::{Document, DocumentState};
use model::exception;
use model::id::{DocumentId, Hash};
use opentelemetry::metrics::Counter;
use ports::accept::{Accept, ByteStream, Delivery, Receipt};
use ports::book::Unit;
use ports::failure::Failure;
use ports::raw::{CHUNK_BYTES_MAX, Committed, RawStore, Segmented};
use ports::source::{ControlPass, SourceAdapter};
use proof::segments::{SECRET_BYTES, SegmentTree};
use serde_json::json;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

/// The lane in which documents are read.
pub const INTAKE_LANE: &str = "intake";
/// The step that reads one.
pub const READ_DOCUMENT: &str = "read-document";

/// What one delivery may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub document_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { document_bytes_max: 4 << 30 }
    }
}

/// The one way in for raw documents, whatever brought them.
pub struct Intake {
    tenant: Code,
    raw: Arc<dyn RawStore>,
    adapter: Arc<dyn SourceAdapter>,
    limits: Limits,
    wake: Arc<dyn Fn() + Send + Sync>,
    accepted: Counter<u64>,
}

impl Intake {
    /// `wake` is called after each new document, so that its reading starts without waiting.
    pub fn new(
        tenant: Code,
        raw: Arc<dyn RawStore>,
        adapter: Arc<dyn SourceAdapter>,
        limits: Limits,
        wake: Arc<dyn Fn() + Send + Sync>,
    ) -> Self {
        let meter = opentelemetry::global::meter("intake");
        let accepted = meter.u64_counter("revbridge.intake.documents").build();
        Self { tenant, raw, adapter, limits, wake, accepted }
    }

    fn too_large(&self) -> Failure {
        let message = format!(
            "the document is larger than document_bytes_max = {}; split it, or raise the limit",
            self.limits.document_bytes_max
        );
        Failure::business(exception::Code::Unreadable, message)
    }
}

/// What is gathered while the bytes stream past.
struct Staging {
    upload: Uuid,
    digest: Sha256,
    bytes: u64,
    ordinal: u32,
    pending: BytesMut,
    secret: [u8; SECRET_BYTES],
    tree: SegmentTree,
    /// Where segments end within the part at hand.
    ends: Vec<usize>,
}

impl Staging {
    fn new() -> Result<Self, Failure> {
        let mut secret = [0; SECRET_BYTES];
        rand::fill(&mut secret).map_err(|_| Failure::defect("the system gives no random bytes"))?;
        Ok(Self {
            upload: Uuid::new_v4(),
            digest: Sha256::new(),
            bytes: 0,
            ordinal: 0,
            pending: BytesMut::with_capacity(CHUNK_BYTES_MAX),
            secret,
            tree: SegmentTree::new(&secret),
            ends: Vec::new(),
        })
    }

    /// Everything that is known of the bytes is taken from the same pass over them.
    fn see(&mut self, part: &[u8], control: &mut dyn ControlPass) -> Result<(), Failure> {
        self.digest.update(part);
        self.ends.clear();
        control.push(part, &mut self.ends);
        self.tree.push(part, &self.ends).map_err(|error| Failure::defect(error.to_string()))?;
        self.pending.extend_from_slice(part);
        Ok(())
    }

    async fn flush(&mut self, raw: &dyn RawStore, chunk: Bytes) -> Result<(), Failure> {
        raw.stage(self.upload, self.ordinal, chunk).await?;
        self.ordinal += 1;
        Ok(())
    }
}

#[async_trait]
impl Accept for Intake {
    async fn accept(
        &self,
        delivery: Delivery,
        mut content: ByteStream,
    ) -> Result<Receipt, Failure> {
        let mut control = self.adapter.control_pass();
        let mut staging = Staging::new()?;
        while let Some(part) = content.next().await {
            let part = part.map_err(|error| {
                Failure::transient(format!("the delivery broke off: {}", error.kind()))
            })?;
            staging.bytes += part.len() as u64;
            if staging.bytes > self.limits.document_bytes_max {
                return Err(self.too_large());
            }
            staging.see(&part, control.as_mut())?;
            while staging.pending.len() >= CHUNK_BYTES_MAX {
                let chunk = staging.pending.split_to(CHUNK_BYTES_MAX).freeze();
                staging.flush(self.raw.as_ref(), chunk).await?;
            }
        }
        if staging.bytes == 0 {
            let message = "the delivery is empty; send the file again once it is written";
            return Err(Failure::business(exception::Code::Unreadable, message));
        }
        if !staging.pending.is_empty() {
            let rest = staging.pending.split().freeze();
            staging.flush(self.raw.as_ref(), rest).await?;
        }
        workflow::crash_point!("intake.staged");
        self.commit(delivery, staging, control.finish()).await
    }
}

impl Intake {
    async fn commit(
        &self,
        delivery: Delivery,
        staging: Staging,
        totals: model::document::ControlTotals,
    ) -> Result<Receipt, Failure> {
        let byte_hash = Hash(staging.digest.finalize().into());
        let id = DocumentId::of(&self.tenant, &byte_hash);
        let document = Document {
            id,
            source: delivery.source,
            channel: delivery.channel,
            byte_hash,
            bytes: staging.bytes,
            totals,
            state: DocumentState::Accepted,
            repeats: 0,
            received_at: OffsetDateTime::UNIX_EPOCH,
        };
        let body = json!({ "document": id });
        let due = OffsetDateTime::UNIX_EPOCH;
        let work = Unit::new(INTAKE_LANE, READ_DOCUMENT, Code::from(id.to_string()), body, due);
        let (root, segments) = staging.tree.finish();
        let segmented = Segmented { root: Hash(root), segments, secret: staging.secret };
        let committed =
            self.raw.commit(staging.upload, document, segmented, &delivery.by, vec![work]).await?;
        workflow::crash_point!("intake.committed");
        let duplicate = match committed {
            Committed::New => {
                self.accepted.add(1, &[]);
                (self.wake)();
                false
            }
            Committed::Repeated => true,
        };
        Ok(Receipt { document: id, byte_hash, bytes: staging.bytes, totals, duplicate })
    }
}
