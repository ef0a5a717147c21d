// SPDX-License-Identifier: Apache-2.0
//! Journals with their lines put back together.

use std::collections::HashMap;

use model::code::Code;
use model::journal::{Journal, JournalKey, Line};
use ports::failure::Failure;

use crate::book::PostgresBook;
use crate::entry::{JournalColumns, side};
use crate::error::failure;

pub async fn journal(book: &PostgresBook, key: &JournalKey) -> Result<Option<Journal>, Failure> {
    let found = sqlx::query_as!(
        JournalColumns,
        "select key, process, target, entity, accounting_date, currency, rows, versions, standing,
           created_at
         from journal
         where tenant = $1
           and key = $2",
        book.tenant(),
        key.as_str(),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    Ok(with_lines(book, found).await?.pop())
}

/// The journals in the order given, each with its lines.
pub async fn with_lines(
    book: &PostgresBook,
    journals: Vec<JournalColumns>,
) -> Result<Vec<Journal>, Failure> {
    let keys: Vec<&str> = journals.iter().map(|journal| journal.key.as_str()).collect();
    let rows = sqlx::query!(
        "select journal, role, facility, department, service_line, payer, item, debit, credit
         from unnest($2::text[]) as wanted (key)
         join journal_line
           on journal_line.tenant = $1
           and journal_line.journal = wanted.key
         order by journal, ordinal",
        book.tenant(),
        &keys as _,
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    let mut lines: HashMap<String, Vec<Line>> = HashMap::with_capacity(journals.len());
    for row in rows {
        let side = side(&row.role, row.facility, row.department, row.service_line, row.payer)?;
        let (debit, credit, item) = (row.debit, row.credit, Code::from(row.item));
        lines.entry(row.journal).or_default().push(Line { side, debit, credit, item });
    }
    let mut whole = Vec::with_capacity(journals.len());
    for journal in journals {
        let lines = lines.remove(&journal.key).unwrap_or_default();
        whole.push(journal.journal(lines)?);
    }
    Ok(whole)
}
