// SPDX-License-Identifier: Apache-2.0
//! The governed reference files: CSV with a header line, each error told with file and line.

use std::path::Path;

use anyhow::{Context, anyhow};
use model::code::Code;
use model::id::Hash;
use model::money::{Currency, Minor, parse_minor};
use model::reference::{
    Basis, BasisRule, Entity, Facility, Payer, Period, PeriodStatus, Reference, Standing,
};
use model::token::{Clear, Field};
use ports::remittances::OpeningClaim;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use time::Date;

use super::targets::{self, Instances};

#[derive(Deserialize)]
struct EntityLine {
    entity: Code,
    name: String,
    #[serde(default)]
    tax_id: Option<Code>,
    #[serde(default)]
    currency: Option<Currency>,
    #[serde(default)]
    utc_offset_minutes: Option<i16>,
    #[serde(default)]
    cut_over: Option<Date>,
}

#[derive(Deserialize)]
struct FacilityLine {
    npi: Code,
    facility: Code,
    entity: Code,
    department: Code,
    name: String,
}

#[derive(Deserialize)]
struct PayerLine {
    payer: Code,
    name: String,
    class: Code,
    /// Company ids (BPR10, TRN03) and payer ids (N104, REF*2U), separated by blanks.
    identifiers: String,
}

#[derive(Deserialize)]
struct PeriodLine {
    entity: Code,
    period: Code,
    from: Date,
    to: Date,
    status: PeriodStatus,
}

#[derive(Deserialize)]
struct BasisLine {
    entity: Code,
    class: Code,
    basis: Basis,
    from: Date,
}

#[derive(Deserialize)]
struct OpeningLine {
    entity: Code,
    facility: Code,
    department: Code,
    service_line: Code,
    claim: String,
    payer_control: String,
    payer: Code,
    open: String,
    #[serde(default)]
    expected_contractual: String,
    #[serde(default)]
    patient_open: String,
}

/// Whether a file has to be there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Required,
    Optional,
}

/// Reference data as the files have it.
#[derive(Debug, Clone)]
pub struct Files {
    pub reference: Reference,
    /// The line of `accounts.csv` of each chart entry, in the order of the chart.
    pub chart_lines: Vec<usize>,
}

/// Reads the folder.
pub fn read(dir: &Path, instances: &Instances<'_>) -> anyhow::Result<Files> {
    let mut reference = Reference::default();
    let mut digest = Vec::new();
    let entities: Vec<EntityLine> = lines(dir, "entities.csv", Presence::Required, &mut digest)?;
    let mut tax_ids = Vec::new();
    for line in entities {
        tax_ids.extend(line.tax_id.clone().map(|tax_id| (line.entity.clone(), tax_id)));
        let entity = Entity {
            code: line.entity.clone(),
            name: line.name,
            currency: line.currency.unwrap_or(Currency::USD),
            utc_offset_minutes: line.utc_offset_minutes.unwrap_or(0),
            cut_over: line.cut_over,
            standing: Standing::Governed,
        };
        reference.entities.insert(line.entity, entity);
    }
    read_facilities(dir, &mut reference, &mut digest)?;
    name_by_tax_id(&tax_ids, &mut reference);
    read_payers(dir, &mut reference, &mut digest)?;
    let chart_lines = targets::read_chart(dir, instances, &mut reference, &mut digest)?;
    targets::read_routes(dir, instances, &mut reference, &mut digest)?;
    let periods: Vec<PeriodLine> = lines(dir, "periods.csv", Presence::Optional, &mut digest)?;
    for PeriodLine { entity, period, from, to, status } in periods {
        reference.periods.push(Period { entity, code: period, from, to, status });
    }
    let bases: Vec<BasisLine> = lines(dir, "bases.csv", Presence::Optional, &mut digest)?;
    for BasisLine { entity, class, basis, from } in bases {
        reference.bases.push(BasisRule { entity, class, basis, from });
    }
    reference.version = Code::from(Hash::of(&[&digest]).hex()[..16].to_owned());
    Ok(Files { reference, chart_lines })
}

