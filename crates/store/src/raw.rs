// SPDX-License-Identifier: Apache-2.0
//! Raw documents: chunks are sealed before they leave memory, staged under an upload, and become a
//! document in one transaction with its log entry and the work that follows.

use async_trait::async_trait;
use bytes::Bytes;
use model::code::Code;
use model::document::{Channel, Document, DocumentState};
use model::id::DocumentId;
use ports::book::{ApplyError, Records, Unit};
use ports::failure::Failure;
use ports::raw::{CHUNK_BYTES_MAX, Committed, Documents, RawStore, Segmented};
use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::apply::{commit, put_units, write_log};
use crate::book::PostgresBook;
use crate::entry::{hash_of, limit_of, log_entry, record, record_of, signed, unsigned};
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
        let body = self.seal(Purpose::RawChunk, &chunk_record(upload, ordinal), chunk.into())?;
        sqlx::query!(
            "with staged as (
               insert into raw_upload (tenant, upload)
               values ($1, $2)
               on conflict on constraint raw_upload_unique do nothing
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

    async fn commit(
        &self,
        upload: Uuid,
        document: Document,
        segmented: Segmented,
        by: &str,
        work: Vec<Unit>,
    ) -> Result<Committed, Failure> {
        let key = document.id.to_string();
        let known = |error| named(error, &key);
        // Before the transaction, which must not wait for a second connection.
        self.ready(&[Purpose::SegmentSecret.class()]).await?;
        let received = Records::now(self).await?;
        let mut transaction = self.pool.begin().await.map_err(failure)?;
        let committed = match enter(self, &mut transaction, upload, &document, &segmented).await? {
            Entered::New => {
                claim_chunks(self, &mut transaction, upload, &document).await?;
                let mut entry = log_entry("document.accepted", &key, by);
                entry.body = segmented.told();
                write_log(self, &mut transaction, &[entry]).await.map_err(known)?;
                let work: Vec<Unit> = work
                    .into_iter()
                    .map(|unit| Unit { due: unit.due.max(received), ..unit })
                    .collect();
                put_units(self, &mut transaction, &work).await.map_err(known)?;
                Committed::New
            }
            Entered::Before => Committed::New,
            Entered::Repeat => {
                discard(self, &mut transaction, upload).await?;
                let entry = log_entry("document.repeated", &key, by);
                write_log(self, &mut transaction, &[entry]).await.map_err(known)?;
                Committed::Repeated
            }
        };
        commit(transaction).await.map_err(known)?;
        Ok(committed)
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
        // An upload that is being committed right now is locked: it is left for the next time.
        let swept = sqlx::query!(
            "delete from raw_upload
             where (tenant, upload) in (
               select tenant, upload
               from raw_upload
               where tenant = $1
                 and not committed
                 and started_at <= now() - make_interval(hours => $2)
               for update skip locked
             )",
            self.tenant(),
            i32::try_from(hours).unwrap_or(i32::MAX),
        )
        .execute(&self.pool)
        .await
        .map_err(failure)?;
        Ok(swept.rows_affected())
    }
}

enum Entered {
    New,
    /// This very upload was committed before, and the answer to it was lost.
    Before,
    /// Another upload had the same bytes.
    Repeat,
}

/// Inserts the document, or counts the repeat of one that is there.
async fn enter(
    book: &PostgresBook,
    connection: &mut PgConnection,
    upload: Uuid,
    document: &Document,
    segmented: &Segmented,
) -> Result<Entered, Failure> {
    let secret = segmented.secret.to_vec();
    let secret = book.seal(Purpose::SegmentSecret, &document.id.to_string(), secret)?;
    let entered = sqlx::query!(
        r#"insert into document (
           tenant, id, upload, source, channel, byte_hash, bytes, totals, state, segment_root,
           segments, segment_secret
         )
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         on conflict on constraint document_unique do update
         set repeats = document.repeats
               + case when document.upload = excluded.upload then 0 else 1 end
         returning upload, xmax = 0 as "inserted!""#,
        book.tenant(),
        document.id.0,
        upload,
        document.source.as_str(),
        document.channel.as_str(),
        &document.byte_hash.0[..],
        signed(document.bytes),
        record(&document.totals, "control total")?,
        document.state.as_str(),
        &segmented.root.0[..],
        signed(segmented.segments),
        secret,
    )
    .fetch_one(connection)
    .await
    .map_err(failure)?;
    Ok(match (entered.inserted, entered.upload == upload) {
        (true, _) => Entered::New,
        (false, true) => Entered::Before,
        (false, false) => Entered::Repeat,
    })
}

/// The staged chunks must be the document's bytes, all of them, before anything is acknowledged.
async fn claim_chunks(
    book: &PostgresBook,
    connection: &mut PgConnection,
    upload: Uuid,
    document: &Document,
) -> Result<(), Failure> {
    sqlx::query!(
        "update raw_upload
         set committed = true
         where tenant = $1
           and upload = $2",
        book.tenant(),
        upload,
    )
    .execute(&mut *connection)
    .await
    .map_err(failure)?;
    let staged = sqlx::query!(
        r#"select count(*) as "chunks!", coalesce(max(ordinal) + 1, 0) as "next!",
           coalesce(sum(bytes), 0)::bigint as "bytes!"
         from raw_chunk
         where tenant = $1
           and upload = $2"#,
        book.tenant(),
        upload,
    )
    .fetch_one(connection)
    .await
    .map_err(failure)?;
    let whole = staged.chunks == i64::from(staged.next) && unsigned(staged.bytes) == document.bytes;
    // They may have been swept away under a very slow sender; sending again helps.
    if whole { Ok(()) } else { Err(Failure::transient("the staged chunks are not the document")) }
}

async fn discard(
    book: &PostgresBook,
    connection: &mut PgConnection,
    upload: Uuid,
) -> Result<(), Failure> {
    sqlx::query!(
        "delete from raw_upload
         where tenant = $1
           and upload = $2",
        book.tenant(),
        upload,
    )
    .execute(connection)
    .await
    .map_err(failure)?;
    Ok(())
}

/// Nothing here is fenced; a lost commit is looked up by the document's id.
fn named(error: ApplyError, key: &str) -> Failure {
    match error {
        ApplyError::Failed(failure) => failure,
        ApplyError::CommitUnknown => Failure::OutcomeUnknown {
            key: key.to_owned(),
            message: "the answer to the commit was lost".to_owned(),
        },
        ApplyError::StaleFence { .. } | ApplyError::Conflict { .. } => {
            Failure::defect(error.to_string())
        }
    }
}
