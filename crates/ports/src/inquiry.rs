// SPDX-License-Identifier: Apache-2.0
//! The read side of a process's book, for lists and tie-outs. Counted from the tables themselves.

use async_trait::async_trait;
use model::code::Code;
use model::event::{EventKind, EventState};
use model::exception::{self, Item};
use model::id::{DocumentId, EventId, ExceptionId, RemittanceId, RowId};
use model::journal::{Journal, JournalKey};
use model::money::Minor;
use model::remittance::{Remittance, RemittanceState};
use model::role::Role;
use model::row::{Purpose, Row};
use serde::{Deserialize, Serialize};
use time::Date;

use crate::book::{InboxEntry, RowStanding};
use crate::failure::Failure;

/// Inbox entries by document, kind and state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxSum {
    pub document: DocumentId,
    pub kind: EventKind,
    pub state: EventState,
    pub events: u64,
    pub cents: Minor,
}

/// Membership of one posted journal as the rows say it, net debit by role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalSum {
    pub key: JournalKey,
    pub document: Code,
    /// Rows that its membership names, and rows that exist.
    pub members: u64,
    pub rows: u64,
    pub rows_total: Minor,
    pub lines_total: Minor,
}

/// A list filter; empty fields match everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RemittanceFilter {
    pub state: Option<RemittanceState>,
    pub document: Option<DocumentId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ItemFilter {
    pub code: Option<exception::Code>,
    /// `open` (open and proposed), `resolved`, `replayed`; everything when `None`.
    pub state: Option<Code>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JournalFilter {
    pub state: Option<Code>,
    pub entity: Option<Code>,
    /// Accounting date.
    pub date: Option<Date>,
    pub target: Option<Code>,
}

/// What a search by id found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Hit {
    Remittance {
        id: RemittanceId,
    },
    Event {
        id: EventId,
        remittance: RemittanceId,
    },
    Journal {
        key: JournalKey,
    },
    Row {
        id: RowId,
    },
    Exception {
        id: ExceptionId,
    },
    /// Number in the feed that the id is the subject of.
    Log {
        number: u64,
    },
}

#[async_trait]
pub trait Inquiry: Send + Sync {
    /// Newest first by (sealed_at, id), after the cursor.
    async fn remittances(
        &self,
        filter: &RemittanceFilter,
        after: Option<RemittanceId>,
        limit: usize,
    ) -> Result<Vec<Remittance>, Failure>;

    /// Newest first by (created_at, key), after the cursor.
    async fn journals(
        &self,
        filter: &JournalFilter,
        after: Option<&JournalKey>,
        limit: usize,
    ) -> Result<Vec<Journal>, Failure>;

    /// Newest first by (opened_at, id), after the cursor.
    async fn items(
        &self,
        filter: &ItemFilter,
        after: Option<ExceptionId>,
        limit: usize,
    ) -> Result<Vec<Item>, Failure>;

    /// Open items by code: how many, claims, cents.
    async fn items_by_code(&self) -> Result<Vec<(exception::Code, u64, u64, Minor)>, Failure>;

    /// Counted from the inbox: of one document, or of all.
    async fn inbox_sums(&self, of: Option<DocumentId>) -> Result<Vec<InboxSum>, Failure>;

    /// Posted events whose rows are missing, not live, or not in a posted journal; and noted,
    /// excluded or rejected ones with live rows that no live row reverses. At most `limit`, of one document
    /// or of all.
    async fn events_without_their_rows(
        &self,
        of: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<InboxEntry>, Failure>;

    /// One per posted journal, after the cursor in order of key.
    async fn journal_sums(
        &self,
        after: Option<&JournalKey>,
        limit: usize,
    ) -> Result<Vec<JournalSum>, Failure>;

    /// Net debit per entity and role over live rows in posted journals.
    async fn posted_by_role(&self) -> Result<Vec<(Code, Role, Minor)>, Failure>;

    /// Net debit on the clearing role (1090) per purpose over live rows in posted journals.
    async fn posted_on_clearing(&self) -> Result<Vec<(Purpose, Minor)>, Failure>;

    /// Net debit per (entity, facility, payer, role), each side with its own dimensions, over live rows
    /// in posted journals.
    async fn posted_by_dimension(&self) -> Result<Vec<(Code, Code, Code, Role, Minor)>, Failure>;

    async fn rows_of_remittance(
        &self,
        remittance: RemittanceId,
        limit: usize,
    ) -> Result<Vec<RowStanding>, Failure>;

    async fn row(&self, id: RowId) -> Result<Option<Row>, Failure>;

    /// Whatever has exactly this id, a trace (TRN02), an ERP document number or a token.
    async fn search(&self, text: &str, limit: usize) -> Result<Vec<Hit>, Failure>;

    /// Units waiting per lane, due and later.
    async fn waiting(&self) -> Result<Vec<(Code, u64, u64)>, Failure>;
}
