// SPDX-License-Identifier: Apache-2.0
//! The step that reads one accepted document into canonical events and delivers them.
//! It may be repeated from the start at any time: event ids are computed, so nothing doubles.

use std::sync::Arc;

use async_trait::async_trait;
use model::code::Code;
use model::document::{Document, DocumentState};
use model::event::v1::Finding;
use model::event::{BATCH_EVENTS_MAX, Event, EventBatch};
use model::id::DocumentId;
use model::token::{Clear, Token};
use ports::book::{Effects, LogEntry, Unit};
use ports::failure::Failure;
use ports::raw::RawStore;
use ports::remittances::{DocumentClosed, Remittances};
use ports::source::{Closing, EventSink, SourceAdapter};
use ports::vault::Vault;
use serde_json::json;
use time::{Date, UtcOffset};
use workflow::{Outcome, Scope, Step};

use crate::accept::READ_DOCUMENT;
use crate::tokens::{self, Met, Tokeniser};
use crate::underway::Underway;

/// Times that a reading may fail unforeseen before the document is refused. The runner's own limit
/// is higher.
const DEFECTS_MAX: u32 = 2;
/// So much is parsed at a time.
const SLICE_BYTES: usize = 64 << 10;
/// Events made into tokens before what is on its way is looked after.
const EVENTS_BETWEEN: usize = 16;
/// Values handed to the vault at a time.
const VAULT_VALUES_MAX: usize = 4_000;

/// Reads documents of one source kind and hands their events to the process that owns them.
pub struct ReadDocument {
    pub tenant: Code,
    pub raw: Arc<dyn RawStore>,
    pub vault: Arc<dyn Vault>,
    pub adapter: Arc<dyn SourceAdapter>,
    pub tokeniser: Tokeniser,
    pub remittances: Arc<dyn Remittances>,
    /// The source's business day, for the date received.
    pub offset: UtcOffset,
    /// Fixed instead of the day of receipt when history is replayed in a demonstration.
    pub business_day: Option<Date>,
}

/// Events as the parser hands them over.
#[derive(Default)]
struct Parsed(Vec<Event<Clear>>);

impl EventSink for Parsed {
    fn event(&mut self, event: Event<Clear>) {
        self.0.push(event);
    }
}

/// What has been delivered of a document so far.
#[derive(Default)]
struct Delivered {
    events: u64,
    cents: i64,
    sets: u32,
    pending: Vec<Event<Token>>,
    met: Met,
}

impl ReadDocument {
    async fn read(
        &self,
        document: &Document,
        scope: &Scope<'_>,
    ) -> Result<(Delivered, Closing), Failure> {
        let mut underway = Underway::new(self.vault.clone(), self.remittances.clone());
        let read = self.parse(document, scope, &mut underway).await;
        // What is on its way is not left in the middle of it, whatever became of the rest.
        let arrived = underway.arrived().await;
        let read = read?;
        arrived?;
        Ok(read)
    }

    async fn parse(
        &self,
        document: &Document,
        scope: &Scope<'_>,
        underway: &mut Underway,
    ) -> Result<(Delivered, Closing), Failure> {
        let mut parser = self.adapter.parser(&self.tenant, &document.source, document.id);
        let mut delivered = Delivered::default();
        let mut parsed = Parsed::default();
        let mut ordinal = 0;
        while let Some(chunk) = self.raw.chunk(document.id, ordinal).await? {
            ordinal += 1;
            // A small document is read well within the lease that the runner has seen to.
            if chunk.len() > SLICE_BYTES || ordinal > 1 {
                scope.hold().await?;
            }
            // A slice at a time: the events of a whole chunk would multiply its memory.
            for part in chunk.chunks(SLICE_BYTES) {
                parser.push(part, &mut parsed);
                self.take(document, &mut parsed, &mut delivered, underway).await?;
            }
        }
        let closing = parser.finish(&mut parsed);
        self.take(document, &mut parsed, &mut delivered, underway).await?;
        self.flush(document, &mut delivered, underway).await?;
        delivered.sets = closing.sets;
        Ok((delivered, closing))
    }

