// SPDX-License-Identifier: Apache-2.0
//! Events: one claim or provider adjustment each, where it stands in the document, and its state.

use model::event::v1::{Adjustment, ClaimAdjudicated, ProviderAdjustment};
use model::event::{Body, Event};
use model::money::{Currency, Minor};
use model::token::Token;
use ports::book::InboxEntry;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Amount, ExceptionView, JournalView, MomentView, RemittanceView, RowView};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EventView {
    pub id: String,
    pub remittance: String,
    pub document: String,
    /// Order in the document, from 1.
    pub ordinal: u64,
    /// `claim`, `provider-adjustment` or `remittance-sealed`.
    pub kind: String,
    /// `pending`, `posted`, `quarantined`, `excluded`, `rejected` or `noted`.
    pub state: String,
    /// Why, where it is quarantined, excluded or rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What it contributes to the payment.
    pub amount: Amount,
    /// How often it has been booked.
    pub bookings: u32,
    /// Number of its segment in the document, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<u64>,
    /// Byte offset of that segment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<ClaimView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_adjustment: Option<ProviderAdjustmentView>,
}

impl EventView {
    pub(crate) fn of(entry: &InboxEntry, event: Option<&Event<Token>>, currency: Currency) -> Self {
        let mut view = Self {
            id: entry.event.to_string(),
            remittance: entry.remittance.to_string(),
            document: entry.document.to_string(),
            ordinal: entry.ordinal,
            kind: entry.kind.as_str().to_owned(),
            state: entry.state.as_str().to_owned(),
            code: entry.code.map(|code| code.as_str().to_owned()),
            amount: Amount::of(entry.amount, currency),
            bookings: entry.bookings,
            segment: event.map(|event| event.position.segment),
            offset: event.map(|event| event.position.offset),
            claim: None,
            provider_adjustment: None,
        };
        match event.map(|event| &event.body) {
            None | Some(Body::RemittanceSealed(_)) => {}
            Some(Body::Claim(claim)) => view.claim = Some(ClaimView::of(claim, currency)),
            Some(Body::ProviderAdjustment(adjustment)) => {
                view.provider_adjustment = Some(ProviderAdjustmentView::of(adjustment, currency));
            }
        }
        view
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AdjustmentView {
    /// CO, PR, OA, PI, CR.
    pub group: String,
    /// CARC.
    pub reason: String,
    /// Positive lowers the payment.
    pub amount: Amount,
}

/// A claim as the payer adjudicated it. Its identifiers are masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClaimView {
    /// The provider's claim number, masked.
    pub patient_control: String,
    /// The payer's claim number, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payer_control: Option<String>,
    /// CLP02.
    pub status: String,
    pub charge: Amount,
    pub paid: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient_responsibility: Option<Amount>,
    /// Of the claim and of its lines.
    pub adjustments: Vec<AdjustmentView>,
    pub lines: u64,
    pub remarks: Vec<String>,
    pub balanced: bool,
}

impl ClaimView {
    fn of(claim: &ClaimAdjudicated<Token>, currency: Currency) -> Self {
        let amount = |minor: Minor| Amount::of(minor, currency);
        let of_lines = claim.lines.iter().flat_map(|line| &line.adjustments);
        let adjustment = |own: &Adjustment| AdjustmentView {
            group: own.group.to_string(),
            reason: own.reason.to_string(),
            amount: amount(own.amount),
        };
        Self {
            patient_control: claim.patient_control.shown(),
            payer_control: claim.payer_control.as_ref().map(Token::shown),
            status: claim.status.to_string(),
            charge: amount(claim.charge),
            paid: amount(claim.paid),
            patient_responsibility: claim.patient_responsibility.map(amount),
            adjustments: claim.adjustments.iter().chain(of_lines).map(adjustment).collect(),
            lines: claim.lines.len() as u64,
            remarks: claim.remarks.iter().map(ToString::to_string).collect(),
            balanced: claim.balanced && claim.lines_out_of_balance == 0,
        }
    }
}

/// Money between payer and provider that belongs to no claim of the remittance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProviderAdjustmentView {
    pub code: String,
    /// Masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// As written: positive reduces the payment.
    pub amount: Amount,
}

impl ProviderAdjustmentView {
    fn of(adjustment: &ProviderAdjustment<Token>, currency: Currency) -> Self {
        Self {
            code: adjustment.code.to_string(),
            reference: adjustment.reference.as_ref().map(Token::shown),
            amount: Amount::of(adjustment.amount, currency),
        }
    }
}

/// One event from its bytes to the ERP's number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EventDetail {
    pub event: EventView,
    pub remittance: RemittanceView,
    pub rows: Vec<RowView>,
    /// Journals that hold its rows, with the ERP's number once posted.
    pub journals: Vec<JournalView>,
    pub exceptions: Vec<ExceptionView>,
    pub timeline: Vec<MomentView>,
}
