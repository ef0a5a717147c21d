// SPDX-License-Identifier: Apache-2.0
//! Plants exceptions, corrections and provider adjustments in the usual traffic.

use super::super::claim::Claim;
use super::super::scenario::{Maker, Site};
use super::super::truth::Told;
use super::super::world::GRANITE;
use super::{File, Set};

/// How many claims are planted here: corrections come as two.
pub const CLAIMS: usize = 2 * CORRECTIONS + 3 + 2 + 3 + 2 + 2;
const CORRECTIONS: usize = 12;

/// Puts everything into sets that the seed chooses.
pub fn exceptions(maker: &mut Maker, files: &mut [File]) {
    let mut sets: Vec<&mut Set> = files.iter_mut().flat_map(|file| &mut file.sets).collect();
    // On the expected basis a correction trues up in steps that each finance does its own way.
    let primary = |set: &Set| set.payer.class != "supplement" && !set.site().expects();
    for _ in 0..CORRECTIONS {
        plant(maker, &mut sets, primary, |maker, site| maker.corrected(site).into());
    }
    for _ in 0..3 {
        plant(maker, &mut sets, primary, |maker, site| vec![maker.unbalanced_line(site)]);
        plant(maker, &mut sets, primary, |maker, site| vec![maker.unmapped(site)]);
    }
    for _ in 0..2 {
        let secondary = |set: &Set| set.payer.class == "supplement";
        plant(maker, &mut sets, primary, |maker, site| vec![maker.unbalanced_claim(site)]);
        plant(maker, &mut sets, primary, |maker, site| vec![maker.orphan(site)]);
        plant(maker, &mut sets, secondary, |maker, site| vec![maker.excessive_secondary(site)]);
    }
    provider_adjustments(maker, &mut sets);
}

fn plant(
    maker: &mut Maker,
    sets: &mut [&mut Set],
    chosen: impl Fn(&Set) -> bool,
    make: impl FnOnce(&mut Maker, Site) -> Vec<Told<Claim>>,
) {
    let indexes: Vec<usize> = (0..sets.len()).filter(|&index| chosen(sets[index])).collect();
    let index = *maker.random.pick(&indexes);
    let made = make(maker, sets[index].site());
    let claims = sets[index].claims();
    let place = maker.random.between(0, i64::try_from(claims.len()).unwrap_or(0));
    let place = usize::try_from(place).unwrap_or(0);
    claims.splice(place..place, made);
}

fn provider_adjustments(maker: &mut Maker, sets: &mut [&mut Set]) {
    for number in 0..12_u32 {
        // Granite's balance forward, which another file carries, is not for them to draw on.
        let free: Vec<usize> =
            (0..sets.len()).filter(|&index| sets[index].payer.code != GRANITE.code).collect();
        let index = *maker.random.pick(&free);
        let site = sets[index].site();
        let cents = maker.random.between(300, 2_500);
        let told = match number {
            0..=3 => maker.interest(site, -cents),
            4 => maker.interest(site, cents),
            5 => maker.withhold(site, cents),
            6 => maker.tax(site, cents),
            7 => maker.transmission_fee(site, cents),
            8 | 9 => maker.taken_from_unknown(site, cents),
            10 => maker.unruled(site, "CS", cents),
            _ => maker.unruled(site, "ZZ", -cents),
        };
        sets[index].plbs.push(told);
    }
}
