// SPDX-License-Identifier: Apache-2.0
//! The pure rules over one claim, by example and by the thousand.

use model::code::Code;
use model::event::v1::{Adjustment, ClaimAdjudicated};
use model::exception;
use model::id::{DocumentId, EventId, Hash, RemittanceId};
use model::money::Minor;
use model::reference::Basis;
use model::role::Role;
use model::token::Token;
use time::macros::date;

use super::classify::{classify, shape, standing};
use super::settle::settle;
use crate::account::{
    Account, Adjudication, Balances, Barred, HoldWith, Leg, Opening, Place, Standing, Verdict,
};
use crate::rules::Rules;

fn claim(
    status: &str,
    charge: Minor,
    paid: Minor,
    cas: &[(&str, &str, Minor)],
) -> ClaimAdjudicated<Token> {
    let adjustment = |(group, reason, amount): &(&str, &str, Minor)| Adjustment {
        group: Code::new(group),
        reason: Code::new(reason),
        amount: *amount,
    };
    ClaimAdjudicated {
        patient_control: Token { token: "tok_C".into(), last4: None },
        payer_control: None,
        member: None,
        patient: None,
        status: Code::new(status),
        filing: None,
        charge,
        paid,
        patient_responsibility: None,
        adjustments: cas.iter().map(adjustment).collect(),
        lines: Vec::new(),
        remarks: Vec::new(),
        service_from: Some(date!(2026 - 02 - 10)),
        service_through: None,
        rendering_npi: None,
        facility_npi: None,
        crossover: None,
        lines_out_of_balance: 0,
        balanced: true,
    }
}

fn place() -> Place {
    let unassigned = Code::new("unassigned");
    Place {
        entity: Code::new("MAIN"),
        facility: Code::new("CITY"),
        department: Code::new("100"),
        service_line: unassigned,
    }
}

/// `number` names event and remittance.
fn adjudication(number: u32, payer: &str, claim: &ClaimAdjudicated<Token>) -> Adjudication {
    let document = DocumentId::of(&Code::new("t"), &Hash::of(&[&number.to_be_bytes()]));
    let rules = Rules::compiled_in();
    Adjudication {
        event: EventId::of(&Code::new("t"), &Code::new("s"), document, 1),
        remittance: RemittanceId::of(document, 1),
        payer: Code::new(payer),
        control: None,
        standing: standing(claim),
        shape: shape(claim),
        charge: claim.charge,
        paid: claim.paid,
        classified: classify(claim, &rules, "commercial", date!(2026 - 03 - 01)),
        crossover: None,
        basis: Basis::Actual,
        legacy: false,
        place: place(),
        cash: None,
        trace: Code::new("T"),
        barred: None,
        verdict: Verdict::default(),
    }
}

fn opening(payers: &[(&str, Minor)], expected: Minor) -> Option<Opening> {
    let payers = payers.iter().map(|(payer, open)| (Code::new(payer), *open)).collect();
    Some(Opening { place: place(), payers, expected, patient: 0 })
}

/// Settles and keeps the verdicts, as the step does.
fn settled(account: &mut Account) -> Balances {
    for (one, verdict) in settle(account).into_iter().enumerate() {
        account.adjudications[one].verdict = verdict;
    }
    account.balances()
}

fn net(legs: &[Leg], role: Role) -> Minor {
    let of = |leg: &Leg| {
        let debit = if leg.debit.role == role { leg.amount } else { 0 };
        debit - if leg.credit.role == role { leg.amount } else { 0 }
    };
    legs.iter().map(of).sum()
}

#[test]
fn the_status_of_a_claim_says_who_paid_in_which_place() {
    let rank = |rank, forwarded| Standing::Adjudicated { rank, forwarded };
    for (status, paid, expected) in [
        ("1", 5, rank(1, false)),
        ("2", 5, rank(2, false)),
        ("3", 5, rank(3, false)),
        ("19", 5, rank(1, true)),
        ("20", 5, rank(2, true)),
        ("21", 5, rank(3, true)),
        ("4", 0, rank(1, false)),
        ("22", -5, Standing::Reversal),
        ("23", 0, Standing::Informative),
        ("25", 0, Standing::Informative),
        ("23", 5, rank(1, false)),
    ] {
        assert_eq!(standing(&claim(status, 10, paid, &[])), expected, "{status} paid {paid}");
    }
    let denied_later = claim("4", 10, 0, &[("OA", "23", 6), ("CO", "50", 4)]);
    assert_eq!(standing(&denied_later), rank(2, false));
}

#[test]
fn a_reversal_means_what_its_original_meant() {
    let rules = Rules::compiled_in();
    let cas = [("CO", "45", 40), ("CO", "91", -3), ("PR", "1", 12), ("OA", "209", 5)];
    let original = claim("1", 100, 46, &cas);
    let turned: Vec<_> =
        cas.iter().map(|(group, reason, amount)| (*group, *reason, -amount)).collect();
    let reversal = claim("22", -100, -46, &turned);
    let on = date!(2026 - 03 - 01);
    let meaning = classify(&original, &rules, "commercial", on);
    assert_eq!((meaning.contractual, meaning.contra, meaning.responsibility), (40, 3, 12));
    assert_eq!(meaning.unmapped, [(Code::new("OA"), Code::new("209"), 5)]);
    assert_eq!(classify(&reversal, &rules, "commercial", on), meaning);
    assert_eq!(shape(&reversal), shape(&original));
}

