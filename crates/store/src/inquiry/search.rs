// SPDX-License-Identifier: Apache-2.0
//! Search by something exact: an id, a trace, an ERP document number or a token. Every arm is one
//! look-up in an index.

use std::str::FromStr;

use model::code::Code;
use model::id::{EventId, ExceptionId, Place, RemittanceId, RowId};
use model::journal::JournalKey;
use ports::failure::Failure;
use ports::inquiry::Hit;
use uuid::Uuid;

use crate::book::PostgresBook;
use crate::entry::{limit_of, signed, unsigned};
use crate::error::{failure, unreadable};

pub async fn search(book: &PostgresBook, text: &str, limit: usize) -> Result<Vec<Hit>, Failure> {
    let text = text.trim();
    let mut hits = Vec::new();
    if text.is_empty() {
        return Ok(hits);
    }
    if let Ok(id) = Uuid::from_str(text) {
        hits.extend(by_id(book, id).await?);
    }
    hits.extend(by_text(book, text, limit).await?);
    hits.extend(by_subject(book, text, limit).await?);
    hits.truncate(limit);
    Ok(hits)
}

async fn by_id(book: &PostgresBook, id: Uuid) -> Result<Vec<Hit>, Failure> {
    let Place { stem, ordinal } = RowId(id).place();
    let found = sqlx::query!(
        r#"select 'remittance' as "kind!", id as "id!", null::uuid as remittance
         from remittance
         where tenant = $1
           and id = $2
         union all
         select 'event', $2, remittance
         from inbox_batch
         where tenant = $1
           and stem = $3
           and first between $4::bigint - 999 and $4
           and last >= $4
           and events @> array[$2]
         union all
         select 'row', row.id, null
         from inbox_batch
         cross join lateral unnest(inbox_batch.batches) as own (batch)
         join row
           on row.tenant = $1
           and row.batch = own.batch
           and row.id = $2
         where inbox_batch.tenant = $1
           and inbox_batch.stem = $3
           and inbox_batch.first between $4::bigint - 999 and $4
           and inbox_batch.last >= $4
         union all
         select 'exception', id, null
         from item
         where tenant = $1
           and id = $2"#,
        book.tenant(),
        id,
        stem,
        signed(ordinal),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    let mut hits = Vec::with_capacity(found.len());
    for row in found {
        hits.push(match (row.kind.as_str(), row.remittance) {
            ("remittance", _) => Hit::Remittance { id: RemittanceId(row.id) },
            ("event", Some(remittance)) => {
                Hit::Event { id: EventId(row.id), remittance: RemittanceId(remittance) }
            }
            ("row", _) => Hit::Row { id: RowId(row.id) },
            ("exception", _) => Hit::Exception { id: ExceptionId(row.id) },
            (_, _) => return Err(unreadable("hit")),
        });
    }
    Ok(hits)
}

async fn by_text(book: &PostgresBook, text: &str, limit: usize) -> Result<Vec<Hit>, Failure> {
    let remittances = sqlx::query_scalar!(
        "select id
         from remittance
         where tenant = $1
           and trace = $2
         order by sealed_at desc, id desc
         limit $3",
        book.tenant(),
        text,
        limit_of(limit),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    let journals = sqlx::query_scalar!(
        r#"select key as "key!"
         from journal
         where tenant = $1
           and key = $2
         union
         select key
         from journal
         where tenant = $1
           and document = $2
         limit $3"#,
        book.tenant(),
        text,
        limit_of(limit),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    // Nothing else can be a token.
    let events = sqlx::query!(
        r#"select distinct row.event as "event!", row.remittance as "remittance!"
         from row_batch
         join row
           on row.tenant = $1
           and row.batch = row_batch.batch
           and row.recorded_on = row_batch.recorded_on
           and row.item = $2
         where row_batch.tenant = $1
           and row_batch.item_names @> array[$2]
           and $2 like 'tok\_%'
         order by 1
         limit $3"#,
        book.tenant(),
        text,
        limit_of(limit),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    let remittances = remittances.into_iter().map(|id| Hit::Remittance { id: RemittanceId(id) });
    let journals =
        journals.into_iter().map(|key| Hit::Journal { key: JournalKey(Code::from(key)) });
    let events = events
        .into_iter()
        .map(|row| Hit::Event { id: EventId(row.event), remittance: RemittanceId(row.remittance) });
    Ok(remittances.chain(events).chain(journals).collect())
}

async fn by_subject(book: &PostgresBook, text: &str, limit: usize) -> Result<Vec<Hit>, Failure> {
    let numbers = sqlx::query_scalar!(
        "select number
         from log
         where tenant = $1
           and subject = $2
         order by number
         limit $3",
        book.tenant(),
        text,
        limit_of(limit),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    Ok(numbers.into_iter().map(|number| Hit::Log { number: unsigned(number) }).collect())
}
