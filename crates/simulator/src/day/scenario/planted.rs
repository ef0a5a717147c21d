// SPDX-License-Identifier: Apache-2.0
//! Claims with a planted flaw.

use super::super::claim::{Claim, cas};
use super::super::truth::Told;
use super::ordinary::settle;
use super::{Maker, Site, Size};

impl Maker {
    /// A line whose payment does not follow from its charge and adjustments; the claim's does.
    pub fn unbalanced_line(&mut self, site: Site) -> Told<Claim> {
        let mut told = self.sound(site);
        told.said.lines[0].paid += 500;
        told.held("BAL-L1", site.journal())
    }

    /// A claim whose charge is more than its lines and adjustments explain.
    pub fn unbalanced_claim(&mut self, site: Site) -> Told<Claim> {
        let mut told = self.sound(site);
        told.said.charge += 1_000;
        told.held("BAL-L2", site.journal())
    }

    /// An adjustment with a reason that no rule knows: it stays in AR, the rest posts.
    pub fn unmapped(&mut self, site: Site) -> Told<Claim> {
        let cents = self.random.between(500, 1_500);
        let mut told = self.sound(site);
        told.said.charge += cents;
        told.said.lines[0].charge += cents;
        told.said.lines[0].cas.push(cas("CO", "799", cents));
        if let Some(line) = &mut told.opening {
            line.open += cents;
        }
        told.with_exception("MAP-CARC", cents)
    }

    /// A claim of a facility that is not in the reference data.
    pub fn homeless(&mut self, site: Site) -> Told<Claim> {
        let mut told = self.sound(site);
        told.opening = None;
        told.held("MDM-FACILITY", site.journal())
    }

    /// A small claim without a flaw, in the opening file.
    pub fn sound(&mut self, site: Site) -> Told<Claim> {
        let mut claim = self.blank(site, Size::Small);
        let parts = self.adjudicate(site, &mut claim, 10, "2");
        let mut told = Told::new(claim, settle(site, parts));
        told.opening = Some(self.opening(site, &told.said));
        told
    }
}
