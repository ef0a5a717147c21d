// SPDX-License-Identifier: Apache-2.0
//! What the remittance process may be asked: take events, take them whole, act on exceptions.

use async_trait::async_trait;
use model::code::Code;
use model::event::EventBatch;
use model::event::v1::Finding;
use model::id::{DocumentId, ExceptionId};
use model::token::Token;
use serde::{Deserialize, Serialize};
use time::Date;

use crate::failure::Failure;

/// The answer to one delivered event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Taken {
    Accepted,
    Duplicate,
    /// The same id with other source bytes: nothing was changed, a work item was opened.
    Conflict,
}

/// The last word on a document: from here its remittances may be decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentClosed {
    pub document: DocumentId,
    pub source: Code,
    pub sets: u32,
    /// Events that were delivered, and what the independent pass counted.
    pub delivered_events: u64,
    pub expected_events: u64,
    pub delivered_cents: i64,
    pub expected_cents: i64,
    pub broken_interchanges: Vec<(u32, Finding)>,
    pub refusal: Option<Finding>,
    /// Date of receipt at the source's time zone.
    pub received_on: Date,
}

/// One line of a claim-level opening file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpeningClaim {
    pub entity: Code,
    pub facility: Code,
    pub department: Code,
    pub service_line: Code,
    pub claim: Token,
    pub payer_control: Option<Token>,
    pub payer: Code,
    /// Open on 1200 at this payer.
    pub open: i64,
    /// Open on 1290-C for the claim (credit balance as a positive number).
    pub expected_contractual: i64,
    /// Open on 1210.
    pub patient_open: i64,
}

/// What a person decides about a work item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Decision {
    /// Send it through again from its stored events under the current rules.
    Replay,
    /// Leave its amount out for good, with a reason code. Needs a second person.
    Exclude {
        reason: Code,
    },
    /// The second person agrees (`Exclude`) or takes the proposal back.
    Approve,
    Withdraw,
    /// Follow-up work is done; only for items that hold nothing.
    Done {
        reason: Code,
    },
}

/// Who decides, and under which idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    pub item: ExceptionId,
    /// The version of the item that the person saw.
    pub version: u32,
    pub by: Code,
    pub decision: Decision,
}

/// Why a decision was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum DecisionOutcome {
    Done,
    NotFound,
    /// Someone else changed the item since.
    Stale {
        version: u32,
    },
    /// Not allowed in this state, or the second person is the first.
    Refused {
        why: String,
    },
}

#[async_trait]
pub trait Remittances: Send + Sync {
    /// After `Ok` every accepted event is durable in the inbox. Repeating a batch changes nothing.
    async fn deliver(&self, batch: EventBatch<Token>) -> Result<Vec<Taken>, Failure>;

    /// After `Ok` the document's remittances are queued for decision. Repeating it changes nothing.
    async fn close(&self, closed: DocumentClosed) -> Result<(), Failure>;

    /// After `Ok` the open balances of these claims are known. Posts nothing; the same line again
    /// changes nothing.
    async fn open(&self, lines: Vec<OpeningClaim>) -> Result<(), Failure>;

    /// After `Ok(Done)` the decision and its effects are durable; idempotent by item and version.
    async fn decide(&self, decided: Decided) -> Result<DecisionOutcome, Failure>;
}
