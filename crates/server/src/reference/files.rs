// SPDX-License-Identifier: Apache-2.0
//! The governed reference files: what stands on their lines, and one version of it all.
//! What contradicts itself across files is told by `check::reference_data`.

use std::path::Path;

use model::code::Code;
use model::id::Hash;
use model::money::{Currency, Minor, parse_minor};
use model::reference::{
    Basis, BasisRule, ChartEntry, Entity, Facility, Payer, Period, PeriodStatus, Reference, Route,
    Standing,
};
use model::role::Role;
use model::token::{Clear, Field};
use ports::remittances::OpeningClaim;
use serde::Deserialize;
use time::Date;

use super::table::{self, Presence, Table};
use crate::check::Finding;

#[derive(Deserialize)]
pub struct EntityLine {
    pub entity: Code,
    pub name: String,
    #[serde(default)]
    pub tax_id: Option<Code>,
    #[serde(default)]
    pub currency: Option<Currency>,
    #[serde(default)]
    pub utc_offset_minutes: Option<i16>,
    #[serde(default)]
    pub cut_over: Option<Date>,
}

#[derive(Deserialize)]
pub struct FacilityLine {
    pub npi: Code,
    pub facility: Code,
    pub entity: Code,
    pub department: Code,
    pub name: String,
}

#[derive(Deserialize)]
pub struct PayerLine {
    pub payer: Code,
    pub name: String,
    pub class: Code,
    /// Company ids (BPR10, TRN03) and payer ids (N104, REF*2U), separated by blanks.
    pub identifiers: String,
}

#[derive(Deserialize)]
pub struct AccountLine {
    pub role: String,
    pub account: Code,
    #[serde(default)]
    pub target: Option<Code>,
    #[serde(default)]
    pub from: Option<Date>,
    #[serde(default)]
    pub to: Option<Date>,
}

#[derive(Deserialize)]
pub struct PeriodLine {
    pub entity: Code,
    pub period: Code,
    pub from: Date,
    pub to: Date,
    pub status: PeriodStatus,
}

#[derive(Deserialize)]
pub struct BasisLine {
    pub entity: Code,
    pub class: Code,
    pub basis: Basis,
    pub from: Date,
}

#[derive(Deserialize)]
pub struct RouteLine {
    pub entity: Code,
    pub target: Code,
}

#[derive(Deserialize)]
pub struct OpeningLine {
    pub entity: Code,
    pub facility: Code,
    pub department: Code,
    pub service_line: Code,
    pub claim: String,
    pub payer_control: String,
    pub payer: Code,
    pub open: String,
    #[serde(default)]
    pub expected_contractual: String,
    #[serde(default)]
    pub patient_open: String,
}

/// Every file of the folder, as far as it can be read.
pub struct Files {
    pub entities: Table<EntityLine>,
    pub facilities: Table<FacilityLine>,
    pub payers: Table<PayerLine>,
    pub accounts: Table<AccountLine>,
    pub periods: Table<PeriodLine>,
    pub bases: Table<BasisLine>,
    pub routes: Table<RouteLine>,
}

impl Files {
    pub fn read(dir: &Path, findings: &mut Vec<Finding>) -> Self {
        Self {
            entities: table::read(&dir.join("entities.csv"), Presence::Required, findings),
            facilities: table::read(&dir.join("facilities.csv"), Presence::Required, findings),
            payers: table::read(&dir.join("payers.csv"), Presence::Required, findings),
            accounts: table::read(&dir.join("accounts.csv"), Presence::Required, findings),
            periods: table::read(&dir.join("periods.csv"), Presence::Optional, findings),
            bases: table::read(&dir.join("bases.csv"), Presence::Optional, findings),
            routes: table::read(&dir.join("routes.csv"), Presence::Optional, findings),
        }
    }

    /// The version that these files make. `target` is where everything goes that no route or chart
    /// line names. Lines that a check complains of may be left out.
    pub fn reference(&self, target: &str) -> Reference {
        let mut reference = Reference::default();
        for line in self.entities.lines() {
            let entity = Entity {
                code: line.entity.clone(),
                name: line.name.clone(),
                currency: line.currency.unwrap_or(Currency::USD),
                utc_offset_minutes: line.utc_offset_minutes.unwrap_or(0),
                cut_over: line.cut_over,
                standing: Standing::Governed,
            };
            reference.entities.insert(line.entity.clone(), entity);
        }
        self.enter_facilities(&mut reference);
        self.name_by_tax_id(&mut reference);
        self.enter_payers(&mut reference);
        self.enter_chart(target, &mut reference);
        for line in self.periods.lines() {
            let PeriodLine { entity, period, from, to, status } = line;
            let (entity, code) = (entity.clone(), period.clone());
            let period = Period { entity, code, from: *from, to: *to, status: *status };
            reference.periods.push(period);
        }
        for BasisLine { entity, class, basis, from } in self.bases.lines() {
            let (entity, class) = (entity.clone(), class.clone());
            reference.bases.push(BasisRule { entity, class, basis: *basis, from: *from });
        }
        reference.version = self.version();
        reference
    }

