// SPDX-License-Identifier: Apache-2.0
//! What people decide about work items: send through again, leave out with two persons, done. The
//! decision is durable at once; what follows from it is work of the lane.

use model::code::Code;
use model::exception::{self, Holds, Item, ItemState, Subject};
use ports::book::{ApplyError, Book, Effects, LogEntry, Unit};
use ports::failure::Failure;
use ports::remittances::{Decided, Decision, DecisionOutcome};
use serde_json::json;
use time::OffsetDateTime;

use crate::{exclude, replay, work_item};

/// Carries a decision out, or says why not. Idempotent by item, version, person and decision.
pub async fn decide(book: &dyn Book, decided: Decided) -> Result<DecisionOutcome, Failure> {
    let Some(item) = book.item(decided.item).await? else {
        return Ok(DecisionOutcome::NotFound);
    };
    let now = book.now().await?;
    let mut effects = Effects::new(step(&decided));
    if book.applied(&effects.step).await? {
        return Ok(DecisionOutcome::Done);
    }
    if item.version != decided.version {
        return Ok(DecisionOutcome::Stale { version: item.version });
    }
    let (state, unit) = match rule(&item, &decided, now) {
        Ok(change) => change,
        Err(why) => return Ok(DecisionOutcome::Refused { why }),
    };
    if decided.decision == Decision::Replay {
        replay::readable(book, &item).await?;
    }
    effects.log.push(LogEntry {
        kind: Code::new("exception.decided"),
        subject: Code::from(item.id.to_string()),
        by: decided.by.clone(),
        body: json!({ "code": item.code, "decision": decided.decision, "state": state.as_str() }),
    });
    effects.items.push(work_item::moved(&item, state));
    effects.puts.extend(unit);
    match workflow::record(book, effects).await {
        Ok(_) => Ok(DecisionOutcome::Done),
        Err(ApplyError::Conflict { .. }) => {
            let version = book.item(decided.item).await?.map_or(0, |item| item.version);
            Ok(DecisionOutcome::Stale { version })
        }
        Err(ApplyError::Failed(failure)) => Err(failure),
        Err(error) => Err(Failure::transient(error.to_string())),
    }
}

fn step(decided: &Decided) -> Code {
    let what = json!(decided.decision).to_string();
    Code::from(format!("decide/{}/{}/{}/{what}", decided.item, decided.version, decided.by))
}

/// The next state and the work that follows, or why the decision is not allowed.
pub fn rule(
    item: &Item,
    decided: &Decided,
    now: OffsetDateTime,
) -> Result<(ItemState, Option<Unit>), String> {
    let by = decided.by.clone();
    match (&decided.decision, &item.state) {
        (Decision::Replay, ItemState::Open) => {
            let unit = replay::unit(item, now).ok_or_else(|| no_replay(item))?;
            Ok((ItemState::Replayed { by }, Some(unit)))
        }
        (Decision::Exclude { reason }, ItemState::Open) => {
            if item.holds == Holds::Nothing {
                return Err("nothing is held by this item; choose Done".to_owned());
            }
            if matches!(item.subject, Subject::Work { .. }) {
                return Err("a step cannot be left out, its events would wait for ever; replay it"
                    .to_owned());
            }
            if reason.trim().is_empty() {
                return Err("leaving an amount out needs a reason code".to_owned());
            }
            Ok((ItemState::Proposed { by, reason: reason.clone() }, None))
        }
        (Decision::Approve, ItemState::Proposed { by: proposer, reason }) => {
            if *proposer == by {
                return Err("the person who proposed it cannot approve it".to_owned());
            }
            let unit = exclude::unit(item, now);
            Ok((ItemState::Resolved { by, reason: reason.clone() }, Some(unit)))
        }
        (Decision::Withdraw, ItemState::Proposed { .. }) => Ok((ItemState::Open, None)),
        (Decision::Done { reason }, ItemState::Open) => {
            if item.holds == Holds::Events {
                return Err("events are held by this item; replay or exclude them".to_owned());
            }
            if matches!(item.subject, Subject::Work { .. }) {
                return Err("the work still waits to be done; replay it".to_owned());
            }
            if reason.trim().is_empty() {
                return Err("closing an item needs a reason code".to_owned());
            }
            Ok((ItemState::Resolved { by, reason: reason.clone() }, None))
        }
        (decision, state) => {
            let name = match decision {
                Decision::Replay => "replay",
                Decision::Exclude { .. } => "exclude",
                Decision::Approve => "approve",
                Decision::Withdraw => "withdraw",
                Decision::Done { .. } => "done",
            };
            Err(format!("{name} is not possible while the item is {}", state.as_str()))
        }
    }
}

fn no_replay(item: &Item) -> String {
    match (&item.subject, item.code) {
        (Subject::Event { .. }, exception::Code::EventConflict) => {
            "the other version of the event is not kept; hand the document in again".to_owned()
        }
        (Subject::Remittance { .. }, _) => {
            "its amounts have posted under the provisional entry; choose Done".to_owned()
        }
        (Subject::Document { .. } | Subject::Event { .. }, _)
        | (Subject::Journal { .. } | Subject::Work { .. }, _) => {
            "there is nothing to send through again".to_owned()
        }
    }
}
