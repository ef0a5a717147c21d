// SPDX-License-Identifier: Apache-2.0
//! Provider adjustments: money between payer and provider that belongs to no claim of the set.

use super::super::claim::{Claim, Plb};
use super::super::truth::Told;
use super::{Maker, Parts, Site, Size, ordinary::settle};

fn plb(code: &'static str, reference: String, cents: i64) -> Plb {
    Plb { code, reference, cents }
}

impl Maker {
    fn reference(&mut self, site: Site) -> String {
        format!("{}{:08}", &site.payer.payer_id[..3], self.random.between(10_000_000, 99_999_999))
    }

    /// Interest paid (negative) or taken back (positive): never AR.
    pub fn interest(&mut self, site: Site, cents: i64) -> Told<Plb> {
        let mut journal = site.journal();
        if cents < 0 {
            journal.book("1090", "4900", -cents);
        } else {
            journal.book("4900", "1090", cents);
        }
        Told::new(plb("L6", self.reference(site), cents), journal)
    }

    /// An amount kept back under the contract.
    pub fn withhold(&mut self, site: Site, cents: i64) -> Told<Plb> {
        let mut journal = site.journal();
        journal.book("1320", "1090", cents);
        Told::new(plb("E3", self.reference(site), cents), journal)
    }

    /// Tax kept back.
    pub fn tax(&mut self, site: Site, cents: i64) -> Told<Plb> {
        let mut journal = site.journal();
        journal.book("1330", "1090", cents);
        Told::new(plb("IR", self.reference(site), cents), journal)
    }

    /// A fee for the transmission.
    pub fn transmission_fee(&mut self, site: Site, cents: i64) -> Told<Plb> {
        let mut journal = site.journal();
        journal.book("6200", "1090", cents);
        Told::new(plb("AH", self.reference(site), cents), journal)
    }

    /// An overpayment that is shown now (raising the payment) and taken in a later set.
    pub fn shown_then_taken(&mut self, site: Site, cents: i64) -> (Told<Plb>, Told<Plb>) {
        let reference = self.reference(site);
        let mut shown = site.journal();
        shown.book("1090", "2115", cents);
        let mut taken = site.journal();
        taken.book("2115", "1090", cents);
        (
            Told::new(plb("WO", reference.clone(), -cents), shown),
            Told::new(plb("WO", reference, cents), taken),
        )
    }

    /// As above, but our refund cheque crossed the taking: 72 gives the money back in the same set.
    pub fn taken_and_acknowledged(&mut self, site: Site, cents: i64) -> [Told<Plb>; 3] {
        let (shown, taken) = self.shown_then_taken(site, cents);
        let mut journal = site.journal();
        journal.book("1090", "2115", cents);
        let acknowledged = plb("72", taken.said.reference.clone(), -cents);
        [shown, taken, Told::new(acknowledged, journal)]
    }

    /// A claim that was paid twice stands in the opening with a credit, which the payer takes.
    pub fn taken_from_credit(&mut self, site: Site, cents: i64) -> Told<Plb> {
        let claim = self.blank(site, Size::Small);
        let mut line = self.opening(site, &claim);
        line.open = -cents;
        let mut journal = site.journal();
        journal.book("1200", "1090", cents);
        let mut told = Told::new(plb("WO", claim.payer_control, cents), journal);
        told.opening = Some(line);
        told
    }

    /// A recovery of something that nobody knows.
    pub fn taken_from_unknown(&mut self, site: Site, cents: i64) -> Told<Plb> {
        let mut journal = site.journal();
        journal.book("1095", "1090", cents);
        let reference = self.reference(site);
        Told::new(plb("WO", reference, cents), journal).with_exception("WO-UNKNOWN", cents)
    }

    /// A code without a rule, either way.
    pub fn unruled(&mut self, site: Site, code: &'static str, cents: i64) -> Told<Plb> {
        let mut journal = site.journal();
        if cents > 0 {
            journal.book("1095", "1090", cents);
        } else {
            journal.book("1090", "1095", -cents);
        }
        let reference = self.reference(site);
        Told::new(plb(code, reference, cents), journal).with_exception("MAP-PLB", cents)
    }

    /// A claim that was reversed because we had sent a cheque: 72 restores what the reversal took.
    pub fn refunded_by_cheque(&mut self, site: Site) -> (Told<Claim>, Told<Plb>) {
        let mut original = self.blank(site, Size::Small);
        for line in &mut original.lines {
            line.paid = line.charge;
        }
        original.paid = original.charge;
        let cents = original.paid;
        let mut line = self.opening(site, &original);
        line.open = 0;
        let parts = Parts { paid: cents, ..Parts::default() };
        let mut reversal = Told::new(original.reversed(), settle(site, parts).reversed());
        reversal.opening = Some(line);
        let mut journal = site.journal();
        journal.book("1090", "1200", cents);
        let acknowledged = plb("72", original.payer_control, -cents);
        (reversal, Told::new(acknowledged, journal))
    }
}
