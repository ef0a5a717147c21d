// SPDX-License-Identifier: Apache-2.0
//! The folder of governed reference files, and the one version of reference data that they make.
//! What contradicts itself across files is told by `check::reference_data`.

use std::path::Path;

use model::code::Code;
use model::id::Hash;
use model::money::Currency;
use model::reference::{BasisRule, Entity, Facility, Payer, Period, Reference, Standing};

use super::lines::{
    AccountLine, BasisLine, EntityLine, FacilityLine, PayerLine, PeriodLine, RouteLine,
};
use super::table::{self, Presence, Table};
use super::targets::{self, Instances};
use crate::check::{self, Finding};

/// Reference data as the files have it.
#[derive(Debug, Clone)]
pub struct Files {
    pub reference: Reference,
    /// The line of `accounts.csv` of each chart entry, in the order of the chart.
    pub chart_lines: Vec<usize>,
}

/// Reads the folder; fails with everything that is wrong in it.
pub fn read(dir: &Path, instances: &Instances<'_>) -> anyhow::Result<Files> {
    let mut findings = Vec::new();
    let tables = Tables::read(dir, &mut findings);
    findings.extend(check::reference_data::findings(&tables, instances));
    check::refuse(&findings)?;
    Ok(tables.files(instances))
}

/// Every file of the folder, as far as it can be read.
pub struct Tables {
    pub entities: Table<EntityLine>,
    pub facilities: Table<FacilityLine>,
    pub payers: Table<PayerLine>,
    pub accounts: Table<AccountLine>,
    pub periods: Table<PeriodLine>,
    pub bases: Table<BasisLine>,
    pub routes: Table<RouteLine>,
}

impl Tables {
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

    /// The version that these files make. A line that a check complains of may be left out.
    pub fn files(&self, instances: &Instances<'_>) -> Files {
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
        let chart_lines = targets::enter_chart(&self.accounts, &mut reference);
        targets::enter_routes(&self.routes, instances, &mut reference);
        for PeriodLine { entity, period, from, to, status } in self.periods.lines() {
            let (entity, code) = (entity.clone(), period.clone());
            let period = Period { entity, code, from: *from, to: *to, status: *status };
            reference.periods.push(period);
        }
        for BasisLine { entity, class, basis, from } in self.bases.lines() {
            let (entity, class) = (entity.clone(), class.clone());
            reference.bases.push(BasisRule { entity, class, basis: *basis, from: *from });
        }
        reference.version = self.version(instances);
        Files { reference, chart_lines }
    }

    fn version(&self, instances: &Instances<'_>) -> Code {
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
        digest.extend_from_slice(instances.default.as_bytes());
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
}
