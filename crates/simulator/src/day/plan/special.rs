// SPDX-License-Identifier: Apache-2.0
//! Files that are special as a whole. A payer that shows, carries or repeats something does so in
//! one file, in the order of its sets.

use super::super::claim::Claim;
use super::super::scenario::{Maker, Site, Size};
use super::super::truth::{Fate, Told};
use super::super::world::{
    CEDAR, CLINIC, Facility, GRANITE, MAIN, NORTH, PAYERS, Payer, RIVERBEND, UNKNOWN_NPI_STEM, npi,
};
use super::super::x12::Direction;
use super::{File, Set, SetGroup};

const HARBOR: &Payer = &PAYERS[4];
const SUMMIT: &Payer = &PAYERS[5];
const BENEFIT: &Payer = &PAYERS[6];

pub fn files(maker: &mut Maker) -> Vec<File> {
    let (overpaid, repeated) = overpayments(maker);
    let twice = sound_set(maker, GRANITE, CLINIC, 3);
    let disputed = sound_set(maker, GRANITE, CLINIC, 3);
    let conflict = conflicting(&disputed);
    let again = delivered_again(&twice);
    let mut all = vec![
        overpaid,
        takeback(maker),
        file(nothing_paid(maker)),
        file(unbalanced(maker)),
        file(miscounted(maker)),
        File { payer: GRANITE, sets: vec![twice, disputed] },
        file(again),
        file(conflict),
        file(repeating_claim(maker, repeated)),
        file(debiting(maker)),
        file(homeless(maker)),
    ];
    all.iter_mut().flat_map(|file| &mut file.sets).for_each(never_negative);
    all
}

fn file(set: Set) -> File {
    File { payer: set.payer, sets: vec![set] }
}

/// A special set is written as it is planned; a negative total would be a mistake in the plan.
fn never_negative(set: &mut Set) {
    let sum = set.amount();
    let negative = set.direction == Direction::Debit;
    assert_eq!(sum < 0, negative, "the plan of set {} is wrong", set.trace);
}

fn sound_set(
    maker: &mut Maker,
    payer: &'static Payer,
    facility: &'static Facility,
    claims: usize,
) -> Set {
    let site = Site { payer, facility };
    let mut set = Set::new(maker, site, "ACH");
    for _ in 0..claims {
        let told = maker.sound(site);
        set.claims().push(told);
    }
    set
}

/// Overpayments shown in the first set and taken in the second, with a claim that the second set
/// corrects. Also gives a claim that another remittance will repeat.
fn overpayments(maker: &mut Maker) -> (File, Told<Claim>) {
    let site = Site { payer: CEDAR, facility: MAIN };
    let mut first = Set::new(maker, site, "ACH");
    let mut second = Set::new(maker, site, "ACH");
    for set in [&mut first, &mut second] {
        for _ in 0..6 {
            let told = maker.paid(site, Size::Usual);
            set.claims().push(told);
        }
    }
    let (shown, taken) = maker.shown_then_taken(site, 4_500);
    let [shown_too, taken_too, acknowledged] = maker.taken_and_acknowledged(site, 3_000);
    first.plbs.extend([shown, shown_too]);
    second.plbs.extend([taken, taken_too, acknowledged]);
    let credit = maker.taken_from_credit(site, 8_000);
    second.plbs.push(credit);
    let (original, pair) = maker.corrected_later(site);
    first.claims().push(original);
    second.claims().extend(pair);
    let (refunded, cheque) = maker.refunded_by_cheque(site);
    second.claims().push(refunded);
    second.plbs.push(cheque);
    let repeated = maker.sound(site);
    first.claims().push(repeated.clone());
    (File { payer: CEDAR, sets: vec![first, second] }, repeated)
}

