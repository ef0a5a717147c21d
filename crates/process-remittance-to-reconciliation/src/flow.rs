// SPDX-License-Identifier: Apache-2.0
//! The business on one screen: what happens to a remittance, in order, with the key of each step, what
//! makes it run again, and what undoes it.

use std::sync::Arc;

use async_trait::async_trait;
use model::event::EventBatch;
use model::token::Token;
use ports::book::{Book, Effects, Unit};
use ports::failure::Failure;
use ports::reference::ReferenceData;
use ports::remittances::{
    Decided, DecisionOutcome, DocumentClosed, OpeningClaim, Remittances, Taken,
};
use serde::de::DeserializeOwned;
use workflow::{Outcome, Scope, Step};

use crate::room::Room;
use crate::rules::Rules;
use crate::settings::Settings;
use crate::{
    close, decide_adjustments, decide_claims, decide_document, decide_item, deliver, exclude, open,
    patience, rebook, replay,
};

/// One step of the flow as finance reads it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stage {
    pub kind: &'static str,
    pub does: &'static str,
    pub key: &'static str,
    pub again: &'static str,
    pub undo: &'static str,
}

/// In the order in which a remittance meets them.
pub const FLOW: [Stage; 8] = [
    Stage {
        kind: decide_document::KIND,
        does: "each set of a closed document: whole, new, balanced, ours; else held or set aside",
        key: "document, sets decided before",
        again: "until no set is left; a replay of its item",
        undo: "exclusion of its item by two persons",
    },
    Stage {
        kind: decide_claims::KIND,
        does: "one batch of claims against their accounts: rows, holds, work items",
        key: "remittance, first ordinal, round",
        again: "in a new round after a person's decision on the remittance",
        undo: "contra rows by replay, rebook or exclusion of a claim",
    },
    Stage {
        kind: decide_adjustments::KIND,
        does: "all provider adjustments of a remittance together; then it is decided",
        key: "remittance, round, generation of the unit",
        again: "when a takeback or a credit appears that it waited for",
        undo: "its own movements are undone before it decides again",
    },
    Stage {
        kind: open::SETTLE,
        does: "a claim that was decided before its opening balance came",
        key: "account, its version",
        again: "with every change of the opening",
        undo: "contra rows by the next settlement",
    },
    Stage {
        kind: replay::KIND,
        does: "what an item holds, again, under the rules of now",
        key: "item",
        again: "never: what fails again has a new item",
        undo: "the replay of the new item",
    },
    Stage {
        kind: exclude::KIND,
        does: "an amount that two persons leave out: its hold is undone",
        key: "item",
        again: "never",
        undo: "none: the document can be handed in again",
    },
    Stage {
        kind: posting::REBOOK,
        does: "events whose rows a target has refused, by remittance",
        key: "journal, part",
        again: "never",
        undo: "replay of their items",
    },
    Stage {
        kind: rebook::PART,
        does: "holds them under dimensions that every target has",
        key: "journal, part, remittance, kind",
        again: "never",
        undo: "replay of their items",
    },
];

/// The process: takes events and decisions, and has the steps of lane `remittance`.
#[derive(Clone)]
pub struct RemittanceProcess {
    book: Arc<dyn Book>,
    room: Room,
}

impl RemittanceProcess {
    pub fn new(
        book: Arc<dyn Book>,
        reference: Arc<dyn ReferenceData>,
        rules: Arc<Rules>,
        settings: Settings,
        posting: posting::Settings,
    ) -> Self {
        Self { book, room: Room { reference, rules, settings, posting } }
    }

    /// One step per stage of the flow.
    pub fn steps(&self) -> Vec<Arc<dyn Step>> {
        let step = |stage: &Stage| {
            let step = FlowStep { kind: stage.kind, room: self.room.clone() };
            Arc::new(step) as Arc<dyn Step>
        };
        FLOW.iter().map(step).collect()
    }
}

#[async_trait]
impl Remittances for RemittanceProcess {
    async fn deliver(&self, batch: EventBatch<Token>) -> Result<Vec<Taken>, Failure> {
        deliver::deliver(self.book.as_ref(), batch).await
    }

    async fn close(&self, closed: DocumentClosed) -> Result<(), Failure> {
        close::close(self.book.as_ref(), closed).await
    }

    async fn open(&self, lines: Vec<OpeningClaim>) -> Result<(), Failure> {
        open::open(self.book.as_ref(), lines).await
    }

    async fn decide(&self, decided: Decided) -> Result<DecisionOutcome, Failure> {
        decide_item::decide(self.book.as_ref(), decided).await
    }
}

struct FlowStep {
    kind: &'static str,
    room: Room,
}

#[async_trait]
impl Step for FlowStep {
    fn kind(&self) -> &'static str {
        self.kind
    }

    async fn run(&self, unit: &Unit, scope: &Scope<'_>) -> Result<Outcome, Failure> {
        let (room, records, now) = (&self.room, scope.records, scope.now);
        let effects: Effects = match self.kind {
            decide_document::KIND => {
                let closed = decide_document::closing(records, &unit.id).await?;
                let pass = decide_document::decide_document(room, records, &closed, now).await?;
                if pass.left > 0 {
                    return Ok(Outcome::Again { effects: pass.effects, due: now });
                }
                pass.effects
            }
            decide_claims::KIND => {
                let work = body::<decide_claims::Work>(unit)?;
                let effects = decide_claims::decide_claims(room, records, &work, now).await?;
                if let Some(due) = patience::until(&room.settings, &effects, work.since, now) {
                    return Ok(Outcome::Again { effects: Effects::new(effects.step.0), due });
                }
                effects
            }
            decide_adjustments::KIND => {
                let work = body::<decide_adjustments::Work>(unit)?;
                let effects = decide_adjustments::decide_adjustments(
                    room,
                    records,
                    &work,
                    unit.generation,
                    now,
                )
                .await?;
                if let Some(due) = patience::until(&room.settings, &effects, work.since, now) {
                    return Ok(Outcome::Again { effects: Effects::new(effects.step.0), due });
                }
                effects
            }
            open::SETTLE => open::settle(room, records, &body(unit)?, now).await?,
            replay::KIND => replay::replay(room, records, &body(unit)?, now).await?,
            exclude::KIND => exclude::exclude(room, records, &body(unit)?, now).await?,
            posting::REBOOK => rebook::rebook(records, &body(unit)?, unit, now).await?,
            rebook::PART => rebook::rebook_part(room, records, &body(unit)?, unit, now).await?,
            other => return Err(Failure::defect(format!("no step is called {other}"))),
        };
        Ok(Outcome::Done(effects))
    }
}

fn body<T: DeserializeOwned>(unit: &Unit) -> Result<T, Failure> {
    serde_json::from_value(unit.body.clone())
        .map_err(|error| Failure::defect(format!("the body of unit {}: {error}", unit.id)))
}
