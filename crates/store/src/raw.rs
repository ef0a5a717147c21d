// SPDX-License-Identifier: Apache-2.0
//! Raw documents: chunks are sealed before they leave memory, staged under an upload, and become a
//! document in one transaction with its log entry and the work that follows, see [`group`].

mod enter;
pub(crate) mod group;

use async_trait::async_trait;
use bytes::Bytes;
use model::code::Code;
use model::document::{Channel, Document, DocumentState};
use model::id::DocumentId;
use ports::failure::Failure;
use ports::raw::{CHUNK_BYTES_MAX, Committed, Documents, Incoming, RawStore, Segmented};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::book::PostgresBook;
use crate::entry::{hash_of, limit_of, record_of, unsigned};
use crate::error::{failure, unreadable};
use crate::sealing::Purpose;

/// What a sealed chunk is bound to.
fn chunk_record(upload: Uuid, ordinal: i32) -> String {
    format!("{upload}/{ordinal}")
}

fn ordinal_of(ordinal: u32) -> Result<i32, Failure> {
    i32::try_from(ordinal).map_err(|_| Failure::defect("an upload has too many chunks"))
}

struct DocumentColumns {
    id: Uuid,
    source: String,
    channel: String,
    byte_hash: Vec<u8>,
    bytes: i64,
    totals: Value,
    state: String,
    repeats: i64,
    received_at: OffsetDateTime,
}

impl DocumentColumns {
    fn document(self) -> Result<Document, Failure> {
        Ok(Document {
            id: DocumentId(self.id),
            source: Code::from(self.source),
            channel: record_of::<Channel>(Value::String(self.channel), "channel")?,
            byte_hash: hash_of(self.byte_hash, "byte hash")?,
            bytes: unsigned(self.bytes),
            totals: record_of(self.totals, "control total")?,
            state: DocumentState::parse(&self.state).ok_or_else(|| unreadable("document state"))?,
            repeats: unsigned(self.repeats),
            received_at: self.received_at,
        })
    }
}

#[async_trait]
impl Documents for PostgresBook {
    async fn document(&self, id: DocumentId) -> Result<Option<Document>, Failure> {
        let found = sqlx::query_as!(
            DocumentColumns,
            "select id, source, channel, byte_hash, bytes, totals, state, repeats, received_at
             from document
             where tenant = $1
               and id = $2",
            self.tenant(),
            id.0,
        )
        .fetch_optional(&self.pool)
        .await
        .map_err(failure)?;
        found.map(DocumentColumns::document).transpose()
    }

    async fn documents(
        &self,
        after: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<Document>, Failure> {
        let found = sqlx::query_as!(
            DocumentColumns,
            "select id, source, channel, byte_hash, bytes, totals, state, repeats, received_at
             from document
             where tenant = $1
               and (
                 $2::uuid is null
                 or (received_at, id) < (
                   select received_at, id
                   from document
                   where tenant = $1
                     and id = $2
                 )
               )
             order by received_at desc, id desc
             limit $3",
            self.tenant(),
            after.map(|id| id.0),
            limit_of(limit),
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failure)?;
        found.into_iter().map(DocumentColumns::document).collect()
    }
}

#[async_trait]
impl RawStore for PostgresBook {
    async fn stage(&self, upload: Uuid, ordinal: u32, chunk: Bytes) -> Result<(), Failure> {
        if chunk.len() > CHUNK_BYTES_MAX {
            return Err(Failure::defect("a chunk is too long"));
        }
        let ordinal = ordinal_of(ordinal)?;
        let bytes = i32::try_from(chunk.len()).map_err(|_| Failure::defect("a long chunk"))?;
        self.ready(&[Purpose::RawChunk.class()]).await?;
        let body = self.seal(Purpose::RawChunk, &chunk_record(upload, ordinal), &chunk)?;
        sqlx::query!(
            "with staged as (
               insert into raw_upload (tenant, upload)
               values ($1, $2)
               on conflict on constraint raw_upload_unique do update
               set started_at = excluded.started_at
             )
             insert into raw_chunk (tenant, upload, ordinal, bytes, body)
             values ($1, $2, $3, $4, $5)
             on conflict on constraint raw_chunk_unique do update
             set bytes = excluded.bytes,
                 body = excluded.body",
            self.tenant(),
            upload,
            ordinal,
            bytes,
            &body,
        )
        .execute(&self.pool)
        .await
        .map_err(failure)?;
        Ok(())
    }

    async fn commit(&self, incoming: Incoming) -> Result<Committed, Failure> {
        group::join(self, incoming).await
    }

    async fn chunk(&self, document: DocumentId, ordinal: u32) -> Result<Option<Bytes>, Failure> {
        let ordinal = ordinal_of(ordinal)?;
        let sealed = sqlx::query!(
            "select raw_chunk.upload, raw_chunk.body
             from document
             join raw_chunk
               on raw_chunk.tenant = document.tenant
               and raw_chunk.upload = document.upload
             where document.tenant = $1
               and document.id = $2
               and raw_chunk.ordinal = $3",
            self.tenant(),
            document.0,
            ordinal,
        )
        .fetch_optional(&self.pool)
        .await
        .map_err(failure)?;
        let Some(row) = sealed else { return Ok(None) };
        let record = chunk_record(row.upload, ordinal);
        Ok(Some(Bytes::from(self.unseal(Purpose::RawChunk, &record, &row.body).await?)))
    }

    async fn segmented(&self, id: DocumentId) -> Result<Option<Segmented>, Failure> {
        let found = sqlx::query!(
            "select segment_root, segments, segment_secret
             from document
             where tenant = $1
               and id = $2",
            self.tenant(),
            id.0,
        )
        .fetch_optional(&self.pool)
        .await
        .map_err(failure)?;
        let Some(row) = found else { return Ok(None) };
        let (Some(root), Some(segments), Some(sealed)) =
            (row.segment_root, row.segments, row.segment_secret)
        else {
            return Ok(None);
        };
        let secret = self.unseal(Purpose::SegmentSecret, &id.to_string(), &sealed).await?;
        let secret = secret.try_into().map_err(|_| unreadable("segment secret"))?;
        let root = hash_of(root, "segment root")?;
        Ok(Some(Segmented { root, segments: unsigned(segments), secret }))
    }

    async fn settle(&self, id: DocumentId, state: DocumentState) -> Result<(), Failure> {
        sqlx::query!(
            "update document
             set state = $3
             where tenant = $1
               and id = $2
               and state <> $3",
            self.tenant(),
            id.0,
            state.as_str(),
        )
        .execute(&self.pool)
        .await
        .map_err(failure)?;
        Ok(())
    }

    async fn sweep(&self, hours: u32) -> Result<u64, Failure> {
        // An upload that is being committed or goes on right now is locked: it is left for the next
        // time.
        let swept = sqlx::query_scalar!(
            r#"with swept as (
               delete from raw_upload
               where (tenant, upload) in (
                 select tenant, upload
                 from raw_upload
                 where tenant = $1
                   and started_at <= now() - make_interval(hours => $2)
                 for update skip locked
               )
               returning upload
             ), chunks as (
               delete from raw_chunk
               using swept
               where raw_chunk.tenant = $1
                 and raw_chunk.upload = swept.upload
             )
             select count(*) as "uploads!"
             from swept"#,
            self.tenant(),
            i32::try_from(hours).unwrap_or(i32::MAX),
        )
        .fetch_one(&self.pool)
        .await
        .map_err(failure)?;
        Ok(unsigned(swept))
    }
}
