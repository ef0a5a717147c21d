// SPDX-License-Identifier: Apache-2.0
//! A secondary payer pays what the primary left. OA 23 repeats what the primary did and books
//! nothing.

use super::super::claim::{Claim, cas};
use super::super::truth::Told;
use super::{Maker, Site, Size};

impl Maker {
    /// Pays all or most of what is open at this payer; the rest is contractual or the patient's.
    pub fn secondary(&mut self, site: Site) -> Told<Claim> {
        let mut claim = self.blank(site, Size::Usual);
        claim.status = "2";
        let open = claim.charge * self.random.between(5, 20) / 100;
        let rest = if self.random.chance(50) { open * 15 / 100 } else { 0 };
        let paid = open - rest;
        claim.cas.push(cas("OA", "23", claim.charge - open));
        let mut journal = site.journal();
        journal.book("1090", "1200", paid);
        if self.random.chance(50) {
            claim.cas.push(cas("CO", "45", rest));
            journal.book("4100", "1200", rest);
        } else {
            claim.cas.push(cas("PR", "3", rest));
            journal.book("1210", "1200", rest);
        }
        self.finish_secondary(site, claim, paid, open, journal)
    }

    /// The secondary repeats the whole contractual although only a little is open: what goes beyond
    /// stays unposted as `COB-EXCESS`.
    pub fn excessive_secondary(&mut self, site: Site) -> Told<Claim> {
        let mut claim = self.blank(site, Size::Small);
        claim.status = "2";
        let open = claim.charge * 30 / 100;
        let paid = open * 80 / 100;
        let contractual = claim.charge * 45 / 100;
        claim.cas.push(cas("OA", "23", claim.charge - contractual - paid));
        claim.cas.push(cas("CO", "45", contractual));
        let mut journal = site.journal();
        journal.book("1090", "1200", paid);
        journal.book("4100", "1200", open - paid);
        let excess = contractual - (open - paid);
        let told = self.finish_secondary(site, claim, paid, open, journal);
        told.with_exception("COB-EXCESS", excess)
    }

    fn finish_secondary(
        &mut self,
        site: Site,
        mut claim: Claim,
        paid: i64,
        open: i64,
        journal: super::super::truth::Journal,
    ) -> Told<Claim> {
        claim.cas.retain(|one| one.cents != 0);
        claim.paid = paid;
        for line in &mut claim.lines {
            line.paid = line.charge;
        }
        let mut line = self.opening(site, &claim);
        line.open = open;
        let mut told = Told::new(claim, journal);
        told.opening = Some(line);
        told
    }
}
