// SPDX-License-Identifier: Apache-2.0
//! Lists, newest first, page by page after a cursor. A cursor that names nothing gives an empty page.

use model::exception::Item;
use model::id::{ExceptionId, RemittanceId};
use model::journal::{Journal, JournalKey};
use model::remittance::Remittance;
use ports::failure::Failure;
use ports::inquiry::{ItemFilter, JournalFilter, RemittanceFilter};

use crate::book::PostgresBook;
use crate::entry::{JournalColumns, limit_of, record_of};
use crate::error::failure;
use crate::records::journals::with_lines;

pub async fn remittances(
    book: &PostgresBook,
    filter: &RemittanceFilter,
    after: Option<RemittanceId>,
    limit: usize,
) -> Result<Vec<Remittance>, Failure> {
    let records = sqlx::query_scalar!(
        "select record
         from remittance
         where tenant = $1
           and ($2::text is null or state = $2)
           and ($3::uuid is null or document = $3)
           and (
             $4::uuid is null
             or (sealed_at, id) < (
               select sealed_at, id
               from remittance
               where tenant = $1
                 and id = $4
             )
           )
         order by sealed_at desc, id desc
         limit $5",
        book.tenant(),
        filter.state.map(|state| state.as_str()),
        filter.document.map(|document| document.0),
        after.map(|id| id.0),
        limit_of(limit),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    records.into_iter().map(|record| record_of(record, "remittance")).collect()
}

pub async fn journals(
    book: &PostgresBook,
    filter: &JournalFilter,
    after: Option<&JournalKey>,
    limit: usize,
) -> Result<Vec<Journal>, Failure> {
    let found = sqlx::query_as!(
        JournalColumns,
        "select key, process, target, entity, accounting_date, currency, rows, versions, standing,
           created_at
         from journal
         where tenant = $1
           and ($2::text is null or state = $2)
           and ($3::text is null or entity = $3)
           and ($4::date is null or accounting_date = $4)
           and ($5::text is null or target = $5)
           and (
             $6::text is null
             or (created_at, key) < (
               select created_at, key
               from journal
               where tenant = $1
                 and key = $6
             )
           )
         order by created_at desc, key desc
         limit $7",
        book.tenant(),
        filter.state.as_deref(),
        filter.entity.as_deref(),
        filter.date,
        filter.target.as_deref(),
        after.map(JournalKey::as_str),
        limit_of(limit),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    with_lines(book, found).await
}

pub async fn items(
    book: &PostgresBook,
    filter: &ItemFilter,
    after: Option<ExceptionId>,
    limit: usize,
) -> Result<Vec<Item>, Failure> {
    // `open` means waiting for a person: open and proposed.
    let records = sqlx::query_scalar!(
        "select record
         from item
         where tenant = $1
           and ($2::text is null or code = $2)
           and (
             $3::text is null
             or state = $3
             or ($3 = 'open' and state = 'proposed')
           )
           and (
             $4::uuid is null
             or (opened_at, id) < (
               select opened_at, id
               from item
               where tenant = $1
                 and id = $4
             )
           )
         order by opened_at desc, id desc
         limit $5",
        book.tenant(),
        filter.code.map(|code| code.as_str()),
        filter.state.as_deref(),
        after.map(|id| id.0),
        limit_of(limit),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    records.into_iter().map(|record| record_of(record, "work item")).collect()
}
