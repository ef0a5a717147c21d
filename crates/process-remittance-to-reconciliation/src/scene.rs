// SPDX-License-Identifier: Apache-2.0
//! What a decision is made under: reference data, rules, settings, the remittance and the day.

use model::code::Code;
use model::reference::{Payer, Reference};
use model::remittance::Remittance;
use time::{Date, OffsetDateTime};

use crate::account::Place;
use crate::resolve_reference::{self, Found, UNKNOWN_CLASS};
use crate::rules::Rules;
use crate::settings::Settings;

/// Everything that a pure decision looks at besides the events themselves.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub reference: &'a Reference,
    pub rules: &'a Rules,
    pub settings: &'a Settings,
    pub posting: &'a posting::Settings,
    pub remittance: &'a Remittance,
    /// The natural accounting date of what is decided now.
    pub day: Date,
    pub now: OffsetDateTime,
    /// Who decides, as the record shows it.
    pub by: &'a str,
}

/// An accounting date in an open period.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dated {
    pub on: Date,
    /// The natural date, where its period is closed.
    pub prior_period: Option<Date>,
}

impl Scene<'_> {
    /// The open day on which something posts for an entity; nothing when no period is open.
    pub fn dated(&self, entity: &str) -> Option<Dated> {
        let on = self.reference.accounting_date(entity, self.day)?;
        Some(Dated { on, prior_period: (on != self.day).then_some(self.day) })
    }

    /// The payer of the remittance; a payer that is not known any more has the class of an unknown one.
    pub fn payer(&self) -> Payer {
        let found =
            resolve_reference::payer(self.reference, self.settings, &self.remittance.header);
        match found {
            Found::Governed(payer) | Found::Provisional(payer, _) => payer,
            Found::Unknown => Payer {
                code: self.settings.default_payer.clone(),
                name: String::new(),
                class: Code::new(UNKNOWN_CLASS),
                identifiers: Vec::new(),
                standing: Default::default(),
            },
        }
    }

    /// The place of the payee, who owns the bank account.
    pub fn payee(&self) -> Place {
        let header = &self.remittance.header;
        match resolve_reference::payee(self.reference, self.settings, header).value() {
            Some(facility) => resolve_reference::place(facility, self.settings),
            None => Place {
                entity: self.remittance.entity.clone(),
                facility: self.settings.default_facility.clone(),
                department: self.settings.default_department.clone(),
                service_line: self.settings.default_service_line.clone(),
            },
        }
    }
}