fn read_facilities(dir: &Path, into: &mut Reference, digest: &mut Vec<u8>) -> anyhow::Result<()> {
    let facilities: Vec<FacilityLine> = lines(dir, "facilities.csv", Presence::Required, digest)?;
    for line in facilities {
        if !into.entities.contains_key(&line.entity) {
            return Err(anyhow!("facilities.csv: entity {} is not in entities.csv", line.entity));
        }
        let facility = Facility {
            code: line.facility,
            npi: line.npi.clone(),
            entity: line.entity,
            department: line.department,
            name: line.name,
            standing: Standing::Governed,
        };
        into.facilities.insert(line.npi, facility);
    }
    Ok(())
}

/// A tax id names a facility only where its entity has just one.
fn name_by_tax_id(tax_ids: &[(Code, Code)], into: &mut Reference) {
    for (entity, tax_id) in tax_ids {
        let mut own = into.facilities.values().filter(|facility| facility.entity == *entity);
        if let (Some(only), None) = (own.next().cloned(), own.next()) {
            into.facilities.insert(tax_id.clone(), only);
        }
    }
}

/// A payer may stand on several lines, each with some of its identifiers.
fn read_payers(dir: &Path, into: &mut Reference, digest: &mut Vec<u8>) -> anyhow::Result<()> {
    let payers: Vec<PayerLine> = lines(dir, "payers.csv", Presence::Required, digest)?;
    for line in payers {
        let payer = into.payers.entry(line.payer.clone()).or_insert_with(|| Payer {
            code: line.payer,
            name: line.name,
            class: line.class,
            identifiers: Vec::new(),
            standing: Standing::Governed,
        });
        for identifier in line.identifiers.split_whitespace().map(Code::new) {
            if !payer.identifiers.contains(&identifier) {
                payer.identifiers.push(identifier);
            }
        }
    }
    Ok(())
}

pub(super) fn lines<T: DeserializeOwned>(
    dir: &Path,
    name: &str,
    presence: Presence,
    digest: &mut Vec<u8>,
) -> anyhow::Result<Vec<T>> {
    let path = dir.join(name);
    if !path.exists() && presence == Presence::Optional {
        return Ok(Vec::new());
    }
    let bytes = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
    digest.extend_from_slice(Hash::of(&[name.as_bytes(), &bytes]).hex().as_bytes());
    parse(&bytes).with_context(|| format!("in {}", path.display()))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> anyhow::Result<Vec<T>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let mut lines = Vec::new();
    for line in reader.deserialize() {
        // The error of the library names the line and the field, and no value of it.
        lines.push(line?);
    }
    Ok(lines)
}

/// Reads a claim-level opening file into lines whose claim numbers are tokens already.
pub fn opening_lines(
    path: &Path,
    tokeniser: &intake::Tokeniser,
) -> anyhow::Result<Vec<OpeningClaim>> {
    let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    let parsed: Vec<OpeningLine> =
        parse(&bytes).with_context(|| format!("in {}", path.display()))?;
    let mut lines = Vec::with_capacity(parsed.len());
    for (index, line) in parsed.into_iter().enumerate() {
        let amount = |text: &str, column: &str| -> anyhow::Result<Minor> {
            if text.is_empty() {
                return Ok(0);
            }
            let place = || format!("{}, line {}, column {column}", path.display(), index + 2);
            parse_minor(text.as_bytes()).with_context(place)
        };
        let control = Some(line.payer_control).filter(|control| !control.is_empty());
        lines.push(OpeningClaim {
            open: amount(&line.open, "open")?,
            expected_contractual: amount(&line.expected_contractual, "expected_contractual")?,
            patient_open: amount(&line.patient_open, "patient_open")?,
            entity: line.entity,
            facility: line.facility,
            department: line.department,
            service_line: line.service_line,
            claim: tokeniser.token(Field::Control, &Clear::new(line.claim)),
            payer_control: control.map(|own| tokeniser.token(Field::Control, &Clear::new(own))),
            payer: line.payer,
        });
    }
    Ok(lines)
}
