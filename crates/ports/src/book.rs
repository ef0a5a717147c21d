// SPDX-License-Identifier: Apache-2.0
//! The transaction boundary: a step decides purely, the workflow runner applies its effects here,
//! in one transaction, refused when the fence is stale, idempotent by step key.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use model::code::Code;
use model::event::{EventBatch, EventKind, EventState};
use model::exception::{self, Item};
use model::id::{DocumentId, EventId, ExceptionId, Hash, RemittanceId, RowId};
use model::journal::{Journal, JournalKey, JournalState};
use model::money::Minor;
use model::remittance::Remittance;
use model::row::{Row, WindowGroup};
use model::token::Token;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

use crate::failure::Failure;
use crate::json::Json;

/// A lane is worked by one leaseholder at a time; within it units run in order of due time and id.
pub type Lane = Code;

/// Proof of holding a lane: the number grows with every new holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    pub lane: Lane,
    pub number: u64,
}

/// A piece of work. Its id is unique in its lane: putting it again while it waits keeps one unit,
/// with the earlier due time, the newer kind and body and a higher generation, so that a put during its
/// run is not lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    pub lane: Lane,
    pub id: Code,
    /// Which step handles it.
    pub kind: Code,
    pub body: Value,
    #[serde(with = "time::serde::rfc3339")]
    pub due: OffsetDateTime,
    /// How often it has been tried and put back.
    pub attempts: u32,
    /// Set by the book; `0` in a put.
    pub generation: u64,
}

impl Unit {
    pub fn new(
        lane: &str,
        kind: &str,
        id: impl Into<Code>,
        body: Value,
        due: OffsetDateTime,
    ) -> Self {
        let (lane, kind) = (Code::new(lane), Code::new(kind));
        Self { lane, id: id.into(), kind, body, due, attempts: 0, generation: 0 }
    }
}

/// Identifies a step's transaction for ever: applying it again is a no-op that answers the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepKey(pub Code);

/// An inbox entry: narrow, for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxEntry {
    pub event: EventId,
    pub remittance: RemittanceId,
    pub document: DocumentId,
    pub kind: EventKind,
    pub ordinal: u64,
    /// First ordinal of the batch that holds its payload.
    pub batch: u64,
    pub source_hash: Hash,
    pub amount: Minor,
    pub state: EventState,
    pub code: Option<exception::Code>,
    /// How often it has been booked; names the rows of the next booking.
    pub bookings: u32,
}

/// A change of one event's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    pub event: EventId,
    pub to: EventState,
    pub code: Option<exception::Code>,
    /// Raised by one with each booking.
    pub bookings: u32,
}

/// Process state by kind and key, with an optimistic version: `expected` is 0 for a new one.
#[derive(Debug, Clone, PartialEq)]
pub struct StatePut {
    pub kind: Code,
    pub key: Code,
    pub body: Json,
    pub expected: u64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct StateRecord {
    pub key: Code,
    pub version: u64,
    pub body: Json,
}

/// What happens to a journal.
#[derive(Debug, Clone, PartialEq)]
pub enum JournalChange {
    /// A window was closed: the journal and its membership, for rows that are open. The rows leave
    /// the open set in the same transaction.
    Close { journal: Journal, members: Vec<RowId> },
    /// The state moves on from `from` (compared by name, and as a whole where `Sending`).
    /// To `Posted`: every pending event all of whose live rows are in posted journals becomes posted.
    Move { key: JournalKey, from: JournalState, to: JournalState },
    /// Definitely rejected: `reopen` rows go back to the open set, `withdraw` rows are superseded;
    /// together they are the whole membership.
    Reject {
        key: JournalKey,
        from: JournalState,
        code: exception::Code,
        reopen: Vec<RowId>,
        withdraw: Vec<RowId>,
    },
}

/// An entry for the log. It is written unnumbered in the effect's transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// `event.booked`, `journal.posted`, `exception.opened` …
    pub kind: Code,
    /// The id of what it is about, as used in search.
    pub subject: Code,
    /// Who: a principal or the step.
    pub by: Code,
    /// Tokens only.
    pub body: Value,
}

