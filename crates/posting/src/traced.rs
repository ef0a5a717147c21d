// SPDX-License-Identifier: Apache-2.0
//! Many documents, one journal: the journal has a trace of its own, linked with the trace of every
//! document that it gathers, in both directions.

use std::collections::BTreeSet;

use model::code::Code;
use model::id::{DocumentId, EventId};
use model::journal::{Journal, JournalKey};
use model::row::Row;
use model::transaction::Transaction;
use opentelemetry::KeyValue;
use ports::book::{Records, Unit};
use ports::failure::Failure;
use workflow::trace::{self, Happened, LINKS_MAX};

/// The unit goes on in the journal's trace, not in that of the document that came last.
pub fn carry(unit: &mut Unit, key: &JournalKey) {
    if let Some(transaction) = Transaction::of_journal(key) {
        trace::carry_in(unit, transaction);
    }
}

/// Begins the journal's trace.
pub async fn closed(
    records: &dyn Records,
    journal: &Journal,
    members: &[Row],
) -> Result<(), Failure> {
    tracing::info!(
        revbridge.journal = %journal.key,
        target = %journal.group.target,
        entity = %journal.group.entity,
        rows = journal.rows,
        "a window is closed"
    );
    let Some(transaction) = traced(&journal.key) else { return Ok(()) };
    let documents = documents(records, members).await?;
    Happened {
        attributes: vec![
            KeyValue::new("revbridge.journal", journal.key.to_string()),
            KeyValue::new("revbridge.target", journal.group.target.to_string()),
            KeyValue::new("revbridge.rows", i64::try_from(journal.rows).unwrap_or(i64::MAX)),
        ],
        links: documents.iter().map(|one| trace::root_of(Transaction::from(*one))).collect(),
        ..Happened::now("journal")
    }
    .as_root(transaction);
    tell(&documents, "journal.closed", transaction, &journal.key, None);
    Ok(())
}

/// The last word on the journal, in its own trace and in that of each of its documents.
pub async fn posted(
    records: &dyn Records,
    journal: &Journal,
    document: &Code,
) -> Result<(), Failure> {
    tracing::info!(
        revbridge.journal = %journal.key,
        target = %journal.group.target,
        erp.document = %document,
        rows = journal.rows,
        "a journal is posted"
    );
    let Some(transaction) = traced(&journal.key) else { return Ok(()) };
    let mut documents = records.documents_of(&journal.key).await?;
    documents.truncate(LINKS_MAX);
    Happened {
        attributes: vec![
            KeyValue::new("revbridge.journal", journal.key.to_string()),
            KeyValue::new("erp.document", document.to_string()),
        ],
        ..Happened::now("journal.posted")
    }
    .within(transaction);
    tell(&documents, "journal.posted", transaction, &journal.key, Some(document));
    Ok(())
}

fn traced(key: &JournalKey) -> Option<Transaction> {
    Transaction::of_journal(key).filter(|_| trace::is_on())
}

/// Whose events the rows came from, so many as are linked.
async fn documents(records: &dyn Records, rows: &[Row]) -> Result<Vec<DocumentId>, Failure> {
    let events: BTreeSet<EventId> = rows.iter().map(|row| row.event).collect();
    let events: Vec<EventId> = events.into_iter().collect();
    let entries = records.inbox(&events).await?;
    let documents: BTreeSet<DocumentId> = entries.iter().map(|entry| entry.document).collect();
    Ok(documents.into_iter().take(LINKS_MAX).collect())
}

fn tell(
    documents: &[DocumentId],
    name: &'static str,
    journal: Transaction,
    key: &JournalKey,
    number: Option<&Code>,
) {
    for document in documents {
        let mut attributes = vec![
            KeyValue::new("revbridge.document", document.to_string()),
            KeyValue::new("revbridge.journal", key.to_string()),
        ];
        attributes.extend(number.map(|number| KeyValue::new("erp.document", number.to_string())));
        let links = vec![trace::root_of(journal)];
        Happened { attributes, links, ..Happened::now(name) }.within(Transaction::from(*document));
    }
}
