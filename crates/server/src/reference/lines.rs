// SPDX-License-Identifier: Apache-2.0
//! What stands on one line of each governed file. The names of the fields are those of the columns.

use model::code::Code;
use model::money::Currency;
use model::reference::{Basis, PeriodStatus};
use model::target::Mode;
use serde::Deserialize;
use time::Date;

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
    /// An instance; empty: every instance without a line of its own for the role.
    #[serde(default)]
    pub target: Option<Code>,
    #[serde(default)]
    pub from: Option<Date>,
    #[serde(default)]
    pub to: Option<Date>,
    /// What whoever wrote the file believes the account to be.
    #[serde(default)]
    pub nature: Option<String>,
    /// For the people who read the file.
    #[serde(default, rename = "name")]
    _name: Option<String>,
}

#[derive(Deserialize)]
pub struct RouteLine {
    pub entity: Code,
    #[serde(default)]
    pub instance: Option<Code>,
    /// The name of the column before there were ledgers and modes.
    #[serde(default)]
    pub target: Option<Code>,
    #[serde(default)]
    pub ledger: Option<Code>,
    #[serde(default)]
    pub mode: Option<Mode>,
    #[serde(default)]
    pub from: Option<Date>,
    #[serde(default)]
    pub to: Option<Date>,
}

impl RouteLine {
    /// The instance that books, by whichever of its two names the column goes.
    pub fn books_in(&self) -> Option<&Code> {
        self.instance.as_ref().or(self.target.as_ref())
    }
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
