// SPDX-License-Identifier: Apache-2.0
//! Journals, their lines and the sub-ledger rows behind them.

use model::journal::{Journal, JournalState, Line};
use model::money::Currency;
use model::row::{Row, Side, WindowGroup};
use ports::book::{RowPlace, RowStanding};
use serde::Serialize;
use utoipa::ToSchema;

use super::overview::instant;
use super::{Amount, ExceptionView};
use crate::csv::Tabular;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct JournalView {
    pub key: String,
    /// `ready`, `held`, `sending`, `posted`, `rejected` or `parked`.
    pub state: String,
    /// The ERP's number, once posted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erp_document: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub posted_at: Option<String>,
    /// Why it was rejected or parked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    pub target: String,
    pub entity: String,
    pub accounting_date: String,
    /// Debits, which equal credits.
    pub total: Amount,
    pub rows: u64,
    /// Versions under which it was made.
    pub versions: String,
    pub created_at: String,
}

impl JournalView {
    pub(crate) fn of(journal: &Journal) -> Self {
        let (erp_document, posted_at, code) = match &journal.state {
            JournalState::Ready | JournalState::Held | JournalState::Sending { .. } => {
                (None, None, None)
            }
            JournalState::Posted { document, at } => {
                (Some(document.to_string()), Some(instant(*at)), None)
            }
            JournalState::Rejected { code } | JournalState::Parked { code } => {
                (None, None, Some(code.as_str().to_owned()))
            }
        };
        Self {
            key: journal.key.to_string(),
            state: journal.state.as_str().to_owned(),
            erp_document,
            posted_at,
            code,
            target: journal.group.target.to_string(),
            entity: journal.group.entity.to_string(),
            accounting_date: journal.group.accounting_date.to_string(),
            total: Amount::of(journal.body.total(), journal.currency),
            rows: journal.rows,
            versions: journal.versions.to_string(),
            created_at: instant(journal.created_at),
        }
    }
}

impl Tabular for JournalView {
    const COLUMNS: &'static [&'static str] = &[
        "key",
        "state",
        "erp_document",
        "posted_at",
        "code",
        "target",
        "entity",
        "accounting_date",
        "total",
        "currency",
        "rows",
        "created_at",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.key.clone(),
            self.state.clone(),
            self.erp_document.clone().unwrap_or_default(),
            self.posted_at.clone().unwrap_or_default(),
            self.code.clone().unwrap_or_default(),
            self.target.clone(),
            self.entity.clone(),
            self.accounting_date.clone(),
            self.total.amount.to_string(),
            self.total.currency.clone(),
            self.rows.to_string(),
            self.created_at.clone(),
        ]
    }
}

/// Journals on hold that a person sees and releases together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HeldGroup {
    pub target: String,
    pub entity: String,
    pub accounting_date: String,
    pub journals: u64,
    /// Debits, which equal credits.
    pub total: Amount,
}

impl HeldGroup {
    pub(crate) fn of(group: &WindowGroup, journals: u64, total: Amount) -> Self {
        Self {
            target: group.target.to_string(),
            entity: group.entity.to_string(),
            accounting_date: group.accounting_date.to_string(),
            journals,
            total,
        }
    }
}

/// An account role with its dimensions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SideView {
    /// The number under which finance knows the role.
    pub role: String,
    pub title: String,
    pub facility: String,
    pub department: String,
    pub service_line: String,
    pub payer: String,
}

impl SideView {
    fn of(side: &Side) -> Self {
        Self {
            role: side.role.code().to_owned(),
            title: side.role.title().to_owned(),
            facility: side.facility.to_string(),
            department: side.department.to_string(),
            service_line: side.service_line.to_string(),
            payer: side.payer.to_string(),
        }
    }
}

/// One line: debit or credit, exactly one of them above zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct JournalLineView {
    #[serde(flatten)]
    pub side: SideView,
    pub debit: Amount,
    pub credit: Amount,
    /// What keeps the line apart; empty on summed lines.
    pub item: String,
}

impl JournalLineView {
    fn of(line: &Line, currency: Currency) -> Self {
        Self {
            side: SideView::of(&line.side),
            debit: Amount::of(line.debit, currency),
            credit: Amount::of(line.credit, currency),
            item: line.item.to_string(),
        }
    }
}

/// Where a row is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PlaceView {
    /// `open`, `member` or `superseded`.
    pub place: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub journal: Option<String>,
}

impl PlaceView {
    fn of(place: &RowPlace) -> Self {
        let (place, journal) = match place {
            RowPlace::Open => ("open", None),
            RowPlace::Member(key) => ("member", Some(key.to_string())),
            RowPlace::Superseded => ("superseded", None),
        };
        Self { place: place.to_owned(), journal }
    }
}

/// A double-sided sub-ledger row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RowView {
    pub id: String,
    pub event: String,
    pub remittance: String,
    pub entity: String,
    pub accounting_date: String,
    /// The natural date, where that lay in a closed period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prior_period: Option<String>,
    pub debit: SideView,
    pub credit: SideView,
    pub amount: Amount,
    pub purpose: String,
    pub item: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reverses: Option<String>,
    #[serde(flatten)]
    pub place: PlaceView,
}

impl RowView {
    pub(crate) fn of(standing: &RowStanding) -> Self {
        Self::at(&standing.row, PlaceView::of(&standing.place))
    }

    pub(crate) fn member(row: &Row, journal: &Journal) -> Self {
        Self::at(row, PlaceView::of(&RowPlace::Member(journal.key.clone())))
    }

    fn at(row: &Row, place: PlaceView) -> Self {
        let purpose = serde_json::to_value(row.purpose).unwrap_or_default();
        Self {
            id: row.id.to_string(),
            event: row.event.to_string(),
            remittance: row.remittance.to_string(),
            entity: row.entity.to_string(),
            accounting_date: row.accounting_date.to_string(),
            prior_period: row.prior_period.map(|date| date.to_string()),
            debit: SideView::of(&row.debit),
            credit: SideView::of(&row.credit),
            amount: Amount::of(row.amount.minor, row.amount.currency),
            purpose: purpose.as_str().unwrap_or_default().to_owned(),
            item: row.item.to_string(),
            reverses: row.reverses.map(|id| id.to_string()),
            place,
        }
    }
}

/// A journal with its lines and the rows that it is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct JournalDetail {
    pub journal: JournalView,
    pub lines: Vec<JournalLineView>,
    /// Its rows, at most as many as the gateway shows at once.
    pub members: Vec<RowView>,
    pub members_cut: bool,
    pub exceptions: Vec<ExceptionView>,
}

impl JournalDetail {
    pub(crate) fn bare(journal: &Journal) -> Self {
        let line = |line: &Line| JournalLineView::of(line, journal.currency);
        Self {
            journal: JournalView::of(journal),
            lines: journal.body.lines().iter().map(line).collect(),
            members: Vec::new(),
            members_cut: false,
            exceptions: Vec::new(),
        }
    }
}
