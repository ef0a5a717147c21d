// SPDX-License-Identifier: Apache-2.0
//! What every adjudication of an account comes to, given all of them: a function of what is known, so
//! that reversal before original and secondary before primary end where the usual order ends.

use model::exception;
use model::role::Role;
use model::row::Purpose;

use crate::account::{Account, Adjudication, Balances, Leg, Note, Post, Verdict};
use crate::claim::basis::Primary;
use crate::claim::coordination::Cap;
use crate::claim::reversal::Pair;
use crate::claim::{basis, duplicate, hold, intercompany, responsibility, reversal};

/// One verdict per adjudication, in the order of the account.
pub fn settle(account: &Account) -> Vec<Verdict> {
    let all = &account.adjudications;
    let pairs = reversal::pairs(all);
    let repeats = duplicate::repeats(all, &pairs);
    let mut verdicts: Vec<Verdict> = vec![Verdict::default(); all.len()];
    let mut live: Vec<usize> = Vec::new();
    let mut unpaired: Vec<usize> = Vec::new();
    for (at, one) in all.iter().enumerate() {
        let paired = pairs.iter().any(|pair| pair.original == at || pair.reversal == at);
        let held = if let Some(barred) = &one.barred {
            Some(barred.code)
        } else if repeats[at] {
            Some(exception::Code::DuplicateClaim)
        } else if one.is_reversal() && !paired && orphan(account, one) {
            Some(exception::Code::ReversalOrphan)
        } else {
            None
        };
        if held.is_some() {
            verdicts[at] = Verdict { held, legs: hold::of(one), notes: Vec::new() };
        } else if !paired && one.is_reversal() {
            unpaired.push(at);
        } else if !paired && one.rank().is_some() {
            live.push(at);
        }
    }
    live.sort_by_key(|&at| all[at].rank());

    let mut balances = Balances::opening(account);
    for Pair { original, reversal } in pairs {
        let taken_back = original_verdict(account, original, &mut balances);
        let legs = taken_back.legs.iter().map(Leg::turned).collect();
        verdicts[reversal] = Verdict { held: None, legs, notes: Vec::new() };
        balances.apply(&verdicts[reversal].legs);
        verdicts[original] = taken_back;
    }
    for at in unpaired {
        let mut verdict = book(account, &all[at], &mut Balances::default());
        verdict.legs = verdict.legs.iter().map(Leg::turned).collect();
        balances.apply(&verdict.legs);
        verdicts[at] = verdict;
    }
    let primary = Primary::of(account, &live);
    for &at in &live {
        let mut verdict = book(account, &all[at], &mut balances);
        if let Some(leg) = basis::true_up(account, &all[at], &balances, primary) {
            balances.apply(std::slice::from_ref(&leg));
            verdict.legs.push(leg);
        }
        verdicts[at] = verdict;
    }
    verdicts
}

/// A guarded reversal without its original is held; where the opening names the claim, the original
/// was booked before the cut-over.
fn orphan(account: &Account, one: &Adjudication) -> bool {
    account.opening.is_none() && !one.legacy
}

/// The legs of an original that is taken back: what it has booked, else what it would have.
fn original_verdict(account: &Account, at: usize, balances: &mut Balances) -> Verdict {
    let one = &account.adjudications[at];
    let booked = one.verdict.held.is_none() && !one.verdict.legs.is_empty();
    if booked {
        balances.apply(&one.verdict.legs);
        return Verdict { notes: Vec::new(), ..one.verdict.clone() };
    }
    let mut verdict = book(account, one, balances);
    if let Some(leg) = basis::true_up(account, one, balances, Primary::Adjudicated) {
        balances.apply(std::slice::from_ref(&leg));
        verdict.legs.push(leg);
    }
    Verdict { notes: Vec::new(), ..verdict }
}

/// The legs of one adjudication, with the sign of an original, and what is left for a person.
fn book(account: &Account, one: &Adjudication, balances: &mut Balances) -> Verdict {
    let sign = if one.is_reversal() { -1 } else { 1 };
    let paid = one.paid.saturating_mul(sign);
    let mut verdict = Verdict::default();
    let receivable = Post::payer(Role::ReceivablePayer, &one.payer);
    let put = |verdict: &mut Verdict, balances: &mut Balances, leg: Option<Leg>| {
        let Some(leg) = leg else { return };
        balances.apply(std::slice::from_ref(&leg));
        verdict.legs.push(leg);
    };

    let clearing = Post::payer(Role::Clearing, &one.payer);
    let payment = Leg::signed(clearing, receivable.clone(), paid, Purpose::Payment);
    for leg in payment.into_iter().flat_map(|leg| intercompany::split(leg, one.cash.as_ref())) {
        put(&mut verdict, balances, Some(leg));
    }

    let classified = &one.classified;
    let contractual = basis::contractual(account, one);
    let contra = Leg::signed(
        receivable.clone(),
        contractual.clone(),
        classified.contra,
        Purpose::Adjustment,
    );
    put(&mut verdict, balances, contra);

    let mut cap = Cap::of(account, one, balances);
    let moved = cap.take(classified.responsibility);
    let to = responsibility::destination(account, one);
    let purpose = if to.role == Role::ReceivablePayer {
        Purpose::PayerTransfer
    } else {
        Purpose::PatientResponsibility
    };
    put(&mut verdict, balances, Leg::signed(to, receivable.clone(), moved, purpose));

    let allowed = cap.take(classified.contractual);
    let leg = Leg::signed(contractual, receivable.clone(), allowed, Purpose::Contractual);
    put(&mut verdict, balances, leg);

    let capitated = cap.take(classified.capitation);
    let adjustment = Post::payer(Role::CapitationAdjustment, &one.payer);
    let leg = Leg::signed(adjustment, receivable, capitated, Purpose::Adjustment);
    put(&mut verdict, balances, leg);

    verdict.notes = notes(one, cap.excess());
    verdict
}

/// What of a posted claim is left for a person.
fn notes(one: &Adjudication, excess: i64) -> Vec<Note> {
    let classified = &one.classified;
    let unmapped: i64 = classified.unmapped.iter().map(|(_, _, amount)| amount).sum();
    let on_primary = if one.rank() == Some(1) { classified.prior_payer } else { 0 };
    let any_unmapped = !classified.unmapped.is_empty();
    let candidates = [
        (exception::Code::MapCarc, unmapped, any_unmapped),
        (exception::Code::CoordinationExcess, excess, excess != 0),
        (exception::Code::OtherAdjusted, on_primary, on_primary != 0),
        (
            exception::Code::Capitation,
            classified.uncontracted_capitation,
            classified.uncontracted_capitation != 0,
        ),
    ];
    let wanted = candidates.into_iter().filter(|(_, _, wanted)| *wanted);
    wanted.map(|(code, amount, _)| Note { code, amount }).collect()
}
