// SPDX-License-Identifier: Apache-2.0
//! What the gateway shows, as plain values: the same for the API, for CSV and for any front end.
//! Amounts are decimal texts with their currency; identifiers of patients are shown as tokens only.

mod amount;
mod document;
mod event;
mod exception;
mod journal;
mod overview;
mod page;
mod remittance;
mod revealed;

pub use amount::Amount;
pub use document::{DocumentDetail, DocumentView, ReceiptView, TotalsView};
pub use event::{AdjustmentView, ClaimView, EventDetail, EventView, ProviderAdjustmentView};
pub use exception::{CodeSummary, CodeView, ExceptionDetail, ExceptionView, SubjectView};
pub use journal::{
    HeldGroup, JournalDetail, JournalLineView, JournalView, PlaceView, RowView, SideView,
};
pub use overview::{
    CompletenessView, GapView, HeldView, HitView, LogEntryView, MeasureView, MomentView,
    StateMeasure,
};
pub use page::Page;
pub(crate) use remittance::currency_of;
pub use remittance::{FindingView, HeaderView, RemittanceDetail, RemittanceView};
pub use revealed::Revealed;
