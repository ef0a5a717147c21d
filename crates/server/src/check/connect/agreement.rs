// SPDX-License-Identifier: Apache-2.0
//! Whether the reference files and an ERP speak of the same things: accounts and their natures, and
//! the values of each dimension.

use std::collections::{BTreeMap, BTreeSet};

use model::code::Code;
use model::reference::{EVERY, Reference};
use ports::erp::{Erp, MasterKind};
use ports::failure::Failure;

use super::{Place, Tried};
use crate::config::Config;
use crate::reference::{self, Files, InForce};
use crate::wiring::instances;

/// At most so many names are listed in one sentence.
const NAMES_MAX: usize = 10;

/// One entry for each ERP that answered. Files that cannot be read are findings of their own.
pub async fn with_each(config: &Config, erps: &[Erp]) -> Vec<Tried> {
    let instances = instances(config);
    let Ok(files) = reference::read(&config.reference.dir, &instances) else { return Vec::new() };
    let mut tried = Vec::new();
    for erp in erps {
        let place =
            Place::named(format!("erp {} and {}", erp.target, config.reference.dir.display()));
        tried.push(match one(&files, erp).await {
            Ok(warnings) => {
                let told = if warnings.is_empty() { "know the same" } else { "differ" };
                let mut tried = Tried::well(place, told);
                for wrong in warnings {
                    tried.warn(wrong, "correct the file, or what the ERP has");
                }
                tried
            }
            Err(failure) => {
                let cure = "give our user there the right to read its reference data";
                Tried::failed(place, failure.to_string(), cure)
            }
        });
    }
    tried
}

async fn one(files: &Files, erp: &Erp) -> Result<Vec<String>, Failure> {
    let alone = BTreeMap::from([(erp.target.clone(), erp.clone())]);
    let in_force = InForce::new(files.clone(), alone.into());
    in_force.refresh().await?;
    let mut warnings = in_force.disagreements();
    let known = &files.reference;
    let lists = [
        (MasterKind::Account, "accounts.csv: accounts", accounts(known, &erp.target)),
        (MasterKind::Facility, "facilities.csv: facilities", facilities(known)),
        (MasterKind::Department, "facilities.csv: departments", departments(known)),
        (MasterKind::Payer, "payers.csv: payers", payers(known)),
    ];
    for (kind, name, own) in lists {
        let there = erp.master.pull(kind).await?;
        let there: BTreeSet<Code> = there.into_iter().map(|value| value.code).collect();
        let missing: Vec<&str> =
            own.iter().filter(|code| !there.contains(*code)).map(Code::as_str).collect();
        if let Some(sentence) = sentence(name, &missing, &erp.target) {
            warnings.push(sentence);
        }
    }
    Ok(warnings)
}

fn sentence(name: &str, missing: &[&str], instance: &Code) -> Option<String> {
    let shown = missing.get(..missing.len().min(NAMES_MAX))?.join(", ");
    let more = missing.len().saturating_sub(NAMES_MAX);
    match (missing.len(), more) {
        (0, _) => None,
        (_, 0) => Some(format!("{name} that {instance} does not have: {shown}")),
        (_, more) => Some(format!("{name} that {instance} does not have: {shown} and {more} more")),
    }
}

fn accounts(known: &Reference, instance: &Code) -> BTreeSet<Code> {
    let entries = known.chart.iter();
    let own = entries.filter(|entry| entry.target == EVERY || entry.target == *instance);
    own.map(|entry| entry.account.clone()).collect()
}

fn facilities(known: &Reference) -> BTreeSet<Code> {
    known.facilities.values().map(|facility| facility.code.clone()).collect()
}

fn departments(known: &Reference) -> BTreeSet<Code> {
    known.facilities.values().map(|facility| facility.department.clone()).collect()
}

fn payers(known: &Reference) -> BTreeSet<Code> {
    known.payers.values().map(|payer| payer.code.clone()).collect()
}
