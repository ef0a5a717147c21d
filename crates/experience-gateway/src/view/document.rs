// SPDX-License-Identifier: Apache-2.0
//! Documents as received: what was counted in them and where they stand.

use model::document::{ControlTotals, Document};
use model::money::Currency;
use ports::accept::Receipt;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Amount, CompletenessView, RemittanceView};
use crate::csv::Tabular;
use crate::view::overview::instant;

/// What an independent pass counted in the raw bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TotalsView {
    pub interchanges: u64,
    pub sets: u64,
    pub claims: u64,
    pub provider_adjustments: u64,
    /// Sum of what the claims were paid.
    pub claims_paid: Amount,
    /// Sum of provider adjustments as written: positive reduces the payment.
    pub provider_adjusted: Amount,
    /// Sum of the payments, debits negative.
    pub payments: Amount,
    /// With any of these the sums say less than the document.
    pub unreadable_amounts: u64,
}

impl TotalsView {
    fn of(totals: &ControlTotals, currency: Currency) -> Self {
        Self {
            interchanges: totals.interchanges,
            sets: totals.sets,
            claims: totals.claims,
            provider_adjustments: totals.provider_adjustments,
            claims_paid: Amount::of(totals.claims_paid, currency),
            provider_adjusted: Amount::of(totals.provider_adjusted, currency),
            payments: Amount::of(totals.payments, currency),
            unreadable_amounts: totals.unreadable_amounts,
        }
    }
}

/// The acknowledgement of an upload: the document survives any crash from here on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReceiptView {
    pub document: String,
    /// SHA-256 of the bytes.
    pub byte_hash: String,
    pub bytes: u64,
    pub totals: TotalsView,
    /// The same bytes were received before: noted, no effect.
    pub duplicate: bool,
}

impl ReceiptView {
    pub(crate) fn of(receipt: &Receipt, currency: Currency) -> Self {
        Self {
            document: receipt.document.to_string(),
            byte_hash: receipt.byte_hash.hex(),
            bytes: receipt.bytes,
            totals: TotalsView::of(&receipt.totals, currency),
            duplicate: receipt.duplicate,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DocumentView {
    pub id: String,
    pub source: String,
    /// `folder` or `upload`.
    pub channel: String,
    /// `accepted`, `delivered` or `refused`.
    pub state: String,
    pub byte_hash: String,
    pub bytes: u64,
    pub totals: TotalsView,
    /// Deliveries of the very same bytes after the first.
    pub repeats: u64,
    pub received_at: String,
}

impl DocumentView {
    pub(crate) fn of(document: &Document, currency: Currency) -> Self {
        Self {
            id: document.id.to_string(),
            source: document.source.to_string(),
            channel: document.channel.as_str().to_owned(),
            state: document.state.as_str().to_owned(),
            byte_hash: document.byte_hash.hex(),
            bytes: document.bytes,
            totals: TotalsView::of(&document.totals, currency),
            repeats: document.repeats,
            received_at: instant(document.received_at),
        }
    }
}

impl Tabular for DocumentView {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "source",
        "channel",
        "state",
        "received_at",
        "bytes",
        "sets",
        "claims",
        "provider_adjustments",
        "claims_paid",
        "provider_adjusted",
        "payments",
        "currency",
        "repeats",
        "byte_hash",
    ];

    fn cells(&self) -> Vec<String> {
        let totals = &self.totals;
        vec![
            self.id.clone(),
            self.source.clone(),
            self.channel.clone(),
            self.state.clone(),
            self.received_at.clone(),
            self.bytes.to_string(),
            totals.sets.to_string(),
            totals.claims.to_string(),
            totals.provider_adjustments.to_string(),
            totals.claims_paid.amount.to_string(),
            totals.provider_adjusted.amount.to_string(),
            totals.payments.amount.to_string(),
            totals.payments.currency.clone(),
            self.repeats.to_string(),
            self.byte_hash.clone(),
        ]
    }
}

/// A document with its own completeness equation and its remittances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DocumentDetail {
    pub document: DocumentView,
    /// Absent until its events have been counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completeness: Option<CompletenessView>,
    pub remittances: Vec<RemittanceView>,
}