/// Nothing is paid because a takeback is carried forward; the next set takes it.
fn takeback(maker: &mut Maker) -> File {
    let site = Site { payer: GRANITE, facility: NORTH };
    let (pair, carried, taken) = maker.deferred_takeback(site);
    let mut nothing = Set::new(maker, site, "NON");
    nothing.claims().extend(pair);
    nothing.plbs.push(carried);
    let mut next = sound_set(maker, GRANITE, NORTH, 4);
    next.plbs.push(taken);
    File { payer: GRANITE, sets: vec![nothing, next] }
}

/// Denials and deductibles only: no money, but journals.
fn nothing_paid(maker: &mut Maker) -> Set {
    let site = Site { payer: SUMMIT, facility: CLINIC };
    let mut set = Set::new(maker, site, "NON");
    for _ in 0..3 {
        let denied = maker.denied(site, Size::Usual);
        let deductible = maker.deductible(site);
        set.claims().extend([denied, deductible]);
    }
    set
}

fn unbalanced(maker: &mut Maker) -> Set {
    let mut set = sound_set(maker, HARBOR, MAIN, 3);
    set.payment_error = 1_234;
    set.fate = Fate::Held("BAL-L3");
    set
}

fn miscounted(maker: &mut Maker) -> Set {
    let mut set = sound_set(maker, BENEFIT, NORTH, 3);
    set.count_error = 3;
    set.fate = Fate::Held("STRUCT");
    set
}

fn delivered_again(set: &Set) -> Set {
    let mut again = set.clone();
    again.fate = Fate::Duplicate;
    without_openings(again)
}

/// The same remittance, but a dollar has moved from one claim to another.
fn conflicting(set: &Set) -> Set {
    let mut other = set.clone();
    for (told, cents) in other.claims().iter_mut().zip([100, -100]) {
        let line = &mut told.said.lines[0];
        line.paid += cents;
        line.cas[0].cents -= cents;
        told.said.paid += cents;
    }
    other.fate = Fate::Held("DUP-CONFLICT");
    without_openings(other)
}

fn without_openings(mut set: Set) -> Set {
    set.claims().iter_mut().for_each(|told| told.opening = None);
    set
}

/// Another remittance that pays a claim which was paid already.
fn repeating_claim(maker: &mut Maker, repeated: Told<Claim>) -> Set {
    let mut set = sound_set(maker, CEDAR, MAIN, 3);
    let mut held = repeated.held("DUP-CLAIM", set.site().journal());
    held.opening = None;
    set.claims().insert(1, held);
    set
}

/// The payer takes money instead of paying: two reversals and nothing else.
fn debiting(maker: &mut Maker) -> Set {
    let site = Site { payer: SUMMIT, facility: NORTH };
    let mut set = Set::new(maker, site, "ACH");
    for _ in 0..2 {
        let told = maker.reversed_small(site);
        set.claims().push(told);
    }
    set.direction = Direction::Debit;
    set.fate = Fate::Held("BPR-DEBIT");
    set
}

/// Some of the claims are of a provider that nobody knows.
fn homeless(maker: &mut Maker) -> Set {
    let mut set = sound_set(maker, GRANITE, MAIN, 3);
    let site = set.site();
    set.groups[0].npi = Some(npi(MAIN.npi_stem));
    let claims = vec![maker.homeless(site), maker.homeless(site)];
    set.groups.push(SetGroup { facility: MAIN, npi: Some(npi(UNKNOWN_NPI_STEM)), claims });
    set
}

/// What the hospital that was taken over lately is paid into books of its own: money and interest in
/// one set, denials and deductibles in the other.
pub fn acquired(maker: &mut Maker) -> File {
    let mut paid = sound_set(maker, CEDAR, &RIVERBEND, 6);
    let interest = maker.interest(paid.site(), -1_250);
    paid.plbs.push(interest);
    let site = paid.site();
    let mut mixed = Set::new(maker, site, "CHK");
    for _ in 0..2 {
        let (paid, denied) = (maker.paid(site, Size::Usual), maker.denied(site, Size::Usual));
        let deductible = maker.deductible(site);
        mixed.claims().extend([paid, denied, deductible]);
    }
    File { payer: CEDAR, sets: vec![paid, mixed] }
}
