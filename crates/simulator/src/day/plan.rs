// SPDX-License-Identifier: Apache-2.0
//! Which files come on the day and what is in them: the usual traffic, with exceptions planted in
//! it, and a few files that are wholly special.

use super::claim::{Claim, Plb};
use super::scenario::{Maker, Site};
use super::truth::{Fate, Told};
use super::world::{FACILITIES, Facility, MAIN, NORTH, PAYERS, PHYSICIANS, Payer, npi};
use super::x12::Direction;
use super::{Config, Group};

mod plant;
mod special;

/// A file before it is written.
#[derive(Debug)]
pub struct File {
    pub payer: &'static Payer,
    pub sets: Vec<Set>,
}

/// A transaction set with its truth.
#[derive(Debug, Clone)]
pub struct Set {
    pub payer: &'static Payer,
    pub payee: &'static Facility,
    pub groups: Vec<SetGroup>,
    pub plbs: Vec<Told<Plb>>,
    pub method: &'static str,
    pub direction: Direction,
    pub trace: String,
    pub fate: Fate,
    /// Added to what BPR02 must be; 0 in a sound set.
    pub payment_error: i64,
    /// Added to what SE01 must be; 0 in a sound set.
    pub count_error: usize,
}

#[derive(Debug, Clone)]
pub struct SetGroup {
    pub facility: &'static Facility,
    /// Set when a TS3 names the facility.
    pub npi: Option<String>,
    pub claims: Vec<Told<Claim>>,
}

impl Set {
    pub fn new(maker: &mut Maker, site: Site, method: &'static str) -> Self {
        let number = maker.random.between(10_000_000, 99_999_999);
        let trace = match method {
            "CHK" => number.to_string(),
            _ => format!("{}{number}", site.payer.payer_id),
        };
        let group = SetGroup { facility: site.facility, npi: None, claims: Vec::new() };
        Self {
            payer: site.payer,
            payee: site.facility,
            groups: vec![group],
            plbs: Vec::new(),
            method,
            direction: Direction::Credit,
            trace,
            fate: Fate::Booked,
            payment_error: 0,
            count_error: 0,
        }
    }

    pub fn site(&self) -> Site {
        Site { payer: self.payer, facility: self.payee }
    }

    /// The claims under the payee's own facility.
    pub fn claims(&mut self) -> &mut Vec<Told<Claim>> {
        &mut self.groups[0].claims
    }

    /// What claims and provider adjustments come to: BPR02 of a sound set, with its sign.
    pub fn amount(&self) -> i64 {
        let claims = self.groups.iter().flat_map(|group| &group.claims);
        let paid: i64 = claims.map(|told| told.said.paid).sum();
        paid - self.plbs.iter().map(|told| told.said.cents).sum::<i64>()
    }
}

/// All files of the day in the order of their names.
pub fn files(maker: &mut Maker, config: &Config) -> Vec<File> {
    let special = special::files(maker);
    let special_claims: usize =
        special.iter().flat_map(|file| &file.sets).map(|set| count(&set.groups)).sum();
    let base = config.files.saturating_sub(special.len() + 1).max(PAYERS.len());
    let planted = plant::CLAIMS;
    let claims = config.claims.saturating_sub(special_claims + planted);
    let mut files = ordinary(maker, base, claims);
    plant::exceptions(maker, &mut files);
    for set in files.iter_mut().flat_map(|file| &mut file.sets) {
        // A payer never sends a negative total.
        while set.amount() < 0 {
            let told = maker.paid(set.site(), super::scenario::Size::Usual);
            set.claims().push(told);
        }
    }
    files.extend(special);
    match config.group {
        Group::Usual => {}
        Group::WithAcquired => files.push(special::acquired(maker)),
    }
    files
}

fn count(groups: &[SetGroup]) -> usize {
    groups.iter().map(|group| group.claims.len()).sum()
}

/// The usual traffic: each payer at least once, one or two sets a file, claims spread unevenly.
fn ordinary(maker: &mut Maker, files: usize, claims: usize) -> Vec<File> {
    let mut made: Vec<File> = Vec::new();
    for number in 0..files {
        let payer = match PAYERS.get(number) {
            Some(payer) => payer,
            None => maker.random.pick(&PAYERS),
        };
        let mut sets = vec![new_set(maker, payer, number)];
        if number % 3 != 0 {
            sets.push(new_set(maker, payer, number + 1));
        }
        made.push(File { payer, sets });
    }
    let weights: Vec<i64> =
        made.iter().flat_map(|file| &file.sets).map(|_| maker.random.between(20, 180)).collect();
    let total: i64 = weights.iter().sum();
    let mut sets = made.iter_mut().flat_map(|file| &mut file.sets);
    let (mut given, mut weighed) = (0, 0);
    for weight in weights {
        let Some(set) = sets.next() else { break };
        // Shares of the running total, so that exactly all claims are given.
        weighed += weight;
        let claims = i64::try_from(claims).unwrap_or(i64::MAX);
        let until = claims.saturating_mul(weighed) / total;
        fill(maker, set, until - given);
        given = until;
    }
    made
}

fn new_set(maker: &mut Maker, payer: &'static Payer, number: usize) -> Set {
    let facility = match payer.code {
        // The one basis `expected` must occur on every day.
        "HARB" if number.is_multiple_of(2) => {
            let own: Vec<&Facility> =
                FACILITIES.iter().filter(|one| one.entity.code == PHYSICIANS.code).collect();
            *maker.random.pick(&own)
        }
        _ => maker.random.pick(&FACILITIES),
    };
    let method = if maker.random.chance(75) { "ACH" } else { "CHK" };
    Set::new(maker, Site { payer, facility }, method)
}

fn fill(maker: &mut Maker, set: &mut Set, claims: i64) {
    let shared = set.payee.code == MAIN.code && maker.random.chance(40);
    if shared {
        set.groups[0].npi = Some(npi(MAIN.npi_stem));
        let npi = Some(npi(NORTH.npi_stem));
        set.groups.push(SetGroup { facility: NORTH, npi, claims: Vec::new() });
    }
    for number in 0..claims {
        let index = if shared && number % 3 == 2 { 1 } else { 0 };
        let site = Site { payer: set.payer, facility: set.groups[index].facility };
        let told = match set.payer.class {
            "supplement" => maker.secondary(site),
            _ if set.payer.code == "BENF" && number % 2 == 1 => maker.secondary(site),
            _ => maker.ordinary(site),
        };
        set.groups[index].claims.push(told);
    }
}
