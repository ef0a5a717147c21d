// SPDX-License-Identifier: Apache-2.0
//! A payer takes a decision back and decides again.

use super::super::claim::{Claim, Plb, cas};
use super::super::truth::Told;
use super::ordinary::settle;
use super::{Maker, Parts, Site, Size};

/// A reversal and the claim as decided anew, in the order in which they are written.
pub type Pair = [Told<Claim>; 2];

impl Maker {
    /// The original was paid before the opening; its opening line has nothing open any more.
    pub fn corrected(&mut self, site: Site) -> Pair {
        let mut original = self.blank(site, Size::Usual);
        let before = self.adjudicate(site, &mut original, 10, "2");
        let mut line = self.opening(site, &original);
        (line.open, line.patient_open) = (0, before.patient);
        let (taken_back, corrected, after) = self.decide_again(&original, before);
        let mut reversal = Told::new(taken_back, settle(site, before).reversed());
        reversal.opening = Some(line);
        let correction = Told::new(corrected, settle(site, after));
        // Most payers write the reversal first; the order must not matter.
        if self.random.chance(25) { [correction, reversal] } else { [reversal, correction] }
    }

    /// The same for a claim that an earlier remittance of the day has paid.
    pub fn corrected_later(&mut self, site: Site) -> (Told<Claim>, Pair) {
        let mut original = self.blank(site, Size::Usual);
        let before = self.adjudicate(site, &mut original, 10, "2");
        let (taken_back, corrected, after) = self.decide_again(&original, before);
        let mut first = Told::new(original, settle(site, before));
        first.opening = Some(self.opening(site, &first.said));
        let reversal = Told::new(taken_back, settle(site, before).reversed());
        let correction = Told::new(corrected, settle(site, after));
        (first, [reversal, correction])
    }

    /// Moves a few dollars from the contractual to the payment or back.
    fn decide_again(&mut self, original: &Claim, before: Parts) -> (Claim, Claim, Parts) {
        let mut corrected = original.clone();
        let line = &mut corrected.lines[0];
        let bound = (line.paid / 4).min(line.cas[0].cents / 4).max(1);
        let size = self.random.between(1, bound);
        let shift = if self.random.chance(50) { size } else { -size };
        line.cas[0].cents -= shift;
        line.paid += shift;
        corrected.paid += shift;
        let mut after = before;
        after.paid += shift;
        after.contractual -= shift;
        (original.reversed(), corrected, after)
    }

    /// A reversal alone, of a small claim that was paid before the opening.
    pub fn reversed_small(&mut self, site: Site) -> Told<Claim> {
        let mut original = self.blank(site, Size::Small);
        let parts = self.adjudicate(site, &mut original, 10, "2");
        let mut line = self.opening(site, &original);
        (line.open, line.patient_open) = (0, parts.patient);
        let mut told = Told::new(original.reversed(), settle(site, parts).reversed());
        told.opening = Some(line);
        told
    }

    /// A reversal of a claim that nobody knows: held, with its payment on suspense.
    pub fn orphan(&mut self, site: Site) -> Told<Claim> {
        let mut original = self.blank(site, Size::Small);
        self.adjudicate(site, &mut original, 10, "2");
        Told::new(original.reversed(), site.journal()).held("REV-ORPHAN", site.journal())
    }

    /// A payer wants money back and takes it only later: reversal, lower decision, and the balance
    /// carried forward, so that nothing is paid. Also gives the later taking.
    pub fn deferred_takeback(&mut self, site: Site) -> (Pair, Told<Plb>, Told<Plb>) {
        let mut original = self.blank(site, Size::Small);
        let (charge, before, after) = (1_000_000, 715_117, 713_101);
        original.charge = charge;
        original.paid = before;
        original.lines.truncate(1);
        original.lines[0].charge = charge;
        original.lines[0].paid = before;
        original.lines[0].cas = vec![cas("CO", "45", charge - before)];
        let mut corrected = original.clone();
        corrected.paid = after;
        corrected.lines[0].paid = after;
        corrected.lines[0].cas = vec![cas("CO", "45", charge - after)];
        let mut line = self.opening(site, &original);
        line.open = 0;
        let was = Parts { paid: before, contractual: charge - before, ..Parts::default() };
        let is = Parts { paid: after, contractual: charge - after, ..Parts::default() };
        let mut reversal = Told::new(original.reversed(), settle(site, was).reversed());
        reversal.opening = Some(line);
        let correction = Told::new(corrected, settle(site, is));

        let owed = before - after;
        let reference = original.payer_control;
        let mut forward = site.journal();
        forward.book("1090", "2115", owed);
        let mut applied = site.journal();
        applied.book("2115", "1090", owed);
        let carried = Plb { code: "FB", reference: reference.clone(), cents: -owed };
        let taken = Plb { code: "FB", reference, cents: owed };
        ([reversal, correction], Told::new(carried, forward), Told::new(taken, applied))
    }
}