    fn version(&self) -> Code {
        let mut digest = Vec::new();
        for (name, bytes) in [
            ("entities.csv", &self.entities.bytes),
            ("facilities.csv", &self.facilities.bytes),
            ("payers.csv", &self.payers.bytes),
            ("accounts.csv", &self.accounts.bytes),
            ("routes.csv", &self.routes.bytes),
            ("periods.csv", &self.periods.bytes),
            ("bases.csv", &self.bases.bytes),
        ] {
            if !bytes.is_empty() {
                digest.extend_from_slice(Hash::of(&[name.as_bytes(), bytes]).hex().as_bytes());
            }
        }
        Code::from(Hash::of(&[&digest]).hex()[..16].to_owned())
    }

    fn enter_facilities(&self, into: &mut Reference) {
        for line in self.facilities.lines() {
            let facility = Facility {
                code: line.facility.clone(),
                npi: line.npi.clone(),
                entity: line.entity.clone(),
                department: line.department.clone(),
                name: line.name.clone(),
                standing: Standing::Governed,
            };
            into.facilities.insert(line.npi.clone(), facility);
        }
    }

    /// A tax id names a facility only where its entity has just one.
    fn name_by_tax_id(&self, into: &mut Reference) {
        for line in self.entities.lines() {
            let Some(tax_id) = &line.tax_id else { continue };
            let mut own =
                into.facilities.values().filter(|facility| facility.entity == line.entity);
            if let (Some(only), None) = (own.next().cloned(), own.next()) {
                into.facilities.insert(tax_id.clone(), only);
            }
        }
    }

    /// A payer may stand on several lines, each with some of its identifiers.
    fn enter_payers(&self, into: &mut Reference) {
        for line in self.payers.lines() {
            let payer = into.payers.entry(line.payer.clone()).or_insert_with(|| Payer {
                code: line.payer.clone(),
                name: line.name.clone(),
                class: line.class.clone(),
                identifiers: Vec::new(),
                standing: Standing::Governed,
            });
            for identifier in line.identifiers.split_whitespace().map(Code::new) {
                if !payer.identifiers.contains(&identifier) {
                    payer.identifiers.push(identifier);
                }
            }
        }
    }

    fn enter_chart(&self, target: &str, into: &mut Reference) {
        for line in self.accounts.lines() {
            let Some(role) = Role::parse(&line.role) else { continue };
            let target = line.target.clone().unwrap_or_else(|| Code::new(target));
            let account = line.account.clone();
            into.chart.push(ChartEntry { target, role, account, from: line.from, to: line.to });
        }
        let routes = self.routes.lines();
        into.routes = routes
            .map(|line| Route { entity: line.entity.clone(), target: line.target.clone() })
            .collect();
        if into.routes.is_empty() {
            into.routes.push(Route { entity: Code::new("*"), target: Code::new(target) });
        }
    }
}

/// Reads a claim-level opening file into lines whose claim numbers are tokens already.
pub fn opening_lines(
    path: &Path,
    tokeniser: &intake::Tokeniser,
) -> anyhow::Result<Vec<OpeningClaim>> {
    let mut findings = Vec::new();
    let table: Table<OpeningLine> = table::read(path, Presence::Required, &mut findings);
    let amounts: Vec<[Minor; 3]> = opening_amounts(&table, &mut findings);
    crate::check::refuse(&findings)?;
    let mut lines = Vec::with_capacity(amounts.len());
    for ((_, line), [open, expected_contractual, patient_open]) in
        table.rows.into_iter().zip(amounts)
    {
        let control = Some(line.payer_control).filter(|control| !control.is_empty());
        lines.push(OpeningClaim {
            open,
            expected_contractual,
            patient_open,
            entity: line.entity,
            facility: line.facility,
            department: line.department,
            service_line: line.service_line,
            claim: tokeniser.token(Field::Control, &Clear(line.claim)),
            payer_control: control.map(|own| tokeniser.token(Field::Control, &Clear(own))),
            payer: line.payer,
        });
    }
    Ok(lines)
}

/// What is wrong in an opening file.
pub fn opening_findings(path: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    let table: Table<OpeningLine> = table::read(path, Presence::Required, &mut findings);
    opening_amounts(&table, &mut findings);
    findings
}

/// Open, expected contractual and patient's share of each line.
fn opening_amounts(table: &Table<OpeningLine>, findings: &mut Vec<Finding>) -> Vec<[Minor; 3]> {
    let mut amounts = Vec::with_capacity(table.rows.len());
    for (number, line) in &table.rows {
        let mut amount = |text: &str, column: &str| -> Minor {
            if text.is_empty() {
                return 0;
            }
            parse_minor(text.as_bytes()).unwrap_or_else(|error| {
                let cure = "write it like 1234.56, without a currency and without groups";
                let place = table.place(*number, column);
                findings.push(Finding::error(place, error.to_string(), cure));
                0
            })
        };
        amounts.push([
            amount(&line.open, "open"),
            amount(&line.expected_contractual, "expected_contractual"),
            amount(&line.patient_open, "patient_open"),
        ]);
    }
    amounts
}
