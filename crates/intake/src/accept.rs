// SPDX-License-Identifier: Apache-2.0
//! Taking a delivery: count it independently, hash it, seal its chunks, stage all but the last, commit,
//! and only then acknowledge.

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use aws_lc_rs::rand;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use model::code::Code;
use model::document::{Document, DocumentState};
use model::exception;
use model::id::{DocumentId, Hash};
use model::transaction::Transaction;
use opentelemetry::metrics::Counter;
use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, KeyValue};
use ports::accept::{Accept, ByteStream, Delivery, Receipt};
use ports::book::Unit;
use ports::failure::Failure;
use ports::raw::{CHUNK_BYTES_MAX, Committed, Incoming, RawStore, Segmented};
use ports::source::{ControlPass, SourceAdapter};
use proof::segments::{SECRET_BYTES, SegmentTree};
use serde_json::json;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;
use workflow::Shards;
use workflow::trace::{self, Happened};

/// The lanes in which documents are read.
pub const INTAKE_LANES: Shards = Shards::new("intake", 6);
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
    measure: Measure,
}

struct Measure {
    accepted: Counter<u64>,
    repeated: Counter<u64>,
    bytes: Counter<u64>,
}

impl Measure {
    fn new() -> Self {
        let meter = opentelemetry::global::meter("intake");
        let counter = |name: &'static str, unit: &'static str, what: &'static str| {
            let counter = meter.u64_counter(name).with_unit(unit).with_description(what).build();
            // Seen from the start, so that a rate has something to begin with.
            counter.add(0, &[]);
            counter
        };
        Self {
            accepted: counter("revbridge.intake.documents", "", "Documents made durable"),
            repeated: counter("revbridge.intake.repeats", "", "Documents that had come before"),
            bytes: counter("revbridge.intake.received", "By", "Bytes of documents made durable"),
        }
    }
}

impl Intake {
    pub fn new(
        tenant: Code,
        raw: Arc<dyn RawStore>,
        adapter: Arc<dyn SourceAdapter>,
        limits: Limits,
    ) -> Self {
        Self { tenant, raw, adapter, limits, measure: Measure::new() }
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
    since: SystemTime,
}

impl Staging {
    fn new() -> Result<Self, Failure> {
        let mut secret = [0; SECRET_BYTES];
        rand::fill(&mut secret).map_err(|_| Failure::defect("the system gives no random bytes"))?;
        Ok(Self {
            // In order of time, so that chunks are entered side by side.
            upload: Uuid::now_v7(),
            digest: Sha256::new(),
            bytes: 0,
            ordinal: 0,
            pending: BytesMut::new(),
            secret,
            tree: SegmentTree::new(&secret),
            ends: Vec::new(),
            since: SystemTime::now(),
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
            // The last chunk is never staged: it goes with the commit.
            while staging.pending.len() > CHUNK_BYTES_MAX {
                let chunk = staging.pending.split_to(CHUNK_BYTES_MAX).freeze();
                staging.flush(self.raw.as_ref(), chunk).await?;
            }
        }
        if staging.bytes == 0 {
            let message = "the delivery is empty; send the file again once it is written";
            return Err(Failure::business(exception::Code::Unreadable, message));
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
        let _waiting = workflow::Waiting::begin();
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
        let key = Code::from(id.to_string());
        let lane = INTAKE_LANES.lane(&key);
        let mut work = Unit::new(&lane, READ_DOCUMENT, key, body, due);
        trace::carry_in(&mut work, Transaction::from(id));
        let channel = delivery.channel.as_str();
        let commit = Happened::now("seal-and-commit");
        let (root, segments) = staging.tree.finish();
        let segmented = Segmented { root: Hash(root), segments, secret: staging.secret };
        let incoming = Incoming {
            upload: staging.upload,
            document,
            segmented,
            staged: staging.ordinal,
            rest: staging.pending.freeze(),
            by: delivery.by,
            work: vec![work],
        };
        let committed = self.raw.commit(incoming).await?;
        workflow::crash_point!("intake.committed");
        let duplicate = match committed {
            Committed::New => {
                self.measure.accepted.add(1, &[]);
                self.measure.bytes.add(staging.bytes, &[]);
                workflow::wake(&lane);
                false
            }
            Committed::Repeated => {
                self.measure.repeated.add(1, &[]);
                true
            }
        };
        tracing::info!(
            revbridge.document = %id,
            channel,
            bytes = staging.bytes,
            events = totals.events(),
            duplicate,
            "a document is durable"
        );
        traced(id, staging.since, commit, duplicate);
        Ok(Receipt { document: id, byte_hash, bytes: staging.bytes, totals, duplicate })
    }
}

/// The document begins its own trace; a repetition is added to it. Whoever handed it in is linked.
fn traced(id: DocumentId, since: SystemTime, commit: Happened, duplicate: bool) {
    let transaction = Transaction::from(id);
    let name = if duplicate { "document-repeated" } else { "document" };
    let happened = Happened {
        name,
        since,
        attributes: vec![KeyValue::new("revbridge.document", id.to_string())],
        links: vec![Context::current().span().span_context().clone()],
    };
    if duplicate {
        return happened.within(transaction);
    }
    happened.as_root(transaction);
    commit.within(transaction);
}