#[test]
fn a_reversal_takes_back_the_original_with_the_payers_own_number() {
    let numbered = |number, control: &str, claim: &ClaimAdjudicated<Token>| Adjudication {
        control: Some(control.into()),
        ..adjudication(number, "MCR", claim)
    };
    let paid = claim("1", 100, 100, &[]);
    let back = claim("22", -100, -100, &[]);
    let mut account = Account {
        adjudications: vec![
            numbered(1, "I-1", &paid),
            numbered(2, "I-2", &paid),
            numbered(3, "I-2", &back),
        ],
        ..Account::default()
    };
    settled(&mut account);
    let pairs = super::reversal::pairs(&account.adjudications);
    assert_eq!(pairs, [super::reversal::Pair { original: 1, reversal: 2 }]);
}

#[test]
fn a_guarded_reversal_of_nothing_is_held_whole() {
    let reversal = adjudication(1, "MCR", &claim("22", -100, -60, &[("CO", "45", -40)]));
    let mut account = Account { adjudications: vec![reversal], ..Account::default() };
    let balances = settled(&mut account);
    let verdict = &account.adjudications[0].verdict;
    assert_eq!(verdict.held, Some(exception::Code::ReversalOrphan));
    assert_eq!(net(&verdict.legs, Role::Clearing), -60);
    assert_eq!(net(&verdict.legs, Role::ProviderSuspense), 60);
    assert_eq!(balances, Balances::default(), "nothing on the claim has moved");
    account.adjudications[0].legacy = true;
    assert_eq!(settled(&mut account).at(&Code::new("MCR")), 100);
}

#[test]
fn an_expected_contractual_ends_at_zero_once_the_claim_is_decided() {
    for (contractual, denied, left) in
        [(40, 0, 0), (50, 0, 0), (30, 0, 0), (30, 10, 10), (50, 5, 0)]
    {
        let cas = [("CO", "45", contractual), ("CO", "50", denied)];
        let mut one = adjudication(1, "MCR", &claim("1", 100, 100 - contractual - denied, &cas));
        one.basis = Basis::Expected;
        let mut account = Account {
            opening: opening(&[("MCR", 100)], 40),
            adjudications: vec![one],
            ..Account::default()
        };
        let balances = settled(&mut account);
        assert_eq!(balances.allowance, left, "CO45 {contractual}, denied {denied}");
    }
}

#[test]
fn without_an_expected_amount_on_file_the_basis_is_actual() {
    let mut one = adjudication(1, "MCR", &claim("1", 100, 60, &[("CO", "45", 40)]));
    one.basis = Basis::Expected;
    let mut account = Account { adjudications: vec![one], ..Account::default() };
    settled(&mut account);
    let legs = &account.adjudications[0].verdict.legs;
    assert_eq!(net(legs, Role::Contractual), 40);
    assert_eq!(net(legs, Role::AllowanceContractual), 0);
}

#[test]
fn a_barred_claim_leaves_its_account_alone_until_it_is_decided_again() {
    let mut one = adjudication(1, "MCR", &claim("1", 100, 60, &[("CO", "45", 40)]));
    let code = exception::Code::BalanceClaim;
    one.barred = Some(Barred { code, hold: HoldWith::OwnDimensions, reason: None });
    let mut account = Account { adjudications: vec![one], ..Account::default() };
    assert_eq!(settled(&mut account), Balances::default());
    assert_eq!(net(&account.adjudications[0].verdict.legs, Role::Quarantine), -60);
    account.adjudications[0].barred = None;
    assert_eq!(settled(&mut account).at(&Code::new("MCR")), -100);
}

/// The same numbers for the same seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: i64) -> i64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).expect("31 bits") % limit
    }
}

fn random(numbers: &mut Numbers) -> Account {
    let mut account = Account::default();
    if numbers.below(2) == 0 {
        account.opening = opening(&[("MCR", 100_000), ("BLU", 0)], numbers.below(40_000));
    }
    for number in 0..numbers.below(6) + 1 {
        let status =
            ["1", "2", "3", "4", "19", "22"][usize::try_from(numbers.below(6)).expect("small")];
        let sign = if status == "22" { -1 } else { 1 };
        let (contractual, responsibility) = (numbers.below(3) * 1_000, numbers.below(3) * 500);
        let paid = 10_000 - contractual - responsibility;
        let cas = [("CO", "45", sign * contractual), ("PR", "1", sign * responsibility)];
        let claim = claim(status, sign * 10_000, sign * paid, &cas);
        let payer = if matches!(status, "2" | "3") { "BLU" } else { "MCR" };
        let mut one = adjudication(u32::try_from(number).expect("small"), payer, &claim);
        one.basis = if numbers.below(2) == 0 { Basis::Actual } else { Basis::Expected };
        one.legacy = numbers.below(3) == 0;
        account.adjudications.push(one);
    }
    account
}

#[test]
fn settling_again_changes_nothing_and_clearing_is_what_was_paid() {
    let mut numbers = Numbers(7);
    for round in 0..5_000 {
        let mut account = random(&mut numbers);
        let first = settled(&mut account);
        let before = account.clone();
        let second = settled(&mut account);
        assert_eq!((&account, &first), (&before, &second), "round {round}");
        for one in &account.adjudications {
            assert!(one.verdict.legs.iter().all(|leg| leg.amount > 0));
            assert_eq!(net(&one.verdict.legs, Role::Clearing), one.paid, "round {round}: {one:?}");
        }
    }
}

#[test]
fn a_stored_account_of_version_one_is_read_for_ever() {
    let frozen = include_str!("account_v1.json");
    let crate::account::Stored::V1(account) = serde_json::from_str(frozen).expect("it is read");
    assert_eq!(account.adjudications.len(), 2);
    assert_eq!(account.balances().at(&Code::new("BLU")), 12_000);
    let written = serde_json::to_value(crate::account::Stored::V1(account)).expect("it is written");
    let frozen: serde_json::Value = serde_json::from_str(frozen).expect("it is JSON");
    assert_eq!(written, frozen, "what is written has not changed its form");
}
