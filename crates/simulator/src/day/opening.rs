// SPDX-License-Identifier: Apache-2.0
//! The claim-level opening file: what was open in the sub-ledger before the day began.

use std::fmt::Write as _;

use model::money::decimal;

#[derive(Debug, Clone)]
pub struct OpeningLine {
    pub entity: &'static str,
    pub facility: &'static str,
    pub claim: String,
    pub payer_control: String,
    pub payer: &'static str,
    /// What this payer still owes; negative when it has paid too much.
    pub open: i64,
    /// What the patient still owes.
    pub patient_open: i64,
    /// The credit on 1290-C for this claim; absent when no expected amount is on file.
    pub expected: Option<i64>,
    pub department: &'static str,
    pub service_line: &'static str,
}

/// The file with its heading.
pub fn csv(lines: &[OpeningLine]) -> String {
    let mut text = String::from(
        "entity,facility,department,service_line,claim,payer_control,payer,open,\
         expected_contractual,patient_open\n",
    );
    for line in lines {
        let expected = line.expected.map(decimal).unwrap_or_default();
        let _ = writeln!(
            text,
            "{},{},{},{},{},{},{},{},{expected},{}",
            line.entity,
            line.facility,
            line.department,
            line.service_line,
            line.claim,
            line.payer_control,
            line.payer,
            decimal(line.open),
            decimal(line.patient_open),
        );
    }
    text
}
