// SPDX-License-Identifier: Apache-2.0
//! Taking events: what is new is durable in the inbox with its payload, what is known is answered, and
//! what contradicts a known event changes nothing but opens a work item.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::code::Code;
use model::event::{Body, Event, EventBatch, EventState, v1};
use model::exception::{self, Holds, Subject};
use model::id::{EventId, Hash};
use model::remittance::{Remittance, RemittanceState};
use model::token::Token;
use ports::book::{ApplyError, Book, Effects, InboxEntry, LogEntry};
use ports::failure::Failure;
use ports::remittances::Taken;
use serde_json::json;
use time::OffsetDateTime;

use crate::room::entries;
use crate::work_item::Opened;

/// How often a delivery that met another one is decided anew.
const TRIES_MAX: u32 = 5;

/// One answer per event, in order.
pub async fn deliver(book: &dyn Book, batch: EventBatch<Token>) -> Result<Vec<Taken>, Failure> {
    let batch = Arc::new(batch);
    for _ in 0..TRIES_MAX {
        let (effects, answers) = decide(book, &batch).await?;
        let Some(effects) = effects else { return Ok(answers) };
        match workflow::record(book, effects).await {
            Ok(_) => return Ok(answers),
            Err(ApplyError::Conflict { .. }) => {}
            Err(ApplyError::Failed(failure)) => return Err(failure),
            Err(error @ (ApplyError::StaleFence { .. } | ApplyError::CommitUnknown)) => {
                return Err(Failure::transient(error.to_string()));
            }
        }
    }
    Err(Failure::transient("a delivery met others again and again"))
}

async fn decide(
    book: &dyn Book,
    batch: &Arc<EventBatch<Token>>,
) -> Result<(Option<Effects>, Vec<Taken>), Failure> {
    let now = book.now().await?;
    let ids: Vec<EventId> = batch.events.iter().map(|event| event.id).collect();
    let known = entries(book, &ids).await?;
    let answers: Vec<Taken> = batch.events.iter().map(|event| answer(event, &known)).collect();
    let with = |taken: Taken| {
        let answered = batch.events.iter().zip(&answers);
        answered.filter(move |(_, answer)| **answer == taken).map(|(event, _)| event)
    };
    let accepted: Vec<&Event<Token>> = with(Taken::Accepted).collect();
    let conflicts: Vec<&Event<Token>> = with(Taken::Conflict).collect();
    if accepted.is_empty() && conflicts.is_empty() {
        return Ok((None, answers));
    }
    let mut effects = Effects::new(step(batch, &answers));
    for event in conflicts {
        effects.items.push(conflict(event, now));
    }
    if let Some(first) = accepted.first() {
        let first = first.ordinal;
        effects.inbox = accepted.iter().map(|event| entry(event, first)).collect();
        effects.remittances.extend(remittance(book, batch, &accepted, now).await?);
        effects.log.push(LogEntry {
            kind: Code::new("events.accepted"),
            subject: Code::from(batch.remittance.to_string()),
            by: batch.source.clone(),
            body: json!({ "events": accepted.len(), "first": first }),
        });
        effects.batches.push(of_these(batch, first, &accepted));
    }
    Ok((Some(effects), answers))
}

/// The batch itself where all of it is new, as nearly always.
fn of_these(
    batch: &Arc<EventBatch<Token>>,
    first: u64,
    events: &[&Event<Token>],
) -> Arc<EventBatch<Token>> {
    if batch.first == first && batch.events.len() == events.len() {
        return batch.clone();
    }
    Arc::new(EventBatch {
        remittance: batch.remittance,
        document: batch.document,
        source: batch.source.clone(),
        first,
        events: events.iter().copied().cloned().collect(),
    })
}

fn answer(event: &Event<Token>, known: &BTreeMap<EventId, InboxEntry>) -> Taken {
    match known.get(&event.id) {
        None => Taken::Accepted,
        Some(entry) if entry.source_hash == event.source_hash => Taken::Duplicate,
        Some(_) => Taken::Conflict,
    }
}

/// The same delivery in the same situation has the same key.
fn step(batch: &EventBatch<Token>, answers: &[Taken]) -> Code {
    let mut content = Vec::new();
    for (event, answer) in batch.events.iter().zip(answers) {
        content.extend_from_slice(event.id.0.as_bytes());
        content.extend_from_slice(&event.source_hash.0);
        content.push(u8::from(*answer == Taken::Accepted));
    }
    let hash = Hash::of(&[&content]);
    Code::from(format!("deliver/{}/{}/{}", batch.remittance, batch.first, &hash.hex()[..32]))
}

fn entry(event: &Event<Token>, batch: u64) -> InboxEntry {
    InboxEntry {
        event: event.id,
        remittance: event.remittance,
        document: event.document,
        kind: event.body.kind(),
        ordinal: event.ordinal,
        batch,
        source_hash: event.source_hash,
        amount: event.body.amount(),
        state: EventState::Pending,
        code: None,
        bookings: 0,
    }
}

fn conflict(event: &Event<Token>, now: OffsetDateTime) -> exception::Item {
    let opened = Opened {
        code: exception::Code::EventConflict,
        subject: Subject::Event { event: event.id, remittance: event.remittance },
        holds: Holds::Nothing,
        amount: event.body.amount(),
        claims: 0,
        reason: format!("the same event with other source bytes: {:?}", event.source_hash),
        round: 0,
        parent: None,
    };
    opened.item(now)
}

/// A set is listed from its first event on, so that one that never ends is found; its seal completes it.
async fn remittance(
    book: &dyn Book,
    batch: &EventBatch<Token>,
    accepted: &[&Event<Token>],
    now: OffsetDateTime,
) -> Result<Option<Remittance>, Failure> {
    let seal = accepted.iter().find_map(|event| match &event.body {
        Body::RemittanceSealed(sealed) => Some(sealed),
        Body::Claim(_) | Body::ProviderAdjustment(_) => None,
    });
    if seal.is_none() && book.remittance(batch.remittance).await?.is_some() {
        return Ok(None);
    }
    let blank = v1::RemittanceSealed {
        header: v1::Header::default(),
        totals: v1::Totals::default(),
        balanced: false,
        envelope: false,
        findings: Vec::new(),
        findings_total: 0,
        body_hash: Hash([0; 32]),
        interchange: 0,
    };
    let sealed = seal.map_or(&blank, |sealed| sealed);
    let body_hash = sealed.body_hash;
    // A set without a seal has nothing to be known by; its own id keeps it apart.
    let identity = match seal {
        Some(sealed) => Remittance::identity_of(&sealed.header, &body_hash),
        None => Hash::of(&[b"unsealed", batch.remittance.0.as_bytes()]),
    };
    Ok(Some(Remittance {
        id: batch.remittance,
        document: batch.document,
        source: batch.source.clone(),
        header: sealed.header.clone(),
        totals: sealed.totals,
        balanced: sealed.balanced,
        envelope: sealed.envelope,
        findings: sealed.findings.clone(),
        body_hash,
        interchange: sealed.interchange,
        identity,
        state: RemittanceState::Receiving,
        code: None,
        payer: Code::default(),
        entity: Code::default(),
        facility: Code::default(),
        received_on: now.date(),
        sealed_at: now,
    }))
}
