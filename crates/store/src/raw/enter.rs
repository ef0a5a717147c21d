// SPDX-License-Identifier: Apache-2.0
//! Some documents in one transaction: their rows, their last chunks, what the log says of them and the
//! work that follows. A document that is there already counts its repeat and leaves nothing else.

use std::collections::HashMap;
use std::time::Duration;

use model::code::Code;
use model::document::Document;
use model::id::DocumentId;
use ports::book::{ApplyError, LogEntry, Unit};
use ports::failure::Failure;
use ports::raw::{Committed, Incoming, Segmented};
use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{chunk_record, ordinal_of};
use crate::apply::{put_units, write_log};
use crate::book::PostgresBook;
use crate::entry::{log_entry, record, signed, unsigned};
use crate::error::refused;
use crate::sealing::Purpose;

/// A document with everything of it sealed that is to be sealed.
pub(crate) struct Sealed {
    upload: Uuid,
    document: Document,
    totals: Value,
    segmented: Segmented,
    secret: Vec<u8>,
    /// How many chunks it has, the last one included.
    chunks: i32,
    /// The last chunk, and how long it was.
    rest: Vec<u8>,
    rest_bytes: i32,
    by: Code,
    work: Vec<Unit>,
}

impl Sealed {
    pub fn of(book: &PostgresBook, incoming: Incoming) -> Result<Self, Failure> {
        let Incoming { upload, document, segmented, staged, rest, by, work } = incoming;
        let ordinal = ordinal_of(staged)?;
        let id = document.id.to_string();
        let secret = book.seal(Purpose::SegmentSecret, &id, &segmented.secret)?;
        let rest_bytes = i32::try_from(rest.len()).map_err(|_| Failure::defect("a long chunk"))?;
        let rest = book.seal(Purpose::RawChunk, &chunk_record(upload, ordinal), &rest)?;
        let totals = record(&document.totals, "control total")?;
        let chunks = ordinal + 1;
        Ok(Self { upload, document, totals, segmented, secret, chunks, rest, rest_bytes, by, work })
    }

    pub fn document(&self) -> DocumentId {
        self.document.id
    }

    pub fn bytes(&self) -> usize {
        self.rest.len()
    }

    fn is_staged(&self) -> bool {
        self.chunks > 1
    }
}

/// One answer per document, in order.
pub async fn enter(
    book: &PostgresBook,
    connection: &mut PgConnection,
    documents: &[&Sealed],
) -> Result<Vec<Committed>, ApplyError> {
    let mut entered = insert(book, connection, documents).await?;
    let mut answers = Vec::with_capacity(documents.len());
    let (mut fresh, mut discarded) = (Vec::new(), Vec::new());
    let (mut log, mut work) = (Vec::new(), Vec::new());
    for (place, one) in (0_u64..).zip(documents) {
        let Some(found) = entered.remove(&one.document.id.0) else {
            return Err(Failure::defect("a document was neither entered nor there").into());
        };
        let key = one.document.id.to_string();
        answers.push(match found.entered {
            Entered::New => {
                fresh.push(*one);
                let told = one.segmented.told();
                log.push(LogEntry { body: told, ..log_entry("document.accepted", &key, &one.by) });
                // Those that share a transaction keep the order in which they came.
                let received = found.received_at + Duration::from_micros(place);
                let due = |unit: &Unit| Unit { due: unit.due.max(received), ..unit.clone() };
                work.extend(one.work.iter().map(due));
                Committed::New
            }
            Entered::Before => Committed::New,
            Entered::Repeat => {
                discarded.push(one.upload);
                log.push(log_entry("document.repeated", &key, &one.by));
                Committed::Repeated
            }
        });
    }
    take_chunks(book, connection, &fresh).await?;
    discard(book, connection, &discarded).await?;
    write_log(book, connection, &log).await?;
    put_units(book, connection, &work).await?;
    Ok(answers)
}

enum Entered {
    New,
    /// This very upload was committed before, and the answer to it was lost.
    Before,
    /// Another upload had the same bytes.
    Repeat,
}

struct Found {
    entered: Entered,
    received_at: OffsetDateTime,
}

