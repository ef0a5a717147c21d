// SPDX-License-Identifier: Apache-2.0
//! The step `decide-claims`: one stored batch of a remittance against the accounts of its claims, in
//! one transaction. It puts the unit of the next batch, the last one that of the adjustments.

use std::collections::BTreeMap;

use model::code::Code;
use model::event::{Body, Event, EventBatch, EventState};
use model::exception;
use model::id::{EventId, RemittanceId};
use model::remittance::{Remittance, RemittanceState};
use model::token::Token;
use ports::book::{Effects, InboxEntry, LogEntry, Records, Transition, Unit};
use ports::failure::Failure;
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;

use crate::account::Adjudication;
use crate::adjudicate::{Parties, adjudicate};
use crate::book_event::{Known, Outcome, Target, book_event};
use crate::control::Controls;
use crate::decide_adjustments;
use crate::patience::long_ago;
use crate::provisional;
use crate::room::{self, Room};
use crate::scene::Scene;
use crate::settle_account::{Renewed, settle_account};
use crate::takeback::waiters_for_credits;

/// Kind of the unit.
pub const KIND: &str = "decide-claims";

/// What a unit of this kind carries.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Work {
    pub remittance: RemittanceId,
    /// First ordinal of the batch.
    pub first: u64,
    /// Distinguishes a decision of a person from the first pass, and one such from another.
    pub round: Code,
    /// When the document was ready to be decided; long ago where nothing is to be waited for.
    #[serde(default = "long_ago", with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// First ordinal of the first batch with provider adjustments, once it has been met.
    pub adjustments: Option<u64>,
}

impl Work {
    pub fn unit(&self, now: OffsetDateTime) -> Unit {
        let id = Code::from(format!("{}/{}", self.remittance, self.first));
        room::unit(self.remittance, KIND, id, self, now)
    }

    fn step(&self) -> Code {
        Code::from(format!("{KIND}/{}/{}/{}", self.remittance, self.first, self.round))
    }
}

/// The whole step.
pub async fn decide_claims(
    room: &Room,
    records: &dyn Records,
    work: &Work,
    now: OffsetDateTime,
) -> Result<Effects, Failure> {
    let mut effects = Effects::new(work.step());
    let Some(remittance) = records.remittance(work.remittance).await? else {
        return Err(Failure::defect(format!("remittance {} is not known", work.remittance)));
    };
    let mut batches = records.batches(work.remittance, work.first.saturating_sub(1), 2).await?;
    if batches.is_empty() || remittance.state == RemittanceState::Receiving {
        return Ok(effects);
    }
    let batch = batches.remove(0);
    let reference = room.reference.current().await?;
    let scene = room.scene(&reference, &remittance, now, KIND);
    let events: Vec<EventId> = batch.events.iter().map(|event| event.id).collect();
    let entries = room::entries(records, &events).await?;
    match whole(&remittance) {
        Whole::Undecided => return Ok(effects),
        Whole::Claims => {
            decide_batch(&mut effects, records, &scene, &batch, entries).await?;
        }
        Whole::Same(outcome) => {
            let entries: Vec<InboxEntry> = entries.into_values().collect();
            decide_alike(&mut effects, records, &scene, outcome, entries).await?;
        }
    }
    chain(&mut effects, work, &batch, batches.first(), now);
    Ok(effects)
}

/// What the state of a remittance means for its events.
enum Whole {
    Undecided,
    /// Each claim by itself.
    Claims,
    /// Every event alike, without looking at claims.
    Same(Outcome),
}

fn whole(remittance: &Remittance) -> Whole {
    match (remittance.state, remittance.code) {
        (RemittanceState::Booking, _) => Whole::Claims,
        (RemittanceState::Duplicate, code) => {
            Whole::Same(Outcome::LeftOut(code.unwrap_or(exception::Code::Duplicate)))
        }
        (RemittanceState::Held, Some(code)) => Whole::Same(Outcome::HeldAsPart(code)),
        (RemittanceState::Decided, Some(code)) => Whole::Same(Outcome::LeftOut(code)),
        (RemittanceState::Receiving | RemittanceState::Held | RemittanceState::Decided, None)
        | (RemittanceState::Receiving, Some(_)) => Whole::Undecided,
    }
}

/// Claims that are still to be decided: never decided, or held as part of their remittance.
fn is_to_decide(entry: &InboxEntry) -> bool {
    match entry.state {
        EventState::Pending => entry.bookings == 0,
        EventState::Quarantined => true,
        // Left out by rule, not by a person.
        EventState::Excluded => entry.code == Some(exception::Code::Duplicate),
        EventState::Posted | EventState::Rejected | EventState::Noted => false,
    }
}

