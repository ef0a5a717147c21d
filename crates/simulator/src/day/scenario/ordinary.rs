// SPDX-License-Identifier: Apache-2.0
//! Claims that a payer pays, hands on, or denies.

use super::super::claim::{Claim, cas};
use super::super::truth::{Journal, Told};
use super::super::world::{MEDICARE, SUPPLEMENT};
use super::{Maker, Parts, Site, Size};

/// Reasons that are denials: the balance stays where it is.
pub const DENIALS: [(&str, &str, &str); 8] = [
    ("CO", "16", "N382"),
    ("CO", "18", ""),
    ("CO", "22", ""),
    ("CO", "29", ""),
    ("CO", "50", "N115"),
    ("CO", "97", ""),
    ("PI", "204", "N130"),
    ("CO", "197", ""),
];

impl Maker {
    /// One claim of the usual mix.
    pub fn ordinary(&mut self, site: Site) -> Told<Claim> {
        let roll = self.random.between(1, 100);
        // What a denial or a pending amount releases of an expected amount is decided later.
        if site.expects() && roll <= 11 {
            return self.paid(site, Size::Usual);
        }
        if roll <= 5 {
            return self.denied(site, Size::Usual);
        }
        if roll <= 9 {
            return self.partly_denied(site);
        }
        if roll <= 11 {
            return self.other_responsibility(site);
        }
        if roll <= 17 {
            return self.deductible(site);
        }
        if site.payer.code == MEDICARE.code && roll <= 50 {
            return self.crossed_over(site);
        }
        self.paid(site, Size::Usual)
    }

    /// Paid in part: 1090 | 1200, contractual, and a patient share in most cases.
    pub fn paid(&mut self, site: Site, size: Size) -> Told<Claim> {
        let mut claim = self.blank(site, size);
        let reason = *self.random.pick(&["1", "2", "3"]);
        let percent = match site.payer.class {
            "medicaid" => 0,
            _ => self.random.between(0, 30),
        };
        let parts = self.adjudicate(site, &mut claim, percent, reason);
        if self.random.chance(10) {
            move_contractual_to_claim(&mut claim);
        }
        let journal = settle(site, parts);
        self.finish(site, claim, journal, parts)
    }

    /// The whole allowed amount is the patient's deductible: nothing is paid, much is booked.
    pub fn deductible(&mut self, site: Site) -> Told<Claim> {
        let mut claim = self.blank(site, Size::Small);
        let parts = self.adjudicate(site, &mut claim, 100, "1");
        let journal = settle(site, parts);
        self.finish(site, claim, journal, parts)
    }

    /// Medicare passes the claim on: what the patient would owe is the next payer's.
    pub fn crossed_over(&mut self, site: Site) -> Told<Claim> {
        let mut claim = self.blank(site, Size::Usual);
        claim.status = "19";
        claim.crossover = Some(SUPPLEMENT);
        let parts = self.adjudicate(site, &mut claim, 20, "2");
        let mut journal = site.journal();
        journal.book("1090", "1200", parts.paid);
        journal.book("4100", "1200", parts.contractual);
        journal.hand_over(SUPPLEMENT, parts.patient);
        self.finish(site, claim, journal, parts)
    }

    /// Denied whole: an event, no journal.
    pub fn denied(&mut self, site: Site, size: Size) -> Told<Claim> {
        let mut claim = self.blank(site, size);
        claim.status = "4";
        let (group, reason, remark) = *self.random.pick(&DENIALS);
        for line in &mut claim.lines {
            line.cas.push(cas(group, reason, line.charge));
            line.remark = (!remark.is_empty()).then_some(remark);
        }
        let parts = Parts { denied: claim.charge, ..Parts::default() };
        self.finish(site, claim, site.journal(), parts)
    }

    /// One line is denied and stays in AR, the others are paid.
    fn partly_denied(&mut self, site: Site) -> Told<Claim> {
        let mut claim = self.blank(site, Size::Usual);
        let mut parts = self.adjudicate(site, &mut claim, 0, "1");
        let (group, reason, _) = *self.random.pick(&DENIALS);
        let extra = self.random.between(2_000, 9_000);
        let first = &mut claim.lines[0];
        first.charge += extra;
        first.cas.push(cas(group, reason, extra));
        claim.charge += extra;
        parts.denied = extra;
        let journal = settle(site, parts);
        self.finish(site, claim, journal, parts)
    }

    /// PR with a reason that is neither deductible, coinsurance nor copayment stays in AR.
    fn other_responsibility(&mut self, site: Site) -> Told<Claim> {
        let mut claim = self.blank(site, Size::Usual);
        let mut parts = self.adjudicate(site, &mut claim, 0, "1");
        let extra = self.random.between(2_000, 9_000);
        let first = &mut claim.lines[0];
        first.charge += extra;
        first.cas.push(cas("PR", self.random.pick::<&str>(&["96", "204", "27"]), extra));
        claim.charge += extra;
        parts.denied = extra;
        let journal = settle(site, parts);
        self.finish(site, claim, journal, parts)
    }

    /// Puts the claim into the opening file in most cases, with an expected amount where one is due,
    /// whose difference to the decided contractual is then trued up.
    pub fn finish(
        &mut self,
        site: Site,
        claim: Claim,
        mut journal: Journal,
        parts: Parts,
    ) -> Told<Claim> {
        let opening = if self.random.chance(94) {
            let mut line = self.opening(site, &claim);
            if site.expects() {
                let expected = parts.contractual * self.random.between(90, 110) / 100;
                line.expected = Some(expected);
                turn_to_expected(&mut journal, parts.contractual, expected);
            }
            Some(line)
        } else {
            None
        };
        let mut told = Told::new(claim, journal);
        told.opening = opening;
        told
    }
}

/// 1090 | 1200, 4100 | 1200, 1210 | 1200.
pub fn settle(site: Site, parts: Parts) -> Journal {
    let mut journal = site.journal();
    journal.book("1090", "1200", parts.paid);
    journal.book("4100", "1200", parts.contractual);
    journal.book("1210", "1200", parts.patient);
    journal
}

/// With an expected amount on file the contractual uses 1290-C up, and what is left there, debit or
/// credit, is trued up.
fn turn_to_expected(journal: &mut Journal, contractual: i64, expected: i64) {
    journal.rows.retain(|row| row.debit.0 != "4100");
    journal.book("1290-C", "1200", contractual);
    if expected > contractual {
        journal.book("1290-C", "4100", expected - contractual);
    } else {
        journal.book("4100", "1290-C", contractual - expected);
    }
}

/// Some payers adjust at the claim: the line then shows more than was paid for it.
fn move_contractual_to_claim(claim: &mut Claim) {
    for line in &mut claim.lines {
        let (moved, kept) = line.cas.drain(..).partition(|one| one.group == "CO");
        line.cas = kept;
        for one in moved {
            line.paid += one.cents;
            match claim.cas.iter_mut().find(|known| known.reason == one.reason) {
                Some(known) => known.cents += one.cents,
                None => claim.cas.push(one),
            }
        }
    }
}