/// A stored answer to a caller's idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub principal: Code,
    pub key: Code,
    pub body_hash: Hash,
    pub answer: Value,
}

/// Everything a step wants done, in one transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct Effects {
    pub step: StepKey,
    /// New inbox entries with their payloads, each in a batch of at most 1,000 places. One that is there
    /// already is a conflict.
    pub inbox: Vec<InboxEntry>,
    pub batches: Vec<Arc<EventBatch<Token>>>,
    pub transitions: Vec<Transition>,
    /// Whole records, replacing what is there.
    pub remittances: Vec<Remittance>,
    pub states: Vec<StatePut>,
    /// New rows join the open set of their window group; ids that exist are a defect.
    pub rows: Vec<(WindowGroup, Row)>,
    /// Rows not in any live journal that shall never post (their event is booked anew).
    pub supersede: Vec<RowId>,
    pub journals: Vec<JournalChange>,
    /// Items to insert or replace; the stored version must be one lower (0: new; an existing new
    /// one is left alone).
    pub items: Vec<Item>,
    pub puts: Vec<Unit>,
    /// Units to remove, if their generation is still the leased one; otherwise they stay due. Takes
    /// come before puts: a unit in both stays, with its new time and no attempts.
    pub takes: Vec<Unit>,
    pub log: Vec<LogEntry>,
    /// A second answer under the same principal and key is a conflict.
    pub answers: Vec<Answer>,
}

impl Effects {
    pub fn new(step: impl Into<Code>) -> Self {
        Self {
            step: StepKey(step.into()),
            inbox: Vec::new(),
            batches: Vec::new(),
            transitions: Vec::new(),
            remittances: Vec::new(),
            states: Vec::new(),
            rows: Vec::new(),
            supersede: Vec::new(),
            journals: Vec::new(),
            items: Vec::new(),
            puts: Vec::new(),
            takes: Vec::new(),
            log: Vec::new(),
            answers: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    Now,
    /// This step key had been applied before: nothing changed.
    Before,
}

/// Why nothing was applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// Another holder has the lane. Drop everything and lease again.
    #[error("the fence of lane {lane} is stale")]
    StaleFence { lane: Lane },
    /// Another transaction changed a version or a state since it was read. Read and decide again.
    #[error("changed since it was read: {what}")]
    Conflict { what: String },
    /// The commit was sent and its answer lost. Ask `applied`.
    #[error("the outcome of the commit is unknown")]
    CommitUnknown,
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// A lease with the time it ends, by the book's own clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub fence: Fence,
    pub until: OffsetDateTime,
    /// How many lanes another holds who asks for this one.
    pub asked: Option<u32>,
}

#[async_trait]
pub trait Book: Records {
    /// Takes or renews a lane for `holder`. `None`: someone else holds it. A new holder, and the same
    /// holder after its lease ran out, gets a higher fence.
    async fn lease(
        &self,
        lane: &Lane,
        holder: &Code,
        length: Duration,
    ) -> Result<Option<Lease>, Failure>;

    /// Asks whoever else holds the lane to share: `holder` has `held` lanes and would work this one too.
    /// The holder is told with its next renewal, unless it comes later than `length` from now.
    async fn ask_for(
        &self,
        lane: &Lane,
        holder: &Code,
        held: u32,
        length: Duration,
    ) -> Result<(), Failure>;

    /// Gives the lane back early, if the fence still holds it.
    async fn release(&self, fence: &Fence) -> Result<(), Failure>;

    /// Due units of a lane, oldest first.
    async fn due(&self, lane: &Lane, limit: usize) -> Result<Vec<Unit>, Failure>;

    /// When the next unit of a lane falls due, if there is any.
    async fn next_due(&self, lane: &Lane) -> Result<Option<OffsetDateTime>, Failure>;

    /// Puts a unit back, with one more attempt, not before `due`.
    async fn put_back(
        &self,
        fence: &Fence,
        unit: &Unit,
        due: OffsetDateTime,
    ) -> Result<(), ApplyError>;

    /// All or nothing, under the fence, once per step key.
    async fn apply(&self, fence: &Fence, effects: &Effects) -> Result<Applied, ApplyError>;

