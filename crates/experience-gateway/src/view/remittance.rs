// SPDX-License-Identifier: Apache-2.0
//! Remittances: who paid whom how much, whether it adds up, and what became of it.

use model::event::v1::{Finding, Header};
use model::money::Currency;
use model::remittance::Remittance;
use serde::Serialize;
use utoipa::ToSchema;

use super::overview::instant;
use super::{Amount, EventView, ExceptionView, RowView};
use crate::csv::Tabular;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RemittanceView {
    pub id: String,
    pub document: String,
    pub source: String,
    /// `receiving`, `booking`, `decided`, `duplicate` or `held`.
    pub state: String,
    /// Why it is held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// TRN02.
    pub trace: String,
    /// BPR02, a debit negative.
    pub payment: Amount,
    /// BPR04.
    pub method: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_date: Option<String>,
    pub payer_name: String,
    /// As resolved against reference data; empty until then.
    pub payer: String,
    pub entity: String,
    pub facility: String,
    pub claims: u64,
    pub provider_adjustments: u64,
    /// The transaction adds up.
    pub balanced: bool,
    /// Envelope counts and control numbers hold.
    pub envelope: bool,
    pub received_on: String,
    pub sealed_at: String,
}

pub(crate) fn currency_of(remittance: &Remittance, usual: Currency) -> Currency {
    remittance.header.currency.unwrap_or(usual)
}

impl RemittanceView {
    pub(crate) fn of(remittance: &Remittance, usual: Currency) -> Self {
        let header = &remittance.header;
        let currency = currency_of(remittance, usual);
        Self {
            id: remittance.id.to_string(),
            document: remittance.document.to_string(),
            source: remittance.source.to_string(),
            state: remittance.state.as_str().to_owned(),
            code: remittance.code.map(|code| code.as_str().to_owned()),
            trace: header.trace.to_string(),
            payment: Amount::of(header.signed_payment(), currency),
            method: header.method.to_string(),
            effective_date: header.effective_date.map(|date| date.to_string()),
            payer_name: header.payer_name.to_string(),
            payer: remittance.payer.to_string(),
            entity: remittance.entity.to_string(),
            facility: remittance.facility.to_string(),
            claims: remittance.totals.claims,
            provider_adjustments: remittance.totals.provider_adjustments,
            balanced: remittance.balanced,
            envelope: remittance.envelope,
            received_on: remittance.received_on.to_string(),
            sealed_at: instant(remittance.sealed_at),
        }
    }
}

impl Tabular for RemittanceView {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "document",
        "source",
        "state",
        "code",
        "trace",
        "payment",
        "currency",
        "method",
        "effective_date",
        "payer_name",
        "payer",
        "entity",
        "facility",
        "claims",
        "provider_adjustments",
        "balanced",
        "received_on",
        "sealed_at",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            self.document.clone(),
            self.source.clone(),
            self.state.clone(),
            self.code.clone().unwrap_or_default(),
            self.trace.clone(),
            self.payment.amount.to_string(),
            self.payment.currency.clone(),
            self.method.clone(),
            self.effective_date.clone().unwrap_or_default(),
            self.payer_name.clone(),
            self.payer.clone(),
            self.entity.clone(),
            self.facility.clone(),
            self.claims.to_string(),
            self.provider_adjustments.to_string(),
            self.balanced.to_string(),
            self.received_on.clone(),
            self.sealed_at.clone(),
        ]
    }
}

/// What a reader noticed, with the place. Never patient data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FindingView {
    pub code: String,
    /// Number of the segment in the document, from 1.
    pub segment: u64,
    pub message: String,
}

impl FindingView {
    fn of(finding: &Finding) -> Self {
        Self {
            code: finding.code.to_string(),
            segment: finding.segment,
            message: finding.message.clone(),
        }
    }
}

/// The header of the transaction set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HeaderView {
    /// Ordinal of the set in the document, from 1.
    pub set: u32,
    pub control_number: String,
    pub handling: String,
    pub credit_debit: String,
    pub originator: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payer_id: Option<String>,
    pub payee_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payee_npi: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub production_date: Option<String>,
    pub lines: u64,
    pub claims_paid: Amount,
    pub provider_adjusted: Amount,
    pub interchange: u32,
}

impl HeaderView {
    fn of(remittance: &Remittance, currency: Currency) -> Self {
        let header: &Header = &remittance.header;
        Self {
            set: header.set,
            control_number: header.control_number.to_string(),
            handling: header.handling.to_string(),
            credit_debit: header.credit_debit.to_string(),
            originator: header.originator.to_string(),
            payer_id: header.payer_id.as_ref().map(ToString::to_string),
            payee_name: header.payee_name.to_string(),
            payee_npi: header.payee_npi.as_ref().map(ToString::to_string),
            production_date: header.production_date.map(|date| date.to_string()),
            lines: remittance.totals.lines,
            claims_paid: Amount::of(remittance.totals.claims_paid, currency),
            provider_adjusted: Amount::of(remittance.totals.provider_adjusted, currency),
            interchange: remittance.interchange,
        }
    }
}

/// A remittance with its events, its sub-ledger rows and what waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RemittanceDetail {
    pub remittance: RemittanceView,
    pub header: HeaderView,
    pub findings: Vec<FindingView>,
    pub events: Vec<EventView>,
    /// Pass it as `events_after` for the events that follow; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events_next: Option<u64>,
    pub rows: Vec<RowView>,
    /// There are more rows than are shown here; each event shows its own.
    pub rows_cut: bool,
    pub exceptions: Vec<ExceptionView>,
}

impl RemittanceDetail {
    pub(crate) fn bare(remittance: &Remittance, usual: Currency) -> Self {
        let currency = currency_of(remittance, usual);
        Self {
            remittance: RemittanceView::of(remittance, usual),
            header: HeaderView::of(remittance, currency),
            findings: remittance.findings.iter().map(FindingView::of).collect(),
            events: Vec::new(),
            events_next: None,
            rows: Vec::new(),
            rows_cut: false,
            exceptions: Vec::new(),
        }
    }
}
