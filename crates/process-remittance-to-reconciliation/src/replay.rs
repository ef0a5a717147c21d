// SPDX-License-Identifier: Apache-2.0
//! The step `replay-item`: what an item holds or follows is decided again from its stored events under
//! the rules of now. What still fails opens a new item that names this one.

use model::code::Code;
use model::event::{Body, Event};
use model::exception::{self, Holds, Item, Subject};
use model::id::{EventId, ExceptionId};
use model::remittance::{Remittance, RemittanceState};
use model::token::Token;
use ports::book::{Effects, InboxEntry, Records, Unit};
use ports::failure::Failure;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::decide_adjustments::{Change, decide_lines};
use crate::decide_document::{closing, decide_sets};
use crate::event_account::{self, Moved};
use crate::parked;
use crate::room::{self, Room};
use crate::settle_account::Renewed;

/// Kind of the unit.
pub const KIND: &str = "replay-item";

/// What a unit of this kind carries.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Work {
    pub item: ExceptionId,
}

/// The work that follows from *Replay*; nothing where it makes no sense.
pub fn unit(item: &Item, now: OffsetDateTime) -> Option<Unit> {
    let own = |about: &dyn std::fmt::Display| {
        room::unit(about, KIND, format!("replay/{}", item.id), &Work { item: item.id }, now)
    };
    match &item.subject {
        Subject::Event { .. } if item.code == exception::Code::EventConflict => None,
        Subject::Event { remittance, .. } => Some(own(remittance)),
        Subject::Remittance { remittance } => {
            let again = item.holds == Holds::Events || item.code == exception::Code::Duplicate;
            again.then(|| own(remittance))
        }
        Subject::Document { document } => (item.holds == Holds::Events).then(|| own(document)),
        Subject::Journal { journal } => {
            Some(posting::of_journal(posting::RECHECK_JOURNAL, journal, now))
        }
        Subject::Work { unit } => parked::unit(unit, now),
    }
}

/// Fails with `EXPIRED` where what an item is about can never be decided again: the person who asks is
/// told at once, before anything is queued.
pub async fn readable(records: &dyn Records, item: &Item) -> Result<(), Failure> {
    match &item.subject {
        Subject::Event { event, .. } => {
            for entry in records.inbox(&[*event]).await? {
                records.batches(entry.remittance, entry.batch.saturating_sub(1), 1).await?;
            }
        }
        Subject::Remittance { remittance } => {
            records.batches(*remittance, 0, 1).await?;
        }
        Subject::Document { document } => {
            for set in records.remittances_of(*document).await? {
                records.batches(set.id, 0, 1).await?;
            }
        }
        Subject::Journal { .. } | Subject::Work { .. } => {}
    }
    Ok(())
}

/// The whole step.
pub async fn replay(
    room: &Room,
    records: &dyn Records,
    work: &Work,
    now: OffsetDateTime,
) -> Result<Effects, Failure> {
    let mut effects = Effects::new(Code::from(format!("{KIND}/{}", work.item)));
    let Some(item) = records.item(work.item).await? else {
        return Err(Failure::defect(format!("item {} is not known", work.item)));
    };
    match &item.subject {
        Subject::Event { event, .. } => {
            replay_event(room, records, &mut effects, &item, *event, now).await?;
        }
        Subject::Remittance { remittance } => {
            let found = records.remittance(*remittance).await?;
            let sets: Vec<Remittance> = found.into_iter().collect();
            again(room, records, &mut effects, &item, sets, now).await?;
        }
        Subject::Document { document } => {
            let mut sets = records.remittances_of(*document).await?;
            sets.retain(|one| one.code == Some(item.code));
            again(room, records, &mut effects, &item, sets, now).await?;
        }
        Subject::Journal { .. } | Subject::Work { .. } => {}
    }
    Ok(effects)
}

/// Sets as if they had just arrived, in their order.
async fn again(
    room: &Room,
    records: &dyn Records,
    effects: &mut Effects,
    item: &Item,
    mut sets: Vec<Remittance>,
    now: OffsetDateTime,
) -> Result<(), Failure> {
    let Some(document) = sets.first().map(|one| one.document) else { return Ok(()) };
    let closed = closing(records, document).await?;
    for set in &mut sets {
        set.state = RemittanceState::Receiving;
        set.code = None;
    }
    sets.sort_by_key(|one| (one.header.set, one.id));
    decide_sets(room, records, effects, &closed, sets, &item.id.to_string(), now).await
}

/// One event from its stored batch.
pub async fn stored_event(
    records: &dyn Records,
    event: EventId,
) -> Result<(InboxEntry, Event<Token>, Remittance), Failure> {
    let missing = || Failure::defect(format!("event {event} is not stored"));
    let entry = records.inbox(&[event]).await?.pop().ok_or_else(missing)?;
    let after = entry.batch.saturating_sub(1);
    let batch = records.batches(entry.remittance, after, 1).await?.pop().ok_or_else(missing)?;
    let stored = batch.events.into_iter().find(|one| one.id == event).ok_or_else(missing)?;
    let remittance = records.remittance(entry.remittance).await?.ok_or_else(missing)?;
    Ok((entry, stored, remittance))
}

async fn replay_event(
    room: &Room,
    records: &dyn Records,
    effects: &mut Effects,
    item: &Item,
    event: EventId,
    now: OffsetDateTime,
) -> Result<(), Failure> {
    let (entry, stored, remittance) = stored_event(records, event).await?;
    let reference = room.reference.current().await?;
    let scene = room.scene(&reference, &remittance, now, KIND);
    match &stored.body {
        Body::Claim(claim) => {
            let renewed = Renewed {
                entries: [(event, entry)].into(),
                replayed: Some((event, item.id, item.code)),
                ..Renewed::default()
            };
            let moved = Moved { event: &stored, claim, barred: None };
            event_account::decide(effects, records, &scene, &[moved], &renewed).await
        }
        Body::ProviderAdjustment(_) => {
            let replayed = Some((item.id, item.code));
            let change = Change { event, barred: None, left_out: None, replayed };
            decide_lines(effects, records, &scene, entry.batch, &[change]).await
        }
        Body::RemittanceSealed(_) => Ok(()),
    }
}
