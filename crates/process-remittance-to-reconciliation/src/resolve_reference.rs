// SPDX-License-Identifier: Apache-2.0
//! Who is meant: payee → facility → entity, and the payer, looked up in the reference data. What is
//! unknown is either held or entered as provisional under a code that its identifier alone decides.

use model::code::Code;
use model::event::v1::Header;
use model::money::Currency;
use model::reference::{Facility, Payer, Reference, Standing};

use crate::account::Place;
use crate::settings::{Settings, UnknownReference};

/// The class of a payer that nobody has classified.
pub const UNKNOWN_CLASS: &str = "unknown";

/// Something that was looked up.
#[derive(Clone, PartialEq, Debug)]
pub enum Found<T> {
    Governed(T),
    /// Entered on first sight, with the identifier that was unknown.
    Provisional(T, Code),
    Unknown,
}

impl<T> Found<T> {
    pub fn value(&self) -> Option<&T> {
        match self {
            Found::Governed(value) | Found::Provisional(value, _) => Some(value),
            Found::Unknown => None,
        }
    }

    pub fn first_seen(&self) -> Option<&Code> {
        match self {
            Found::Provisional(_, identifier) => Some(identifier),
            Found::Governed(_) | Found::Unknown => None,
        }
    }
}

/// The place of a payee or provider: its facility's entity and dimensions.
pub fn place(facility: &Facility, settings: &Settings) -> Place {
    Place {
        entity: facility.entity.clone(),
        facility: facility.code.clone(),
        department: facility.department.clone(),
        service_line: settings.default_service_line.clone(),
    }
}

/// The payee of a remittance: by NPI, else by tax id where a facility is listed under it.
pub fn payee(reference: &Reference, settings: &Settings, header: &Header) -> Found<Facility> {
    let identifiers = [header.payee_npi.as_ref(), header.payee_tin.as_ref()];
    let mut named = identifiers.into_iter().flatten();
    let known = named.clone().find_map(|identifier| reference.facilities.get(identifier));
    if let Some(facility) = known {
        return Found::Governed(facility.clone());
    }
    match named.next() {
        Some(identifier) => provisional_facility(reference, settings, identifier, None),
        None => Found::Unknown,
    }
}

/// The facility of a claim or provider within the entity of its payee.
pub fn facility(
    reference: &Reference,
    settings: &Settings,
    npi: &Code,
    payee: &Place,
) -> Found<Facility> {
    if let Some(facility) = reference.facilities.get(npi) {
        return Found::Governed(facility.clone());
    }
    provisional_facility(reference, settings, npi, Some(payee))
}

fn provisional_facility(
    reference: &Reference,
    settings: &Settings,
    npi: &Code,
    payee: Option<&Place>,
) -> Found<Facility> {
    match settings.unknown_reference {
        UnknownReference::Hold => Found::Unknown,
        UnknownReference::Provisional => {
            let entity = match payee {
                Some(place) => place.entity.clone(),
                None => settings
                    .provisional_entity
                    .clone()
                    .or_else(|| sole_entity(reference))
                    .unwrap_or_else(|| derived("E", npi)),
            };
            let facility = Facility {
                code: derived("F", npi),
                npi: npi.clone(),
                entity,
                department: settings.default_department.clone(),
                name: String::new(),
                standing: Standing::Provisional,
            };
            Found::Provisional(facility, npi.clone())
        }
    }
}

/// With one legal entity there is no doubt whose money it is.
fn sole_entity(reference: &Reference) -> Option<Code> {
    let mut entities = reference.entities.keys();
    let sole = entities.next()?;
    entities.next().is_none().then(|| sole.clone())
}

/// The payer by any identifier that the remittance gives: TRN03, BPR10, N104 or REF*2U.
pub fn payer(reference: &Reference, settings: &Settings, header: &Header) -> Found<Payer> {
    let originator = Some(&header.originator).filter(|text| !text.is_empty());
    let identifiers = [originator, header.company_id.as_ref(), header.payer_id.as_ref()];
    let mut named = identifiers.into_iter().flatten();
    let known = named.clone().find_map(|identifier| reference.payer_by_identifier(identifier));
    if let Some(payer) = known {
        return Found::Governed(payer.clone());
    }
    let name = Some(&header.payer_name).filter(|text| !text.is_empty());
    let Some(identifier) = named.next().or(name) else { return Found::Unknown };
    provisional_payer(settings, identifier, &header.payer_name)
}

/// A crossover carrier by its identifier.
pub fn carrier(reference: &Reference, settings: &Settings, identifier: &Code) -> Found<Payer> {
    match reference.payer_by_identifier(identifier) {
        Some(payer) => Found::Governed(payer.clone()),
        None => provisional_payer(settings, identifier, ""),
    }
}

fn provisional_payer(settings: &Settings, identifier: &Code, name: &str) -> Found<Payer> {
    match settings.unknown_reference {
        UnknownReference::Hold => Found::Unknown,
        UnknownReference::Provisional => {
            let payer = Payer {
                code: derived("P", identifier),
                name: name.to_owned(),
                class: Code::new(UNKNOWN_CLASS),
                identifiers: vec![identifier.clone()],
                standing: Standing::Provisional,
            };
            Found::Provisional(payer, identifier.clone())
        }
    }
}

/// A code that any target can hold: letters, digits and dashes, 24 at most.
fn derived(prefix: &str, identifier: &str) -> Code {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
    let tail: String = identifier.chars().map(plain).take(22).collect();
    Code::from(format!("{prefix}-{}", tail.to_ascii_uppercase()))
}

/// The functional currency of an entity; an entity that is not listed keeps dollars.
pub fn currency(reference: &Reference, entity: &Code) -> Currency {
    reference.entities.get(entity).map_or(Currency::USD, |entity| entity.currency)
}
