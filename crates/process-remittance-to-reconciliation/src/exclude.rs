// SPDX-License-Identifier: Apache-2.0
//! The step `exclude-item`: two persons have agreed to leave an amount out. Its hold is undone, so that
//! nothing of it is left in the books, and its events are excluded, a column of their own.

use model::code::Code;
use model::event::Body;
use model::exception::{self, Item, Subject};
use model::id::{EventId, ExceptionId};
use model::remittance::{Remittance, RemittanceState};
use ports::book::{Effects, Records, Unit};
use ports::failure::Failure;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::account::{Barred, HoldWith};
use crate::decide_adjustments::{Change, decide_lines};
use crate::decide_document::put_claims;
use crate::event_account::{self, Moved};
use crate::replay::stored_event;
use crate::room::{self, Room};
use crate::settle_account::Renewed;

/// Kind of the unit.
pub const KIND: &str = "exclude-item";

/// What a unit of this kind carries.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Work {
    pub item: ExceptionId,
}

/// The work that follows when a second person has agreed.
pub fn unit(item: &Item, now: OffsetDateTime) -> Unit {
    let about = match &item.subject {
        Subject::Event { remittance, .. } | Subject::Remittance { remittance } => {
            remittance.to_string()
        }
        Subject::Document { document } => document.to_string(),
        Subject::Journal { .. } | Subject::Work { .. } => item.id.to_string(),
    };
    room::unit(about, KIND, format!("exclude/{}", item.id), &Work { item: item.id }, now)
}

/// The whole step.
pub async fn exclude(
    room: &Room,
    records: &dyn Records,
    work: &Work,
    now: OffsetDateTime,
) -> Result<Effects, Failure> {
    let mut effects = Effects::new(Code::from(format!("{KIND}/{}", work.item)));
    let Some(item) = records.item(work.item).await? else {
        return Err(Failure::defect(format!("item {} is not known", work.item)));
    };
    let sets = match &item.subject {
        Subject::Event { event, .. } => {
            exclude_event(room, records, &mut effects, item.code, *event, now).await?;
            Vec::new()
        }
        Subject::Remittance { remittance } => {
            records.remittance(*remittance).await?.into_iter().collect()
        }
        Subject::Document { document } => records.remittances_of(*document).await?,
        Subject::Journal { .. } | Subject::Work { .. } => Vec::new(),
    };
    for set in sets {
        exclude_set(records, &mut effects, &item, set, now).await?;
    }
    Ok(effects)
}

/// A held set, and its events batch by batch.
async fn exclude_set(
    records: &dyn Records,
    effects: &mut Effects,
    item: &Item,
    mut set: Remittance,
    now: OffsetDateTime,
) -> Result<(), Failure> {
    if set.state != RemittanceState::Held || set.code != Some(item.code) {
        return Ok(());
    }
    set.state = RemittanceState::Decided;
    put_claims(effects, records, &set, &item.id.to_string(), now).await?;
    effects.remittances.push(set);
    Ok(())
}

async fn exclude_event(
    room: &Room,
    records: &dyn Records,
    effects: &mut Effects,
    code: exception::Code,
    event: EventId,
    now: OffsetDateTime,
) -> Result<(), Failure> {
    let (entry, stored, remittance) = stored_event(records, event).await?;
    let reference = room.reference.current().await?;
    let scene = room.scene(&reference, &remittance, now, KIND);
    let barred = Some(Barred { code, hold: HoldWith::NoRows, reason: None });
    match &stored.body {
        Body::Claim(claim) => {
            let renewed = Renewed {
                entries: [(event, entry)].into(),
                left_out: Some((event, code)),
                ..Renewed::default()
            };
            let moved = Moved { event: &stored, claim, barred };
            event_account::decide(effects, records, &scene, &[moved], &renewed).await
        }
        Body::ProviderAdjustment(_) => {
            let left_out = Some(code);
            let change = Change { event, barred, left_out, replayed: None };
            decide_lines(effects, records, &scene, entry.batch, &[change]).await
        }
        Body::RemittanceSealed(_) => Ok(()),
    }
}
