// SPDX-License-Identifier: Apache-2.0
//! Raw documents, canonical events with tokens in place of identifiers, and remittances.
//! An event with clear identifiers has no form on the wire.

use model::document::{Channel, ControlTotals, Document, DocumentState};
use model::event::v1::{
    Adjustment, ClaimAdjudicated, Finding, Header, ProviderAdjustment, RemittanceSealed,
    ServiceLine, Totals,
};
use model::event::{Body, Event, EventBatch, EventKind, EventState, Position};
use model::remittance::{Remittance, RemittanceState};
use model::token::Token;
use ports::book::InboxEntry;

use super::{Malformed, Wire, enums, field, messages, required};
use crate::proto::canonical::v1 as wire;

enums! {
    Channel => wire::Channel { Folder, Upload }
    DocumentState => wire::DocumentState { Accepted, Delivered, Refused }
    EventState => wire::EventState { Pending, Posted, Quarantined, Excluded, Rejected, Noted }
    EventKind => wire::EventKind { Claim, ProviderAdjustment, RemittanceSealed }
    RemittanceState => wire::RemittanceState { Receiving, Booking, Decided, Duplicate, Held }
}

messages! {
    ControlTotals => wire::ControlTotals {
        interchanges, sets, claims, provider_adjustments, claims_paid, provider_adjusted, payments,
        unreadable_amounts,
    }
    Document => wire::Document {
        id, source, channel, byte_hash, bytes, totals, state, repeats, received_at,
    }
    Token => wire::Token { token, last4 }
    Position => wire::Position { segment, offset }
    EventBatch<Token> => wire::EventBatch { remittance, document, source, first, events }
    ClaimAdjudicated<Token> => wire::ClaimAdjudicated {
        patient_control, payer_control, member, patient, status, filing, charge, paid,
        patient_responsibility, adjustments, lines, remarks, service_from, service_through,
        rendering_npi, facility_npi, crossover, lines_out_of_balance, balanced,
    }
    Adjustment => wire::Adjustment { group, reason, amount }
    ServiceLine => wire::ServiceLine {
        procedure, revenue_code, charge, paid, adjustments, remarks, service_date,
        position_segment,
    }
    ProviderAdjustment<Token> => wire::ProviderAdjustment {
        provider_npi, fiscal_date, code, reference, amount,
    }
    RemittanceSealed => wire::RemittanceSealed {
        header, totals, balanced, envelope, findings, findings_total, body_hash, interchange,
    }
    Header => wire::Header {
        set, control_number, handling, payment, credit_debit, method, company_id, effective_date,
        trace, originator, payer_name, payer_id, payee_name, payee_npi, payee_tin,
        production_date, currency,
    }
    Totals => wire::Totals {
        claims, lines, provider_adjustments, claims_paid, provider_adjusted,
    }
    Finding => wire::Finding { code, segment, message }
    InboxEntry => wire::InboxEntry {
        event, remittance, document, kind, ordinal, batch, source_hash, amount, state, code,
        bookings,
    }
    Remittance => wire::Remittance {
        id, document, source, header, totals, balanced, envelope, findings, body_hash,
        interchange, identity, state, code, payer, entity, facility, received_on, sealed_at,
    }
}

impl Wire<wire::Event> for Event<Token> {
    fn wire(self) -> wire::Event {
        wire::Event {
            id: self.id.wire(),
            document: self.document.wire(),
            remittance: self.remittance.wire(),
            ordinal: self.ordinal,
            position: self.position.wire(),
            source_hash: self.source_hash.wire(),
            body: Some(match self.body {
                Body::Claim(claim) => wire::event::Body::Claim(claim.wire()),
                Body::ProviderAdjustment(adjustment) => {
                    wire::event::Body::ProviderAdjustment(adjustment.wire())
                }
                Body::RemittanceSealed(sealed) => {
                    wire::event::Body::RemittanceSealed((*sealed).wire())
                }
            }),
        }
    }

    fn read(event: wire::Event) -> Result<Self, Malformed> {
        let body = match event.body.ok_or(Malformed::new("is missing").within("body"))? {
            wire::event::Body::Claim(claim) => Body::Claim(field(claim, "claim")?),
            wire::event::Body::ProviderAdjustment(adjustment) => {
                Body::ProviderAdjustment(field(adjustment, "provider_adjustment")?)
            }
            wire::event::Body::RemittanceSealed(sealed) => {
                Body::RemittanceSealed(Box::new(field(sealed, "remittance_sealed")?))
            }
        };
        Ok(Self {
            id: field(event.id, "id")?,
            document: field(event.document, "document")?,
            remittance: field(event.remittance, "remittance")?,
            ordinal: event.ordinal,
            position: field(event.position, "position")?,
            source_hash: field(event.source_hash, "source_hash")?,
            body,
        })
    }
}

required! { Event<Token> => wire::Event }
