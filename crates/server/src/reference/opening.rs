// SPDX-License-Identifier: Apache-2.0
//! The claim-level opening file: what was open at the cut-over. Claim numbers become tokens while it
//! is read.

use std::path::Path;

use intake::{Met, Opening, Tokeniser};
use model::money::{Minor, parse_minor};
use model::token::{Clear, Field};
use ports::remittances::OpeningClaim;

use super::lines::OpeningLine;
use super::table::{self, Presence, Table};
use crate::check::{self, Finding};

/// Reads an opening file into lines whose claim numbers are tokens already.
pub fn read(path: &Path, tokeniser: &Tokeniser) -> anyhow::Result<Opening> {
    let mut findings = Vec::new();
    let table: Table<OpeningLine> = table::read(path, Presence::Required, &mut findings);
    let amounts = amounts(&table, &mut findings);
    check::refuse(&findings)?;
    let (mut lines, mut met) = (Vec::with_capacity(amounts.len()), Met::default());
    let mut token = |number: String| tokeniser.meet(Field::Control, Clear::new(number), &mut met);
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
            claim: token(line.claim),
            payer_control: control.map(&mut token),
            payer: line.payer,
        });
    }
    Ok(Opening { lines, met })
}

/// What is wrong in an opening file.
pub fn findings(path: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    let table: Table<OpeningLine> = table::read(path, Presence::Required, &mut findings);
    amounts(&table, &mut findings);
    findings
}

/// Open, expected contractual and patient's share of each line.
fn amounts(table: &Table<OpeningLine>, findings: &mut Vec<Finding>) -> Vec<[Minor; 3]> {
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
