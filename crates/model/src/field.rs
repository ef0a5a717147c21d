// SPDX-License-Identifier: Apache-2.0
//! Every field of a canonical event: what class of data it is, in what form it is kept, and where it
//! may stand. A field without a row here does not pass the tests.

use serde::Serialize;

use crate::token::Field;

/// What a field tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Of a patient: protected health information.
    Health,
    /// Of a payment between payer and provider.
    Payment,
    /// Amounts and what decides how they are booked.
    Financial,
    /// What a program needs to find and order things.
    Operational,
}

/// How a field is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// As a token; the value is in the vault, sealed.
    Token(Field),
    /// As it came.
    Clear,
    /// As it came, with card numbers masked.
    Masked,
}

/// Where a field may stand outside the sealed events.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// The sub-ledger and the journals.
    Ledger,
    /// What an ERP is sent.
    Erp,
    /// What the API and the portal show.
    Api,
    /// The log of what was done.
    Log,
}

/// One row of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Rule {
    /// The path in an event, lists left out: `claim.lines.procedure`.
    pub name: &'static str,
    pub class: Class,
    pub form: Form,
    pub places: &'static [Place],
}

use Class::{Financial, Health, Operational, Payment};
use Form::{Clear, Masked, Token};
use Place::{Api, Erp, Ledger, Log};

macro_rules! table {
    ($($name:literal $class:ident $form:expr, [$($place:ident)*];)*) => {
        /// The whole table, in the order of the events.
        pub const FIELDS: &[Rule] = &[$(
            Rule { name: $name, class: $class, form: $form, places: &[$($place),*] },
        )*];
    };
}

table! {
    "id" Operational Clear, [Ledger Api Log];
    "document" Operational Clear, [Ledger Api Log];
    "remittance" Operational Clear, [Ledger Api Log];
    "ordinal" Operational Clear, [Ledger Api];
    "position.segment" Operational Clear, [Api];
    "position.offset" Operational Clear, [Api];
    "source_hash" Operational Clear, [Ledger];
    "type" Operational Clear, [Ledger Api];

    "claim.patient_control" Health Token(Field::Control), [Ledger Erp Api];
    "claim.payer_control" Health Token(Field::Control), [Api];
    "claim.member" Health Token(Field::Member), [Api];
    "claim.patient" Health Token(Field::Name), [Api];
    "claim.status" Financial Masked, [Api];
    "claim.filing" Financial Masked, [Api];
    "claim.charge" Financial Clear, [Api];
    "claim.paid" Financial Clear, [Ledger Erp Api Log];
    "claim.patient_responsibility" Financial Clear, [Api];
    "claim.adjustments.group" Financial Masked, [Ledger Api];
    "claim.adjustments.reason" Financial Masked, [Ledger Api];
    "claim.adjustments.amount" Financial Clear, [Ledger Erp Api];
    "claim.lines.procedure" Health Masked, [Api];
    "claim.lines.revenue_code" Financial Masked, [Api];
    "claim.lines.charge" Financial Clear, [Api];
    "claim.lines.paid" Financial Clear, [Api];
    "claim.lines.adjustments.group" Financial Masked, [Ledger Api];
    "claim.lines.adjustments.reason" Financial Masked, [Ledger Api];
    "claim.lines.adjustments.amount" Financial Clear, [Ledger Erp Api];
    "claim.lines.remarks" Financial Masked, [Api];
    "claim.lines.service_date" Health Clear, [Api];
    "claim.lines.position_segment" Operational Clear, [Api];
    "claim.remarks" Financial Masked, [Api];
    "claim.service_from" Health Clear, [Api];
    "claim.service_through" Health Clear, [Api];
    "claim.rendering_npi" Operational Masked, [Api];
    "claim.facility_npi" Operational Masked, [Ledger Api];
    "claim.crossover" Operational Masked, [Api];
    "claim.lines_out_of_balance" Operational Clear, [Api];
    "claim.balanced" Operational Clear, [Api];

    "provider-adjustment.provider_npi" Operational Masked, [Ledger Api];
    "provider-adjustment.fiscal_date" Financial Clear, [Api];
    "provider-adjustment.code" Financial Masked, [Ledger Api];
    "provider-adjustment.reference" Health Token(Field::Control), [Ledger Erp Api];
    "provider-adjustment.amount" Financial Clear, [Ledger Erp Api Log];

    "remittance-sealed.header.set" Operational Clear, [Api];
    "remittance-sealed.header.control_number" Operational Clear, [Api];
    "remittance-sealed.header.handling" Payment Clear, [Api];
    "remittance-sealed.header.payment" Payment Clear, [Ledger Erp Api Log];
    "remittance-sealed.header.credit_debit" Payment Clear, [Api];
    "remittance-sealed.header.method" Payment Clear, [Api];
    "remittance-sealed.header.company_id" Payment Clear, [Api];
    "remittance-sealed.header.effective_date" Payment Clear, [Ledger Erp Api];
    "remittance-sealed.header.trace" Payment Clear, [Ledger Erp Api];
    "remittance-sealed.header.originator" Payment Clear, [Api];
    "remittance-sealed.header.payer_name" Payment Masked, [Api];
    "remittance-sealed.header.payer_id" Payment Clear, [Ledger Api];
    "remittance-sealed.header.payee_name" Payment Masked, [Api];
    "remittance-sealed.header.payee_npi" Payment Clear, [Ledger Api];
    "remittance-sealed.header.payee_tin" Payment Clear, [Ledger Api];
    "remittance-sealed.header.production_date" Payment Clear, [Api];
    "remittance-sealed.header.currency" Financial Clear, [Ledger Erp Api];
    "remittance-sealed.totals.claims" Financial Clear, [Api Log];
    "remittance-sealed.totals.lines" Financial Clear, [Api Log];
    "remittance-sealed.totals.provider_adjustments" Financial Clear, [Api Log];
    "remittance-sealed.totals.claims_paid" Financial Clear, [Api Log];
    "remittance-sealed.totals.provider_adjusted" Financial Clear, [Api Log];
    "remittance-sealed.balanced" Operational Clear, [Api];
    "remittance-sealed.envelope" Operational Clear, [Api];
    "remittance-sealed.findings.code" Operational Clear, [Api];
    "remittance-sealed.findings.segment" Operational Clear, [Api];
    "remittance-sealed.findings.message" Operational Clear, [Api];
    "remittance-sealed.findings_total" Operational Clear, [Api];
    "remittance-sealed.body_hash" Operational Clear, [Ledger];
    "remittance-sealed.interchange" Operational Clear, [Api];
}

/// The row of a field.
pub fn rule(name: &str) -> Option<&'static Rule> {
    FIELDS.iter().find(|rule| rule.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_field_has_one_row() {
        let names: BTreeSet<&str> = FIELDS.iter().map(|rule| rule.name).collect();
        assert_eq!(names.len(), FIELDS.len());
        assert_eq!(rule("claim.patient").map(|rule| rule.form), Some(Token(Field::Name)));
        assert_eq!(rule("claim.shoe_size"), None);
    }

    #[test]
    fn of_a_patient_only_the_token_of_a_control_number_reaches_ledger_and_erp() {
        for rule in FIELDS.iter().filter(|rule| rule.class == Health) {
            assert!(!rule.places.contains(&Log), "{} to the log", rule.name);
            // Lines of clearing, suspense and liabilities are kept apart by it.
            let is_control = rule.form == Token(Field::Control);
            let leaves = rule.places.contains(&Ledger) || rule.places.contains(&Erp);
            assert!(is_control || !leaves, "{} leaves", rule.name);
        }
    }
}