/// Inserts the documents, or counts the repeat of those that are there. In order of id, so that two
/// groups wait for each other in one direction only.
async fn insert(
    book: &PostgresBook,
    connection: &mut PgConnection,
    documents: &[&Sealed],
) -> Result<HashMap<Uuid, Found>, ApplyError> {
    let own = || documents.iter().map(|one| &one.document);
    let ids: Vec<Uuid> = own().map(|document| document.id.0).collect();
    let uploads: Vec<Uuid> = documents.iter().map(|one| one.upload).collect();
    let sources: Vec<&str> = own().map(|document| document.source.as_str()).collect();
    let channels: Vec<&str> = own().map(|document| document.channel.as_str()).collect();
    let hashes: Vec<&[u8]> = own().map(|document| &document.byte_hash.0[..]).collect();
    let bytes: Vec<i64> = own().map(|document| signed(document.bytes)).collect();
    let totals: Vec<&Value> = documents.iter().map(|one| &one.totals).collect();
    let states: Vec<&str> = own().map(|document| document.state.as_str()).collect();
    let roots: Vec<&[u8]> = documents.iter().map(|one| &one.segmented.root.0[..]).collect();
    let segments: Vec<i64> = documents.iter().map(|one| signed(one.segmented.segments)).collect();
    let secrets: Vec<&[u8]> = documents.iter().map(|one| &one.secret[..]).collect();
    let rows = sqlx::query!(
        r#"insert into document (
           tenant, id, upload, source, channel, byte_hash, bytes, totals, state, segment_root,
           segments, segment_secret
         )
         select $1, id, upload, source, channel, byte_hash, bytes, totals, state, segment_root,
           segments, segment_secret
         from unnest(
           $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bytea[], $7::bigint[], $8::jsonb[],
           $9::text[], $10::bytea[], $11::bigint[], $12::bytea[]
         ) as incoming (
           id, upload, source, channel, byte_hash, bytes, totals, state, segment_root, segments,
           segment_secret
         )
         order by id
         on conflict on constraint document_unique do update
         set repeats = document.repeats
               + case when document.upload = excluded.upload then 0 else 1 end
         returning id, upload, received_at, xmax = 0 as "inserted!""#,
        book.tenant(),
        &ids,
        &uploads,
        &sources as _,
        &channels as _,
        &hashes as _,
        &bytes,
        &totals as _,
        &states as _,
        &roots as _,
        &segments,
        &secrets as _,
    )
    .fetch_all(connection)
    .await
    .map_err(refused)?;
    let uploads: HashMap<Uuid, Uuid> = ids.into_iter().zip(uploads).collect();
    let mut found = HashMap::with_capacity(rows.len());
    for row in rows {
        let ours = uploads.get(&row.id) == Some(&row.upload);
        let entered = match (row.inserted, ours) {
            (true, _) => Entered::New,
            (false, true) => Entered::Before,
            (false, false) => Entered::Repeat,
        };
        found.insert(row.id, Found { entered, received_at: row.received_at });
    }
    Ok(found)
}

/// The chunks must be the document's bytes, all of them, before anything is acknowledged.
async fn take_chunks(
    book: &PostgresBook,
    connection: &mut PgConnection,
    documents: &[&Sealed],
) -> Result<(), ApplyError> {
    if documents.is_empty() {
        return Ok(());
    }
    let uploads: Vec<Uuid> = documents.iter().map(|one| one.upload).collect();
    let ordinals: Vec<i32> = documents.iter().map(|one| one.chunks - 1).collect();
    let bytes: Vec<i32> = documents.iter().map(|one| one.rest_bytes).collect();
    let bodies: Vec<&[u8]> = documents.iter().map(|one| &one.rest[..]).collect();
    sqlx::query!(
        "insert into raw_chunk (tenant, upload, ordinal, bytes, body)
         select $1, upload, ordinal, bytes, body
         from unnest($2::uuid[], $3::integer[], $4::integer[], $5::bytea[])
           as given (upload, ordinal, bytes, body)",
        book.tenant(),
        &uploads,
        &ordinals,
        &bytes,
        &bodies as _,
    )
    .execute(&mut *connection)
    .await
    .map_err(refused)?;
    for one in documents {
        if one.is_staged() {
            whole(book, connection, one).await?;
        } else if one.document.bytes != unsigned(i64::from(one.rest_bytes)) {
            return Err(not_the_document());
        }
    }
    Ok(())
}

/// Takes the upload off the list of what is staged, then counts: whoever sweeps either came before, and
/// the chunks are missing, or finds nothing any more.
async fn whole(
    book: &PostgresBook,
    connection: &mut PgConnection,
    one: &Sealed,
) -> Result<(), ApplyError> {
    unlist(book, connection, &[one.upload]).await?;
    let staged = sqlx::query!(
        r#"select count(*) as "chunks!", coalesce(max(ordinal) + 1, 0) as "next!",
           coalesce(sum(bytes), 0)::bigint as "bytes!"
         from raw_chunk
         where tenant = $1
           and upload = $2"#,
        book.tenant(),
        one.upload,
    )
    .fetch_one(connection)
    .await
    .map_err(refused)?;
    let whole = staged.chunks == i64::from(one.chunks)
        && staged.next == one.chunks
        && unsigned(staged.bytes) == one.document.bytes;
    if whole { Ok(()) } else { Err(not_the_document()) }
}

/// They may have been swept away under a very slow sender; sending again helps.
fn not_the_document() -> ApplyError {
    Failure::transient("the staged chunks are not the document").into()
}

/// What was staged of a document that is there already.
async fn discard(
    book: &PostgresBook,
    connection: &mut PgConnection,
    uploads: &[Uuid],
) -> Result<(), ApplyError> {
    if uploads.is_empty() {
        return Ok(());
    }
    unlist(book, connection, uploads).await?;
    sqlx::query!(
        "delete from raw_chunk
         where tenant = $1
           and upload = any($2)",
        book.tenant(),
        uploads,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    Ok(())
}

async fn unlist(
    book: &PostgresBook,
    connection: &mut PgConnection,
    uploads: &[Uuid],
) -> Result<(), ApplyError> {
    sqlx::query!(
        "delete from raw_upload
         where tenant = $1
           and upload = any($2)",
        book.tenant(),
        uploads,
    )
    .execute(connection)
    .await
    .map_err(refused)?;
    Ok(())
}
