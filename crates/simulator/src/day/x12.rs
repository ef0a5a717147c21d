// SPDX-License-Identifier: Apache-2.0
//! Writes 835 files in the dialects that payers use: other separators, line ends, amount forms.

use std::fmt::Write as _;

use time::Date;

use super::claim::{Cas, Claim, Line, Plb};
use super::world::{Entity, Facility, Payer, npi};

/// How one payer's files look.
#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    pub element: char,
    pub component: char,
    pub end: &'static str,
    /// Amounts without trailing zeros, as the standard says, or always with two decimals.
    pub trimmed: bool,
}

impl Dialect {
    /// Each payer has its own, in all of its files.
    pub fn of(payer: &Payer) -> Self {
        let letters = payer.code.bytes().map(usize::from).sum::<usize>();
        DIALECTS[letters % DIALECTS.len()]
    }
}

pub const DIALECTS: [Dialect; 4] = [
    Dialect { element: '*', component: ':', end: "~\n", trimmed: true },
    Dialect { element: '*', component: ':', end: "~", trimmed: false },
    Dialect { element: '*', component: '>', end: "~\r\n", trimmed: true },
    Dialect { element: '|', component: '^', end: "\n", trimmed: false },
];

/// One transaction set before it is written.
#[derive(Debug, Clone)]
pub struct Remittance {
    pub payer: &'static Payer,
    pub payee: &'static Facility,
    pub method: &'static str,
    pub handling: &'static str,
    pub debit: Direction,
    /// BPR02 as written.
    pub payment: i64,
    pub trace: String,
    pub effective: Date,
    pub groups: Vec<Group>,
    pub plbs: Vec<Plb>,
    /// Added to the true segment count in SE01; 0 in a sound set.
    pub count_error: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Credit,
    Debit,
}

/// Claims under one LX; with an NPI a TS3 names the facility.
#[derive(Debug, Clone)]
pub struct Group {
    pub npi: Option<String>,
    pub claims: Vec<Claim>,
}

/// A file that is being written.
#[derive(Debug)]
pub struct Writer {
    pub text: String,
    dialect: Dialect,
    segments: usize,
    sets: usize,
    control: u64,
}

pub fn day(date: Date) -> String {
    format!("{:04}{:02}{:02}", date.year(), u8::from(date.month()), date.day())
}

impl Writer {
    /// Begins an interchange with one functional group.
    pub fn begin(
        dialect: Dialect,
        payer: &Payer,
        entity: &Entity,
        date: Date,
        control: u64,
    ) -> Self {
        let mut writer = Self { text: String::new(), dialect, segments: 0, sets: 0, control };
        let (element, today) = (dialect.element, day(date));
        let repetition = if dialect.component == '^' { '!' } else { '^' };
        let _ = write!(
            writer.text,
            "ISA{element}00{element}{:10}{element}00{element}{:10}{element}ZZ{element}{:<15}\
             {element}ZZ{element}{:<15}{element}{}{element}0600{element}{repetition}\
             {element}00501{element}{control:09}{element}0{element}P{element}{}{}",
            "",
            "",
            payer.payer_id,
            entity.tax_id,
            &today[2..],
            dialect.component,
            dialect.end,
        );
        let number = control.to_string();
        let version = "005010X221A1";
        writer.put(&[
            "GS",
            "HP",
            payer.payer_id,
            entity.tax_id,
            &today,
            "0600",
            &number,
            "X",
            version,
        ]);
        writer
    }

    /// Ends the group and the interchange and gives the file.
    pub fn end(mut self) -> String {
        let (sets, control) = (self.sets.to_string(), self.control);
        self.put(&["GE", &sets, &control.to_string()]);
        self.put(&["IEA", "1", &format!("{control:09}")]);
        self.text
    }

    /// Ends what has been written so far without giving the text away twice.
    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    fn put(&mut self, elements: &[&str]) {
        let filled = elements.iter().rposition(|one| !one.is_empty()).map_or(0, |last| last + 1);
        for (index, element) in elements[..filled].iter().enumerate() {
            if index > 0 {
                self.text.push(self.dialect.element);
            }
            self.text.push_str(element);
        }
        self.text.push_str(self.dialect.end);
        self.segments += 1;
    }

    fn amount(&self, cents: i64) -> String {
        let full = model::money::decimal(cents);
        if !self.dialect.trimmed {
            return full;
        }
        match full.strip_suffix(".00") {
            Some(whole) => whole.into(),
            None => full.strip_suffix('0').unwrap_or(&full).into(),
        }
    }

    pub fn set(&mut self, set: &Remittance) {
        self.sets += 1;
        self.segments = 0;
        let control = format!("{:04}", self.sets);
        self.put(&["ST", "835", &control]);
        self.header(set);
        for (index, group) in set.groups.iter().enumerate() {
            self.group(index + 1, group, set);
        }
        if !set.plbs.is_empty() {
            self.plbs(set);
        }
        let count = (self.segments + 1 + set.count_error).to_string();
        self.put(&["SE", &count, &control]);
    }

