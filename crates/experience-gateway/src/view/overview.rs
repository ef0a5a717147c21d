// SPDX-License-Identifier: Apache-2.0
//! What spans documents: the completeness equation, search hits, timelines and the log.

use model::event::EventState;
use model::money::Currency;
use ports::feed::Numbered;
use ports::inquiry::Hit;
use ports::oversight::{Completeness, Measure, Moment};
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::ToSchema;

use super::Amount;
use crate::csv::Tabular;

/// RFC 3339 in UTC.
pub(crate) fn instant(at: OffsetDateTime) -> String {
    at.to_offset(time::UtcOffset::UTC).format(&Rfc3339).unwrap_or_default()
}

/// One column of the equation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MeasureView {
    pub documents: u64,
    pub events: u64,
    pub amount: Amount,
}

impl MeasureView {
    fn of(measure: &Measure, currency: Currency) -> Self {
        Self {
            documents: measure.documents,
            events: measure.events,
            amount: Amount::of(measure.cents, currency),
        }
    }

    pub fn is_zero(&self) -> bool {
        self.documents == 0 && self.events == 0 && self.amount.is_zero()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StateMeasure {
    /// `pending`, `posted`, `quarantined`, `excluded`, `rejected` or `noted`.
    pub state: String,
    #[serde(flatten)]
    pub measure: MeasureView,
}

/// Journals on hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HeldView {
    pub journals: u64,
    /// Sum of their debits.
    pub amount: Amount,
}

/// Where something does not tie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GapView {
    pub place: String,
    pub id: String,
    pub events: i64,
    pub amount: Amount,
    pub message: String,
}

/// received = posted + pending + quarantined + excluded + rejected + noted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CompletenessView {
    /// From the independent control totals.
    pub received: MeasureView,
    pub states: Vec<StateMeasure>,
    /// Part of what is pending: journals that wait for their release.
    pub held: HeldView,
    /// What the ERP's own book holds for us.
    pub posted_in_erp: Amount,
    /// Received less all states: zero when everything ties.
    pub residual: MeasureView,
    /// Empty when everything ties.
    pub gaps: Vec<GapView>,
    pub ties: bool,
    pub at: String,
}

impl CompletenessView {
    pub(crate) fn of(whole: &Completeness, currency: Currency) -> Self {
        let residual = MeasureView::of(&whole.residual, currency);
        let gap = |gap: &ports::oversight::Gap| GapView {
            place: gap.place.clone(),
            id: gap.id.clone(),
            events: gap.events,
            amount: Amount::of(gap.cents, currency),
            message: gap.message.clone(),
        };
        let state = |(state, measure): &(EventState, Measure)| StateMeasure {
            state: state.as_str().to_owned(),
            measure: MeasureView::of(measure, currency),
        };
        Self {
            received: MeasureView::of(&whole.received, currency),
            states: whole.states.iter().map(state).collect(),
            held: HeldView {
                journals: whole.held.journals,
                amount: Amount::of(whole.held.cents, currency),
            },
            posted_in_erp: Amount::of(whole.posted_in_erp, currency),
            ties: residual.is_zero() && whole.gaps.is_empty(),
            residual,
            gaps: whole.gaps.iter().map(gap).collect(),
            at: instant(whole.at),
        }
    }

    /// The equation as rows of a table: received, each state, the residual.
    pub(crate) fn rows(&self) -> Vec<StateMeasure> {
        let row = |state: &str, measure: &MeasureView| StateMeasure {
            state: state.to_owned(),
            measure: measure.clone(),
        };
        let mut rows = vec![row("received", &self.received)];
        rows.extend(self.states.iter().cloned());
        rows.push(row("residual", &self.residual));
        rows
    }
}

impl Tabular for StateMeasure {
    const COLUMNS: &'static [&'static str] =
        &["state", "documents", "events", "amount", "currency"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.state.clone(),
            self.measure.documents.to_string(),
            self.measure.events.to_string(),
            self.measure.amount.amount.to_string(),
            self.measure.amount.currency.clone(),
        ]
    }
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HitView {
    /// `remittance`, `event`, `journal`, `row`, `exception`, `document` or `log`.
    pub kind: String,
    pub id: String,
    /// Its page in this API, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
}

impl HitView {
    pub(crate) fn of(hit: &Hit) -> Self {
        let (kind, id, folder) = match hit {
            Hit::Remittance { id } => ("remittance", id.to_string(), Some("remittances")),
            Hit::Event { id, .. } => ("event", id.to_string(), Some("events")),
            Hit::Journal { key } => ("journal", key.to_string(), Some("journals")),
            Hit::Row { id } => ("row", id.to_string(), None),
            Hit::Exception { id } => ("exception", id.to_string(), Some("exceptions")),
            Hit::Log { number } => ("log", number.to_string(), None),
        };
        let href = folder.map(|folder| format!("/v1/{folder}/{id}"));
        Self { kind: kind.to_owned(), id, href }
    }

    pub(crate) fn document(id: String) -> Self {
        let href = Some(format!("/v1/documents/{id}"));
        Self { kind: "document".to_owned(), id, href }
    }
}

impl Tabular for HitView {
    const COLUMNS: &'static [&'static str] = &["kind", "id", "href"];

    fn cells(&self) -> Vec<String> {
        vec![self.kind.clone(), self.id.clone(), self.href.clone().unwrap_or_default()]
    }
}

/// One step in the life of a thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MomentView {
    pub at: String,
    /// `intake` or the process.
    pub room: String,
    pub kind: String,
    pub subject: String,
    pub by: String,
    pub text: String,
}

impl MomentView {
    pub(crate) fn of(moment: &Moment) -> Self {
        Self {
            at: instant(moment.at),
            room: moment.room.clone(),
            kind: moment.kind.clone(),
            subject: moment.subject.clone(),
            by: moment.by.clone(),
            text: moment.text.clone(),
        }
    }
}

impl Tabular for MomentView {
    const COLUMNS: &'static [&'static str] = &["at", "room", "kind", "subject", "by", "text"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.at.clone(),
            self.room.clone(),
            self.kind.clone(),
            self.subject.clone(),
            self.by.clone(),
            self.text.clone(),
        ]
    }
}

/// One entry of the log: audit trail and change feed in one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LogEntryView {
    /// From 1, without gaps.
    pub number: u64,
    pub at: String,
    pub kind: String,
    pub subject: String,
    pub by: String,
    #[schema(value_type = Object)]
    pub body: Value,
}

impl LogEntryView {
    pub(crate) fn of(numbered: &Numbered) -> Self {
        Self {
            number: numbered.number,
            at: instant(numbered.at),
            kind: numbered.entry.kind.to_string(),
            subject: numbered.entry.subject.to_string(),
            by: numbered.entry.by.to_string(),
            body: numbered.entry.body.clone(),
        }
    }
}

impl Tabular for LogEntryView {
    const COLUMNS: &'static [&'static str] = &["number", "at", "kind", "subject", "by", "body"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.number.to_string(),
            self.at.clone(),
            self.kind.clone(),
            self.subject.clone(),
            self.by.clone(),
            self.body.to_string(),
        ]
    }
}
