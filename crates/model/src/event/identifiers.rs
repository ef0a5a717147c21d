// SPDX-License-Identifier: Apache-2.0
//! Every identifier of a patient in an event, each with its field: the one place that knows them all.

use super::v1::{ClaimAdjudicated, ProviderAdjustment};
use super::{Body, Event};
use crate::token::Field;

impl<A> Event<A> {
    /// The same event with something else in the place of each identifier.
    pub fn identified<B>(self, mut own: impl FnMut(Field, A) -> B) -> Event<B> {
        let body = match self.body {
            Body::Claim(told) => Body::Claim(claim(told, &mut own)),
            Body::ProviderAdjustment(told) => {
                Body::ProviderAdjustment(provider_adjustment(told, &mut own))
            }
            Body::RemittanceSealed(sealed) => Body::RemittanceSealed(sealed),
        };
        Event {
            id: self.id,
            document: self.document,
            remittance: self.remittance,
            ordinal: self.ordinal,
            position: self.position,
            source_hash: self.source_hash,
            body,
        }
    }
}

fn claim<A, B>(
    claim: ClaimAdjudicated<A>,
    own: &mut impl FnMut(Field, A) -> B,
) -> ClaimAdjudicated<B> {
    ClaimAdjudicated {
        patient_control: own(Field::Control, claim.patient_control),
        payer_control: claim.payer_control.map(|told| own(Field::Control, told)),
        member: claim.member.map(|told| own(Field::Member, told)),
        patient: claim.patient.map(|told| own(Field::Name, told)),
        status: claim.status,
        filing: claim.filing,
        charge: claim.charge,
        paid: claim.paid,
        patient_responsibility: claim.patient_responsibility,
        adjustments: claim.adjustments,
        lines: claim.lines,
        remarks: claim.remarks,
        service_from: claim.service_from,
        service_through: claim.service_through,
        rendering_npi: claim.rendering_npi,
        facility_npi: claim.facility_npi,
        crossover: claim.crossover,
        lines_out_of_balance: claim.lines_out_of_balance,
        balanced: claim.balanced,
    }
}

fn provider_adjustment<A, B>(
    adjustment: ProviderAdjustment<A>,
    own: &mut impl FnMut(Field, A) -> B,
) -> ProviderAdjustment<B> {
    ProviderAdjustment {
        provider_npi: adjustment.provider_npi,
        fiscal_date: adjustment.fiscal_date,
        code: adjustment.code,
        reference: adjustment.reference.map(|told| own(Field::Control, told)),
        amount: adjustment.amount,
    }
}