    /// The same without a lane, for effects that guard themselves by identity and version
    /// (deliveries, decisions of people).
    async fn apply_unfenced(&self, effects: &Effects) -> Result<Applied, ApplyError>;

    /// Whether a step key has been applied.
    async fn applied(&self, step: &StepKey) -> Result<bool, Failure>;

    /// Numbers up to `limit` unnumbered log entries, in order of writing, without gaps. Fenced by the
    /// lane `sequencer`. Returns how many.
    async fn sequence(&self, fence: &Fence, limit: usize) -> Result<usize, ApplyError>;
}

/// What a step may read before it decides.
#[async_trait]
pub trait Records: Send + Sync {
    /// The book's own clock.
    async fn now(&self) -> Result<OffsetDateTime, Failure>;

    async fn inbox(&self, events: &[EventId]) -> Result<Vec<InboxEntry>, Failure>;

    /// Inbox entries of a remittance in order, `ordinal > after`.
    async fn inbox_of(
        &self,
        remittance: RemittanceId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<InboxEntry>, Failure>;

    /// Batches of a remittance in order of `first`, `first > after`.
    async fn batches(
        &self,
        remittance: RemittanceId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<EventBatch<Token>>, Failure>;

    async fn remittance(&self, id: RemittanceId) -> Result<Option<Remittance>, Failure>;

    async fn remittances_of(&self, document: DocumentId) -> Result<Vec<Remittance>, Failure>;

    async fn remittances_like(&self, identity: &Hash) -> Result<Vec<Remittance>, Failure>;

    /// Those that exist, in no particular order.
    async fn states(&self, kind: &str, keys: &[Code]) -> Result<Vec<StateRecord>, Failure>;

    /// Rows by id.
    async fn rows(&self, ids: &[RowId]) -> Result<Vec<Row>, Failure>;

    /// Every row that the event ever had, with the live journal that holds it, if any.
    async fn rows_of(&self, event: EventId) -> Result<Vec<RowStanding>, Failure>;

    /// Open rows of a group in order of writing; the rows of one event are never split by `limit`
    /// (the page may exceed it by the rest of the last event).
    async fn open_rows(&self, group: &WindowGroup, limit: usize) -> Result<Vec<Row>, Failure>;

    /// Groups that have open rows, with how many and since when.
    async fn open_groups(&self) -> Result<Vec<OpenGroup>, Failure>;

    async fn journal(&self, key: &JournalKey) -> Result<Option<Journal>, Failure>;

    /// The live membership of a journal, in order of row id.
    async fn members(&self, key: &JournalKey) -> Result<Vec<Row>, Failure>;

    /// The same by their ids alone, which is far less to read.
    async fn member_ids(&self, key: &JournalKey) -> Result<Vec<RowId>, Failure> {
        Ok(self.members(key).await?.into_iter().map(|row| row.id).collect())
    }

    /// The documents that its live membership came from, in order of id.
    async fn documents_of(&self, key: &JournalKey) -> Result<Vec<DocumentId>, Failure> {
        let members = self.members(key).await?;
        let events: BTreeSet<EventId> = members.iter().map(|row| row.event).collect();
        let events: Vec<EventId> = events.into_iter().collect();
        let entries = self.inbox(&events).await?;
        let documents: BTreeSet<DocumentId> = entries.iter().map(|entry| entry.document).collect();
        Ok(documents.into_iter().collect())
    }

    async fn item(&self, id: ExceptionId) -> Result<Option<Item>, Failure>;

    /// Items about a subject (its id), oldest first.
    async fn items_about(&self, subject: &str) -> Result<Vec<Item>, Failure>;

    async fn answer(&self, principal: &str, key: &str) -> Result<Option<Answer>, Failure>;
}

#[derive(Debug, Clone, PartialEq)]
pub struct RowStanding {
    pub row: Row,
    pub place: RowPlace,
    /// The target of its window or journal; none once it is superseded.
    pub target: Option<Code>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowPlace {
    Open,
    Member(JournalKey),
    Superseded,
}

#[derive(Debug, Clone, PartialEq)]
pub struct OpenGroup {
    pub group: WindowGroup,
    pub rows: u64,
    pub since: OffsetDateTime,
}
