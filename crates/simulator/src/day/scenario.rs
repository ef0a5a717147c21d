// SPDX-License-Identifier: Apache-2.0
//! The scenarios of a day. Each makes what the payer writes and, beside it, the journal that finance
//! would write by hand.

use time::{Date, Duration};

use super::claim::{Claim, Line, cas};
use super::opening::OpeningLine;
use super::people::person;
use super::random::Random;
use super::truth::Journal;
use super::world::{EXPECTED_BASIS, Facility, Payer, departments_of};

pub mod ordinary;
pub mod planted;
pub mod provider;
pub mod reversal;
pub mod secondary;

/// How many days before the day the group's books moved to the product.
pub const CUT_OVER_DAYS: i64 = 60;

const PROCEDURES: [&str; 8] =
    ["G0463", "G0378", "G0299", "G0151", "A0428", "A0429", "J0696", "J1885"];

/// Who pays, who is paid, and whose claims they are.
#[derive(Debug, Clone, Copy)]
pub struct Site {
    pub payer: &'static Payer,
    pub facility: &'static Facility,
}

impl Site {
    pub fn journal(self) -> Journal {
        Journal::at(self.facility, self.payer)
    }

    /// Whether contractuals of this site were expected and stand on 1290-C.
    pub fn expects(self) -> bool {
        (self.facility.entity.code, self.payer.class) == EXPECTED_BASIS
    }
}

/// How large a claim is: planted flaws stay small, so that nearly all of the day can post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    Usual,
    Small,
}

/// What a claim comes to, as its scenario knows it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Parts {
    pub paid: i64,
    /// Contractual adjustments, sequestration included.
    pub contractual: i64,
    pub patient: i64,
    pub denied: i64,
}

/// Makes claims, one number after the other.
#[derive(Debug)]
pub struct Maker {
    pub random: Random,
    pub date: Date,
    claims: u64,
}

impl Maker {
    pub fn new(seed: u64, date: Date) -> Self {
        Self { random: Random::new(seed), date, claims: 0 }
    }

    /// A claim that is charged and has nothing decided yet.
    pub fn blank(&mut self, site: Site, size: Size) -> Claim {
        self.claims += 1;
        let from = self.date - Duration::days(self.random.between(8, CUT_OVER_DAYS - 5));
        let stay = if self.random.chance(10) { self.random.between(1, 4) } else { 0 };
        let mut claim = Claim {
            patient_control: format!("A{:08}", 20_000_000 + self.claims),
            payer_control: format!("{}{:09}", &site.payer.payer_id[..3], 700_000_000 + self.claims),
            status: "1",
            charge: 0,
            paid: 0,
            cas: Vec::new(),
            lines: Vec::new(),
            person: person(&mut self.random),
            service_from: from,
            service_through: from + Duration::days(stay),
            crossover: None,
        };
        for _ in 0..self.line_count(size) {
            let charge = self.charge(size);
            claim.charge += charge;
            let procedure = *self.random.pick(&PROCEDURES);
            claim.lines.push(Line { procedure, charge, paid: 0, cas: Vec::new(), remark: None });
        }
        claim
    }

    fn line_count(&mut self, size: Size) -> i64 {
        match size {
            Size::Usual => self.random.between(1, 4),
            Size::Small => 2,
        }
    }

    fn charge(&mut self, size: Size) -> i64 {
        match size {
            Size::Small => self.random.between(3_000, 6_000),
            Size::Usual if self.random.chance(2) => self.random.between(400_000, 2_500_000),
            Size::Usual => self.random.between(6_000, 180_000),
        }
    }

    /// The claim in the opening file with its whole charge open.
    pub fn opening(&mut self, site: Site, claim: &Claim) -> OpeningLine {
        OpeningLine {
            entity: site.facility.entity.code,
            facility: site.facility.code,
            claim: claim.patient_control.clone(),
            payer_control: claim.payer_control.clone(),
            payer: site.payer.code,
            open: claim.charge,
            patient_open: 0,
            expected: None,
            department: self.random.pick::<&str>(departments_of(site.facility)),
            service_line: self.random.pick::<&str>(&["MED", "SUR", "CAR", "EMR", "REH"]),
        }
    }

    /// Adjudicates every line: allowed in percent of the charge, the patient's part of the allowed
    /// amount under one reason, two percent of the rest withheld where Medicare sequesters.
    pub fn adjudicate(
        &mut self,
        site: Site,
        claim: &mut Claim,
        patient_percent: i64,
        patient_reason: &'static str,
    ) -> Parts {
        let mut parts = Parts::default();
        let contractual_reason = if self.random.chance(5) { "131" } else { "45" };
        for line in &mut claim.lines {
            let allowed = line.charge * self.random.between(35, 80) / 100;
            let contractual = line.charge - allowed;
            let patient = allowed * patient_percent / 100;
            let sequestered =
                if site.payer.class == "medicare" { (allowed - patient) * 2 / 100 } else { 0 };
            line.paid = allowed - patient - sequestered;
            line.cas.push(cas("CO", contractual_reason, contractual));
            if sequestered > 0 {
                line.cas.push(cas("CO", "253", sequestered));
            }
            if patient > 0 {
                line.cas.push(cas("PR", patient_reason, patient));
            }
            parts.paid += line.paid;
            parts.contractual += contractual + sequestered;
            parts.patient += patient;
        }
        claim.paid = parts.paid;
        parts
    }
}
