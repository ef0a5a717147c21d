// SPDX-License-Identifier: Apache-2.0
//! Exceptions: what waits for a person, why, and what may be done about it.

use model::exception::{Code, Holds, Item, ItemState, Subject};
use model::money::{Currency, Minor};
use serde::Serialize;
use utoipa::ToSchema;

use super::Amount;
use super::overview::instant;
use crate::csv::Tabular;

/// The narrowest thing that has the problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SubjectView {
    /// `document`, `remittance`, `event`, `journal` or `work`.
    pub kind: String,
    pub id: String,
    /// Its page in this API; absent for a unit of work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remittance: Option<String>,
}

impl SubjectView {
    fn of(subject: &Subject) -> Self {
        let id = subject.id();
        let (kind, folder, remittance) = match subject {
            Subject::Document { .. } => ("document", Some("documents"), None),
            Subject::Remittance { remittance } => {
                ("remittance", Some("remittances"), Some(remittance.to_string()))
            }
            Subject::Event { remittance, .. } => {
                ("event", Some("events"), Some(remittance.to_string()))
            }
            Subject::Journal { .. } => ("journal", Some("journals"), None),
            Subject::Work { .. } => ("work", None, None),
        };
        let href = folder.map(|folder| format!("/v1/{folder}/{id}"));
        Self { kind: kind.to_owned(), id, href, remittance }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExceptionView {
    pub id: String,
    /// Stable code; its page says what to do.
    pub code: String,
    pub title: String,
    pub owner: String,
    pub subject: SubjectView,
    /// Whether the amount is held back, or only follow-up work is left.
    pub holds_events: bool,
    pub amount: Amount,
    pub claims: u64,
    /// One sentence with the place.
    pub reason: String,
    /// `open`, `proposed`, `replayed` or `resolved`.
    pub state: String,
    /// Who proposed, replayed or resolved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The reason code given with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// The item that this one follows after a replay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Send it back as `If-Match: "<version>"`.
    pub version: u32,
    pub opened_at: String,
}

impl ExceptionView {
    pub(crate) fn of(item: &Item, currency: Currency) -> Self {
        let (by, because) = match &item.state {
            ItemState::Open => (None, None),
            ItemState::Proposed { by, reason } | ItemState::Resolved { by, reason } => {
                (Some(by.to_string()), Some(reason.to_string()))
            }
            ItemState::Replayed { by } => (Some(by.to_string()), None),
        };
        Self {
            id: item.id.to_string(),
            code: item.code.as_str().to_owned(),
            title: item.code.title().to_owned(),
            owner: item.code.owner().as_str().to_owned(),
            subject: SubjectView::of(&item.subject),
            holds_events: item.holds == Holds::Events,
            amount: Amount::of(item.amount, currency),
            claims: item.claims,
            reason: item.reason.clone(),
            state: item.state.as_str().to_owned(),
            by,
            because,
            parent: item.parent.map(|parent| parent.to_string()),
            version: item.version,
            opened_at: instant(item.opened_at),
        }
    }
}

impl Tabular for ExceptionView {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "code",
        "title",
        "owner",
        "subject_kind",
        "subject",
        "holds_events",
        "amount",
        "currency",
        "claims",
        "state",
        "by",
        "because",
        "reason",
        "version",
        "opened_at",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            self.code.clone(),
            self.title.clone(),
            self.owner.clone(),
            self.subject.kind.clone(),
            self.subject.id.clone(),
            self.holds_events.to_string(),
            self.amount.amount.to_string(),
            self.amount.currency.clone(),
            self.claims.to_string(),
            self.state.clone(),
            self.by.clone().unwrap_or_default(),
            self.because.clone().unwrap_or_default(),
            self.reason.clone(),
            self.version.to_string(),
            self.opened_at.clone(),
        ]
    }
}

/// An exception with the page of its code and what may be done now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExceptionDetail {
    pub exception: ExceptionView,
    /// Markdown: what happened, who owns it, what to do.
    pub page: String,
    /// `replay`, `exclude`, `done`, `approve`, `withdraw`: what its state and your token allow.
    pub actions: Vec<String>,
}

/// A stable exception code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CodeView {
    pub code: String,
    pub title: String,
    pub owner: String,
    /// Markdown: what happened, who owns it, what to do.
    pub page: String,
}

impl CodeView {
    pub(crate) fn of(code: Code) -> Self {
        Self {
            code: code.as_str().to_owned(),
            title: code.title().to_owned(),
            owner: code.owner().as_str().to_owned(),
            page: code.page().to_owned(),
        }
    }
}

/// How much waits under a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CodeSummary {
    pub code: String,
    pub title: String,
    pub owner: String,
    /// Open items, proposed ones included.
    pub items: u64,
    pub claims: u64,
    pub amount: Amount,
}

impl CodeSummary {
    pub(crate) fn of(
        (code, items, claims, amount): (Code, u64, u64, Minor),
        currency: Currency,
    ) -> Self {
        Self {
            code: code.as_str().to_owned(),
            title: code.title().to_owned(),
            owner: code.owner().as_str().to_owned(),
            items,
            claims,
            amount: Amount::of(amount, currency),
        }
    }
}

impl Tabular for CodeSummary {
    const COLUMNS: &'static [&'static str] =
        &["code", "title", "owner", "items", "claims", "amount", "currency"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.code.clone(),
            self.title.clone(),
            self.owner.clone(),
            self.items.to_string(),
            self.claims.to_string(),
            self.amount.amount.to_string(),
            self.amount.currency.clone(),
        ]
    }
}