async fn decide_batch(
    effects: &mut Effects,
    records: &dyn Records,
    scene: &Scene<'_>,
    batch: &EventBatch<Token>,
    entries: BTreeMap<EventId, InboxEntry>,
) -> Result<(), Failure> {
    let parties = Parties::of(scene);
    let mut first_seen = Vec::new();
    let mut by_account: BTreeMap<Code, Vec<Adjudication>> = BTreeMap::new();
    let mut controls = Controls::default();
    for event in &batch.events {
        let Some(entry) = entries.get(&event.id).filter(|entry| is_to_decide(entry)) else {
            continue;
        };
        let claim = match &event.body {
            Body::Claim(claim) => claim,
            Body::ProviderAdjustment(_) => continue,
            Body::RemittanceSealed(_) => {
                // The seal carries no amount; it is the last event of its set.
                let (to, bookings) = (EventState::Noted, entry.bookings);
                effects.transitions.push(Transition { event: event.id, to, code: None, bookings });
                continue;
            }
        };
        let adjudicated = adjudicate(scene, &parties, event, claim);
        first_seen.extend(adjudicated.first_seen);
        controls.of_reversal(&adjudicated.key, &adjudicated.adjudication);
        by_account.entry(adjudicated.key).or_default().push(adjudicated.adjudication);
    }
    let keys: Vec<Code> = by_account.keys().cloned().collect();
    let mut accounts = room::accounts(records, &keys).await?;
    let renewed = Renewed { entries, ..Renewed::default() };
    let (mut grown, mut claims) = (Vec::new(), 0_u64);
    for (key, adjudications) in by_account {
        let Some(mut account) = accounts.remove(&key) else { continue };
        claims += adjudications.len() as u64;
        for adjudication in adjudications {
            controls.of_opening(&key, &account.value, &adjudication);
            place(&mut account.value.adjudications, adjudication);
        }
        let of_this = settle_account(effects, records, scene, &key, account, &renewed).await?;
        grown.extend(of_this);
    }
    controls.write(effects, records).await?;
    provisional::flag(effects, records, scene, first_seen).await?;
    waiters_for_credits(effects, records, scene, &grown).await?;
    log(effects, scene, "claims.decided", json!({ "first": batch.first, "claims": claims }));
    Ok(())
}

/// Puts an adjudication on its account; one that is there already keeps its place in the order.
pub fn place(adjudications: &mut Vec<Adjudication>, adjudication: Adjudication) {
    match adjudications.iter_mut().find(|one| one.event == adjudication.event) {
        Some(one) => {
            let verdict = std::mem::take(&mut one.verdict);
            *one = Adjudication { verdict, ..adjudication };
        }
        None => adjudications.push(adjudication),
    }
}

/// Every event of a batch to one outcome. What was never booked has no rows to look for.
async fn decide_alike(
    effects: &mut Effects,
    records: &dyn Records,
    scene: &Scene<'_>,
    outcome: Outcome,
    entries: Vec<InboxEntry>,
) -> Result<(), Failure> {
    let (state, code) = match outcome {
        Outcome::LeftOut(code) => (EventState::Excluded, Some(code)),
        Outcome::HeldAsPart(code) | Outcome::Held(code) => (EventState::Quarantined, Some(code)),
        Outcome::Booked => (EventState::Noted, None),
    };
    let events = entries.len();
    for entry in entries {
        if entry.bookings == 0 {
            let event = entry.event;
            if (entry.state, entry.code) != (state, code) {
                effects.transitions.push(Transition { event, to: state, code, bookings: 0 });
            }
            continue;
        }
        let rows = records.rows_of(entry.event).await?;
        let items = records.items_about(&entry.event.to_string()).await?;
        let known = Known { entry, rows, items, replayed: None };
        let target = Target {
            drafts: Vec::new(),
            outcome,
            notes: Vec::new(),
            earlier_notes: Vec::new(),
            claims: 1,
            sentences: Vec::new(),
        };
        book_event(effects, scene, &target, &known)?;
    }
    let body = json!({ "events": events, "state": state, "code": code });
    log(effects, scene, "remittance.set-aside", body);
    Ok(())
}

/// One log entry per batch.
pub fn log(effects: &mut Effects, scene: &Scene<'_>, kind: &str, body: serde_json::Value) {
    effects.log.push(LogEntry {
        kind: Code::new(kind),
        subject: Code::from(scene.remittance.id.to_string()),
        by: Code::new(scene.by),
        body,
    });
}

/// Batches follow one another, and the adjustments follow the claims: a recovery may use the credit
/// that a claim of the same remittance has just made.
fn chain(
    effects: &mut Effects,
    work: &Work,
    batch: &EventBatch<Token>,
    next: Option<&EventBatch<Token>>,
    now: OffsetDateTime,
) {
    let has = batch.events.iter().any(is_adjustment);
    let adjustments = work.adjustments.or(has.then_some(batch.first));
    let unit = match next {
        Some(next) => Work { first: next.first, adjustments, ..work.clone() }.unit(now),
        None => {
            let last = decide_adjustments::Work {
                remittance: work.remittance,
                from: adjustments,
                round: work.round.clone(),
                since: work.since,
            };
            last.unit(now)
        }
    };
    effects.puts.push(unit);
}

fn is_adjustment(event: &Event<Token>) -> bool {
    match event.body {
        Body::ProviderAdjustment(_) => true,
        Body::Claim(_) | Body::RemittanceSealed(_) => false,
    }
}
