// SPDX-License-Identifier: Apache-2.0
//! The inner half of the equation: what the independent pass counted against what the inbox holds.
//! received = posted + pending + quarantined + excluded + rejected + noted.

use std::collections::BTreeMap;

use model::document::{Document, DocumentState};
use model::event::EventState;
use model::id::DocumentId;
use model::money::Minor;
use ports::failure::Failure;
use ports::inquiry::InboxSum;
use ports::oversight::{Completeness, Gap, Held, Measure};
use time::OffsetDateTime;

use crate::{GAPS_MAX, OversightProcess, PAGE_MAX};

/// The equation while it is being counted.
pub struct Tie {
    received: Measure,
    states: BTreeMap<EventState, Measure>,
    held: Held,
    pub gaps: Vec<Gap>,
    /// Σ|gap| in events and cents, of all gaps, named or not.
    gap_events: u64,
    gap_cents: Minor,
}

impl Tie {
    fn new() -> Self {
        let states = EventState::ALL.into_iter().map(|state| (state, Measure::default())).collect();
        let (received, held, gaps) = (Measure::default(), Held::default(), Vec::new());
        Self { received, states, held, gaps, gap_events: 0, gap_cents: 0 }
    }

    fn state(&mut self, state: EventState) -> &mut Measure {
        self.states.entry(state).or_default()
    }

    /// What the inbox says of posted cents.
    pub fn posted_cents(&self) -> Minor {
        self.states.get(&EventState::Posted).map_or(0, |measure| measure.cents)
    }

    /// A journal that waits for its release, with its debits.
    pub fn hold(&mut self, cents: Minor) {
        self.held.journals += 1;
        self.held.cents = self.held.cents.saturating_add(cents);
    }

    /// Names a place that does not tie; past the limit it is still counted.
    pub fn gap(&mut self, place: &str, id: String, events: i64, cents: Minor, message: String) {
        self.gap_events += events.unsigned_abs();
        self.gap_cents = self.gap_cents.saturating_add(cents.saturating_abs());
        if self.gaps.len() < GAPS_MAX {
            self.gaps.push(Gap { place: place.to_owned(), id, events, cents, message });
        }
    }

    /// `posted` replaces the inbox's word on posted cents by the ERP's own.
    pub fn finish(mut self, posted: Option<Minor>, at: OffsetDateTime) -> Completeness {
        let posted = posted.unwrap_or_else(|| self.posted_cents());
        self.state(EventState::Posted).cents = posted;
        let mut left = self.received;
        let mut residual_events = left.events.cast_signed();
        let mut residual_documents = left.documents.cast_signed();
        for measure in self.states.values() {
            residual_documents -= measure.documents.cast_signed();
            residual_events -= measure.events.cast_signed();
            left.cents = left.cents.saturating_sub(measure.cents);
        }
        let own = left.cents.saturating_abs();
        let residual = Measure {
            documents: residual_documents.unsigned_abs(),
            events: residual_events.unsigned_abs().max(self.gap_events),
            cents: own.max(self.gap_cents),
        };
        Completeness {
            received: self.received,
            states: self.states.into_iter().collect(),
            held: self.held,
            posted_in_erp: posted,
            residual,
            gaps: self.gaps,
            at,
        }
    }
}

/// Counts every document, or one.
pub async fn count(room: &OversightProcess, only: Option<DocumentId>) -> Result<Tie, Failure> {
    let mut by_document: BTreeMap<DocumentId, Vec<InboxSum>> = BTreeMap::new();
    for sum in room.inquiry.inbox_sums(only).await? {
        by_document.entry(sum.document).or_default().push(sum);
    }
    let mut tie = Tie::new();
    for document in documents(room, only).await? {
        let sums = by_document.remove(&document.id).unwrap_or_default();
        count_document(&mut tie, &document, &sums);
    }
    if only.is_none() {
        for (document, sums) in by_document {
            let events: u64 = sums.iter().map(|sum| sum.events).sum();
            let cents: Minor = sums.iter().map(|sum| sum.cents).sum();
            let message = "events of a document that intake does not have".to_owned();
            tie.gap("document", document.to_string(), -events.cast_signed(), -cents, message);
        }
    }
    for entry in room.inquiry.events_without_their_rows(only, GAPS_MAX).await? {
        let message = format!(
            "the event is {} but its rows say otherwise (ordinal {} of document {})",
            entry.state.as_str(),
            entry.ordinal,
            entry.document
        );
        tie.gap("event", entry.event.to_string(), 1, entry.amount, message);
    }
    Ok(tie)
}

async fn documents(
    room: &OversightProcess,
    only: Option<DocumentId>,
) -> Result<Vec<Document>, Failure> {
    if let Some(id) = only {
        return Ok(room.documents.document(id).await?.into_iter().collect());
    }
    let mut all: Vec<Document> = Vec::new();
    loop {
        let after = all.last().map(|document| document.id);
        let page = room.documents.documents(after, PAGE_MAX).await?;
        let last = page.len() < PAGE_MAX;
        all.extend(page);
        if last {
            return Ok(all);
        }
    }
}

fn count_document(tie: &mut Tie, document: &Document, sums: &[InboxSum]) {
    let totals = &document.totals;
    tie.received.documents += 1;
    tie.received.events += totals.events();
    tie.received.cents = tie.received.cents.saturating_add(totals.cents());

    let (mut events, mut cents) = (0u64, 0 as Minor);
    for sum in sums {
        let state = tie.state(sum.state);
        state.events += sum.events;
        state.cents = state.cents.saturating_add(sum.cents);
        events += sum.events;
        cents = cents.saturating_add(sum.cents);
    }
    let missing_events = totals.events().cast_signed() - events.cast_signed();
    let missing_cents = totals.cents().saturating_sub(cents);
    match document.state {
        DocumentState::Accepted => {
            // Still being read: what has not arrived in the inbox waits in the document.
            let pending = tie.state(EventState::Pending);
            pending.events = pending.events.saturating_add_signed(missing_events);
            pending.cents = pending.cents.saturating_add(missing_cents);
        }
        DocumentState::Refused => {
            let rejected = tie.state(EventState::Rejected);
            rejected.events = rejected.events.saturating_add_signed(missing_events);
            rejected.cents = rejected.cents.saturating_add(missing_cents);
        }
        DocumentState::Delivered if missing_events != 0 || missing_cents != 0 => {
            let message = format!(
                "counted {} events in the raw bytes, {events} are in the inbox",
                totals.events()
            );
            tie.gap("document", document.id.to_string(), missing_events, missing_cents, message);
        }
        DocumentState::Delivered => {}
    }
    let state = document_state(document, sums);
    tie.state(state).documents += 1;
}

/// A document is as far as its least settled event.
fn document_state(document: &Document, sums: &[InboxSum]) -> EventState {
    match document.state {
        DocumentState::Accepted => return EventState::Pending,
        DocumentState::Refused => return EventState::Rejected,
        DocumentState::Delivered => {}
    }
    let order = [
        EventState::Pending,
        EventState::Quarantined,
        EventState::Posted,
        EventState::Excluded,
        EventState::Rejected,
    ];
    let has = |state: EventState| sums.iter().any(|sum| sum.state == state && sum.events > 0);
    order.into_iter().find(|state| has(*state)).unwrap_or(EventState::Noted)
}
