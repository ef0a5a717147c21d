// SPDX-License-Identifier: Apache-2.0
//! The steps `rebook` and `rebook-part`: a target has refused the rows of some events for good. Their
//! effect on claims is undone, their payments are held under dimensions that every target has, and each
//! waits for a person.

use std::collections::BTreeMap;

use model::code::Code;
use model::event::Body;
use model::event::EventKind;
use model::exception;
use model::id::{EventId, RemittanceId};
use ports::book::{Effects, InboxEntry, Records, Unit};
use ports::failure::Failure;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::account::{Barred, HoldWith};
use crate::decide_adjustments::{Change, decide_lines};
use crate::event_account::{self, Moved};
use crate::replay::stored_event;
use crate::room::{self, Room};
use crate::settle_account::Renewed;

/// Kind of the unit that takes one remittance's share.
pub const PART: &str = "rebook-part";

/// What posting puts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Work {
    pub events: Vec<EventId>,
    pub code: exception::Code,
    #[serde(default)]
    pub text: String,
    pub journal: Code,
}

/// Fans out: one unit per remittance and kind, so that no two touch the same accounts at once.
pub async fn rebook(
    records: &dyn Records,
    work: &Work,
    unit: &Unit,
    now: OffsetDateTime,
) -> Result<Effects, Failure> {
    let mut effects = Effects::new(Code::from(format!("rebook/{}", unit.id)));
    let mut parts: BTreeMap<(RemittanceId, EventKind), Vec<EventId>> = BTreeMap::new();
    for entry in room::entries(records, &work.events).await?.into_values() {
        parts.entry((entry.remittance, entry.kind)).or_default().push(entry.event);
    }
    for ((remittance, kind), events) in parts {
        let id = Code::from(format!("rebook/{}/{remittance}/{}", unit.id, kind.as_str()));
        let part = Work { events, ..work.clone() };
        effects.puts.push(room::unit(remittance, PART, id, &part, now));
    }
    Ok(effects)
}

/// Events of one remittance and kind.
pub async fn rebook_part(
    room: &Room,
    records: &dyn Records,
    work: &Work,
    unit: &Unit,
    now: OffsetDateTime,
) -> Result<Effects, Failure> {
    let mut effects = Effects::new(Code::from(format!("{PART}/{}", unit.id)));
    let mut stored = Vec::new();
    for event in &work.events {
        stored.push(stored_event(records, *event).await?);
    }
    let Some((first, _, remittance)) = stored.first() else { return Ok(effects) };
    let (batch, remittance) = (first.batch, remittance.clone());
    let reference = room.reference.current().await?;
    let scene = room.scene(&reference, &remittance, now, posting::REBOOK);
    let mut renewed = Renewed::default();
    let (mut claims, mut changes) = (Vec::new(), Vec::new());
    for (entry, event, _) in &stored {
        let reason = Some(work.text.clone()).filter(|text| !text.is_empty());
        let hold = hold(room, work.code, entry);
        let barred = Some(Barred { code: work.code, hold, reason });
        match &event.body {
            Body::Claim(claim) => claims.push(Moved { event, claim, barred }),
            Body::ProviderAdjustment(_) => {
                changes.push(Change { event: event.id, barred, left_out: None, replayed: None })
            }
            Body::RemittanceSealed(_) => {}
        }
        renewed.entries.insert(event.id, entry.clone());
    }
    if !claims.is_empty() {
        event_account::decide(&mut effects, records, &scene, &claims, &renewed).await?;
    }
    if !changes.is_empty() {
        decide_lines(&mut effects, records, &scene, batch, &changes).await?;
    }
    Ok(effects)
}

/// A refused hold is not held once more, and a closed period has no day for it.
fn hold(room: &Room, code: exception::Code, entry: &InboxEntry) -> HoldWith {
    let was_held = entry.state == model::event::EventState::Quarantined;
    if was_held || code == exception::Code::PeriodClosed {
        return HoldWith::NoRows;
    }
    HoldWith::Dimensions {
        facility: room.settings.default_facility.clone(),
        department: room.settings.default_department.clone(),
        service_line: room.settings.default_service_line.clone(),
        payer: room.settings.default_payer.clone(),
    }
}