    async fn take(
        &self,
        document: &Document,
        parsed: &mut Parsed,
        delivered: &mut Delivered,
        underway: &mut Underway,
    ) -> Result<(), Failure> {
        for event in std::mem::take(&mut parsed.0) {
            let other =
                delivered.pending.first().is_some_and(|own| own.remittance != event.remittance);
            let full = delivered.pending.len() >= BATCH_EVENTS_MAX;
            if other || full || delivered.met.len() >= VAULT_VALUES_MAX {
                self.flush(document, delivered, underway).await?;
            }
            delivered.events += 1;
            delivered.cents = delivered.cents.saturating_add(event.body.amount());
            let event = self.tokeniser.tokenise(event, &mut delivered.met);
            delivered.pending.push(event);
            if delivered.pending.len().is_multiple_of(EVENTS_BETWEEN) {
                underway.move_on().await?;
            }
        }
        Ok(())
    }

    async fn flush(
        &self,
        document: &Document,
        delivered: &mut Delivered,
        underway: &mut Underway,
    ) -> Result<(), Failure> {
        let events = std::mem::take(&mut delivered.pending);
        let (values, events) =
            tokens::settled(self.vault.as_ref(), &mut delivered.met, events).await?;
        let Some((remittance, first)) =
            events.first().map(|first| (first.remittance, first.ordinal))
        else {
            return Ok(());
        };
        let (document, source) = (document.id, document.source.clone());
        underway.send(values, EventBatch { remittance, document, source, first, events }).await
    }

    async fn close(
        &self,
        document: &Document,
        delivered: &Delivered,
        closing: Closing,
    ) -> Result<DocumentState, Failure> {
        let state = match closing.refusal {
            Some(_) if delivered.events == 0 => DocumentState::Refused,
            Some(_) | None => DocumentState::Delivered,
        };
        let received_on = document.received_at.to_offset(self.offset).date();
        let closed = DocumentClosed {
            document: document.id,
            source: document.source.clone(),
            sets: delivered.sets,
            delivered_events: delivered.events,
            expected_events: document.totals.events(),
            delivered_cents: delivered.cents,
            expected_cents: document.totals.cents(),
            broken_interchanges: closing.broken_interchanges,
            refusal: closing.refusal,
            received_on: self.business_day.unwrap_or(received_on),
        };
        self.remittances.close(closed).await?;
        workflow::crash_point!("intake.closed");
        self.raw.settle(document.id, state).await?;
        Ok(state)
    }
}

#[async_trait]
impl Step for ReadDocument {
    fn kind(&self) -> &'static str {
        READ_DOCUMENT
    }

    async fn run(&self, unit: &Unit, scope: &Scope<'_>) -> Result<Outcome, Failure> {
        let id = document_of(unit)?;
        let Some(document) = self.raw.document(id).await? else {
            return Err(Failure::defect(format!("document {id} is queued but not stored")));
        };
        let step = format!("read-document/{id}");
        let mut effects = Effects::new(step);
        if document.state != DocumentState::Accepted {
            return Ok(Outcome::Done(effects));
        }
        let read = self.read(&document, scope).await;
        let (delivered, closing) = match read {
            Err(Failure::Defect(why)) if unit.attempts >= DEFECTS_MAX => given_up(&why),
            other => other?,
        };
        let state = self.close(&document, &delivered, closing).await?;
        effects.log.push(LogEntry {
            kind: Code::from(format!("document.{}", state.as_str())),
            subject: Code::from(id.to_string()),
            by: Code::new(READ_DOCUMENT),
            body: json!({
                "sets": delivered.sets,
                "events": delivered.events,
                "cents": delivered.cents,
                "masked_card_numbers": delivered.met.cards(),
                "adapter": self.adapter.version(),
            }),
        });
        Ok(Outcome::Done(effects))
    }
}

/// A document that cannot be read must wait where people look, not in a lane.
fn given_up(why: &str) -> (Delivered, Closing) {
    let finding = Finding { code: Code::new("DEFECT"), segment: 0, message: why.to_owned() };
    (Delivered::default(), Closing { refusal: Some(finding), ..Closing::default() })
}

fn document_of(unit: &Unit) -> Result<DocumentId, Failure> {
    let text = unit.body.get("document").and_then(serde_json::Value::as_str).unwrap_or_default();
    text.parse().map_err(|_| Failure::defect("a read-document unit without a document id"))
}
