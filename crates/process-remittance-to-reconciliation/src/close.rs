// SPDX-License-Identifier: Apache-2.0
//! The last word on a document: kept, and its sets queued for decision.

use model::code::Code;
use ports::book::{ApplyError, Book, Effects, LogEntry};
use ports::failure::Failure;
use ports::remittances::DocumentClosed;
use serde_json::json;

use crate::decide_document::{CLOSED, KIND};
use crate::room;

/// After it the document's remittances are queued. Repeating it changes nothing.
pub async fn close(book: &dyn Book, closed: DocumentClosed) -> Result<(), Failure> {
    let now = book.now().await?;
    let id = Code::from(closed.document.to_string());
    let mut effects = Effects::new(format!("close/{id}"));
    room::write(&mut effects, CLOSED, &id, 0, &closed)?;
    effects.puts.push(room::unit(closed.document, KIND, id.clone(), &closed, now));
    effects.log.push(LogEntry {
        kind: Code::new("document.closed"),
        subject: id,
        by: closed.source.clone(),
        body: json!({ "sets": closed.sets, "events": closed.delivered_events }),
    });
    match workflow::record(book, effects).await {
        Ok(_) => Ok(()),
        Err(ApplyError::Failed(failure)) => Err(failure),
        Err(error) => Err(Failure::transient(error.to_string())),
    }
}
