// SPDX-License-Identifier: Apache-2.0
//! A claim and a provider adjustment as the simulated payer writes them.

use time::Date;

use super::people::Person;
use super::world::Payer;

/// One adjustment: group, reason, cents. Positive lowers the payment.
#[derive(Debug, Clone)]
pub struct Cas {
    pub group: &'static str,
    pub reason: &'static str,
    pub cents: i64,
}

pub fn cas(group: &'static str, reason: &'static str, cents: i64) -> Cas {
    Cas { group, reason, cents }
}

#[derive(Debug, Clone)]
pub struct Line {
    pub procedure: &'static str,
    pub charge: i64,
    pub paid: i64,
    pub cas: Vec<Cas>,
    pub remark: Option<&'static str>,
}

#[derive(Debug, Clone)]
pub struct Claim {
    pub patient_control: String,
    pub payer_control: String,
    pub status: &'static str,
    pub charge: i64,
    pub paid: i64,
    pub cas: Vec<Cas>,
    pub lines: Vec<Line>,
    pub person: Person,
    pub service_from: Date,
    pub service_through: Date,
    pub crossover: Option<&'static Payer>,
}

impl Claim {
    /// CLP05: what the patient owes according to the payer.
    pub fn patient_share(&self) -> i64 {
        let on_lines = self.lines.iter().flat_map(|line| &line.cas);
        let all = self.cas.iter().chain(on_lines);
        all.filter(|one| one.group == "PR").map(|one| one.cents).sum()
    }

    /// The same claim taken back: every amount negated.
    pub fn reversed(&self) -> Self {
        let mut reversed = self.clone();
        let negate = |all: &mut Vec<Cas>| all.iter_mut().for_each(|one| one.cents = -one.cents);
        reversed.status = "22";
        reversed.charge = -self.charge;
        reversed.paid = -self.paid;
        reversed.crossover = None;
        negate(&mut reversed.cas);
        for line in &mut reversed.lines {
            line.charge = -line.charge;
            line.paid = -line.paid;
            negate(&mut line.cas);
        }
        reversed
    }
}

/// One PLB entry. Positive lowers the payment.
#[derive(Debug, Clone)]
pub struct Plb {
    pub code: &'static str,
    pub reference: String,
    pub cents: i64,
}