    fn header(&mut self, set: &Remittance) {
        let (company, effective) = (set.payer.company_id(), day(set.effective));
        let payment = self.amount(set.payment);
        let direction = match set.debit {
            Direction::Credit => "C",
            Direction::Debit => "D",
        };
        let (format, account) = if set.method == "ACH" { ("CCP", "0000012345") } else { ("", "") };
        let qualifier = if account.is_empty() { "" } else { "01" };
        let (bank, kind) = if account.is_empty() { ("", "") } else { ("999999992", "DA") };
        self.put(&[
            "BPR",
            set.handling,
            &payment,
            direction,
            set.method,
            format,
            qualifier,
            bank,
            kind,
            account,
            &company,
            "",
            qualifier,
            bank,
            kind,
            account,
            &effective,
        ]);
        self.put(&["TRN", "1", &set.trace, &company]);
        self.put(&["DTM", "405", &effective]);
        self.put(&["N1", "PR", set.payer.name, "XV", set.payer.payer_id]);
        self.put(&["N3", "1 EXAMPLE PLAZA"]);
        self.put(&["N4", "SAMPLETON", "ZZ", "00000"]);
        self.put(&["REF", "2U", set.payer.payer_id]);
        self.put(&["N1", "PE", set.payee.name, "XX", &npi(set.payee.npi_stem)]);
        self.put(&["REF", "TJ", set.payee.entity.tax_id]);
    }

    fn group(&mut self, number: usize, group: &Group, set: &Remittance) {
        self.put(&["LX", &number.to_string()]);
        if let Some(npi) = &group.npi {
            let charge: i64 = group.claims.iter().map(|claim| claim.charge).sum();
            let (count, charge) = (group.claims.len().to_string(), self.amount(charge));
            let year_end = format!("{:04}1231", set.effective.year());
            self.put(&["TS3", npi, set.payee.facility_type, &year_end, &count, &charge]);
        }
        for claim in &group.claims {
            self.claim(claim, set);
        }
    }

    fn claim(&mut self, claim: &Claim, set: &Remittance) {
        let (charge, paid) = (self.amount(claim.charge), self.amount(claim.paid));
        let share = match claim.patient_share() {
            0 => String::new(),
            cents => self.amount(cents),
        };
        self.put(&[
            "CLP",
            &claim.patient_control,
            claim.status,
            &charge,
            &paid,
            &share,
            set.payer.filing,
            &claim.payer_control,
            set.payee.facility_type,
            "1",
        ]);
        self.adjustments(&claim.cas);
        let person = &claim.person;
        self.put(&[
            "NM1",
            "QC",
            "1",
            &person.last,
            &person.first,
            "",
            "",
            "",
            "MI",
            &person.member,
        ]);
        if let Some(next) = claim.crossover {
            self.put(&["NM1", "TT", "2", next.name, "", "", "", "", "PI", next.payer_id]);
        }
        self.put(&["DTM", "232", &day(claim.service_from)]);
        self.put(&["DTM", "233", &day(claim.service_through)]);
        for (index, line) in claim.lines.iter().enumerate() {
            self.line(index + 1, line, claim);
        }
    }

    fn line(&mut self, number: usize, line: &Line, claim: &Claim) {
        let procedure = format!("HC{}{}", self.dialect.component, line.procedure);
        let (charge, paid) = (self.amount(line.charge), self.amount(line.paid));
        self.put(&["SVC", &procedure, &charge, &paid, "", "1"]);
        self.put(&["DTM", "472", &day(claim.service_from)]);
        self.adjustments(&line.cas);
        self.put(&["REF", "6R", &number.to_string()]);
        if let Some(remark) = line.remark {
            self.put(&["LQ", "HE", remark]);
        }
    }

    /// One CAS for each run of one group, at most six reasons in it.
    fn adjustments(&mut self, all: &[Cas]) {
        for run in all.chunk_by(|left, right| left.group == right.group) {
            for six in run.chunks(6) {
                let mut elements = vec!["CAS".to_string(), six[0].group.to_string()];
                for one in six {
                    let quantity = String::new();
                    elements.extend([one.reason.to_string(), self.amount(one.cents), quantity]);
                }
                let elements: Vec<&str> = elements.iter().map(String::as_str).collect();
                self.put(&elements);
            }
        }
    }

    fn plbs(&mut self, set: &Remittance) {
        let year_end = format!("{:04}1231", set.effective.year());
        for six in set.plbs.chunks(6) {
            let mut elements = vec!["PLB".into(), npi(set.payee.npi_stem), year_end.clone()];
            for plb in six {
                elements.push(format!("{}{}{}", plb.code, self.dialect.component, plb.reference));
                elements.push(self.amount(plb.cents));
            }
            let elements: Vec<&str> = elements.iter().map(String::as_str).collect();
            self.put(&elements);
        }
    }
}
