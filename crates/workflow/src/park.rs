// SPDX-License-Identifier: Apache-2.0
//! What becomes of a unit whose step failed: tried again later, or handed to a person.

use std::time::Duration;

use model::code::Code;
use model::exception::{self, Holds, Item, ItemState, Subject};
use model::id::ExceptionId;
use ports::book::{Effects, LogEntry, Unit};
use ports::failure::Failure;
use serde_json::json;
use time::OffsetDateTime;

use crate::runner::Limits;

/// Characters of a reason, so that no foreign text fills the queue.
const REASON_CHARACTERS_MAX: usize = 500;

pub enum Treatment {
    PutBack(OffsetDateTime),
    Park(Box<Effects>),
}

/// Doubles from the smallest to the largest pause.
pub fn backoff(limits: &Limits, attempts: u32) -> Duration {
    let doubled = limits.backoff_ms_min.saturating_mul(1 << attempts.min(20));
    Duration::from_millis(doubled.min(limits.backoff_ms_max))
}

pub fn treat(limits: &Limits, unit: &Unit, now: OffsetDateTime, failure: &Failure) -> Treatment {
    let later = now + backoff(limits, unit.attempts);
    match failure {
        Failure::Transient { after, .. } => {
            let asked = after.map_or(later, |after| now + after);
            Treatment::PutBack(later.max(asked))
        }
        // The step itself looks it up before anything else when it runs again.
        Failure::OutcomeUnknown { .. } => Treatment::PutBack(later),
        Failure::Business { code, message } => Treatment::Park(park(unit, now, *code, message)),
        Failure::Defect(_) if unit.attempts + 1 < limits.attempts_max => Treatment::PutBack(later),
        Failure::Defect(message) => {
            Treatment::Park(park(unit, now, exception::Code::Defect, message))
        }
    }
}

fn park(unit: &Unit, now: OffsetDateTime, code: exception::Code, message: &str) -> Box<Effects> {
    let mut effects = Effects::new(format!("park/{}/{}", unit.lane, unit.id));
    let subject = Subject::Work { unit: Code::from(format!("{}/{}", unit.lane, unit.id)) };
    let round = u32::try_from(unit.generation).unwrap_or(u32::MAX);
    let item = Item {
        id: ExceptionId::of(&subject.id(), code.as_str(), round),
        code,
        subject: subject.clone(),
        holds: Holds::Nothing,
        amount: 0,
        claims: 0,
        reason: message.chars().take(REASON_CHARACTERS_MAX).collect(),
        state: ItemState::Open,
        parent: None,
        version: 1,
        opened_at: now,
    };
    effects.log.push(LogEntry {
        kind: Code::new("work.parked"),
        subject: Code::from(subject.id()),
        by: unit.kind.clone(),
        body: json!({ "code": code, "item": item.id, "unit": unit.body, "kind": unit.kind }),
    });
    effects.items.push(item);
    Box::new(effects)
}
