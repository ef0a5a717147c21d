// SPDX-License-Identifier: Apache-2.0
//! The money rules: what balances, what does not, and what cannot be told.
//! Every case changes one thing in a remittance that balances.

use interchange::x12::Code;

use crate::outcome::{Outcome, read};
use crate::writer::{file, file_with};

fn with(from: &str, to: &str) -> Outcome {
    read(file_with(from, to).as_bytes())
}

fn assert_off(outcome: &Outcome, codes: &[Code]) {
    let codes: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
    assert_eq!(outcome.codes, codes);
    assert!(!outcome.sets[0].balanced && !outcome.summary.balanced);
}

#[test]
fn a_line_that_does_not_balance_is_found_at_its_place() {
    let outcome = with("HC:36415*50*40", "HC:36415*50*41");
    assert_off(&outcome, &[Code::LineOff]);
    let line = outcome.story.iter().find(|line| line.starts_with("BAL-L1")).expect("a finding");
    assert!(
        line.contains("line 2: charge 50.00 less adjustments 10.00 is 40.00, paid 41.00"),
        "{line}"
    );
    assert!(line.contains("at segment 28,"), "{line}");
}

#[test]
fn a_claim_that_does_not_balance_is_found_at_its_place() {
    let outcome = with("ACCT-2*1*100*80", "ACCT-2*1*101*80");
    assert_off(&outcome, &[Code::ClaimOff]);
    let line = outcome.story.iter().find(|line| line.starts_with("BAL-L2")).expect("a finding");
    assert!(line.contains("claim 2: charge 101.00 less adjustments 20.00 is 81.00, paid 80.00"));
    assert!(!line.contains("ACCT"), "a finding names no patient");
}

#[test]
fn a_total_that_does_not_balance_is_found_at_the_payment() {
    assert_off(&with("BPR*I*185*C", "BPR*I*185.01*C"), &[Code::TotalOff]);
    assert_off(&with("L6:REF-9*-5", "L6:REF-9*5"), &[Code::TotalOff]);
}

#[test]
fn a_debit_counts_negative() {
    assert_off(&with("BPR*I*185*C", "BPR*I*185*D"), &[Code::TotalOff]);
    let text = file_with("BPR*I*185*C", "BPR*I*20*D").replacen("REF-9*-5", "REF-9*200", 1);
    assert!(read(text.as_bytes()).sets[0].balanced);
}

#[test]
fn a_negative_total_never_balances() {
    let text = file_with("BPR*I*185*C", "BPR*I*-20*C").replacen("REF-9*-5", "REF-9*200", 1);
    assert_off(&read(text.as_bytes()), &[Code::NegativeTotal]);
}

#[test]
fn a_missing_payment_trace_or_end_leaves_the_set_unbalanced() {
    let text = file();
    let bpr = &text[text.find("BPR").expect("BPR")..text.find("TRN").expect("TRN")];
    let without = text.replace(bpr, "").replace("SE*33*", "SE*32*");
    assert_off(&read(without.as_bytes()), &[Code::NoPaymentSegment]);
    let without = text.replace("TRN*1*TRACE77*1987654321~", "").replace("SE*33*", "SE*32*");
    assert_off(&read(without.as_bytes()), &[Code::NoTrace]);
    let without = read(text.replace("SE*33*0001~", "").as_bytes());
    assert_off(&without, &[Code::NoSetEnd]);
    assert!(!without.sets[0].envelope);
}

#[test]
fn an_amount_that_cannot_be_read_leaves_the_set_unjudged() {
    let long = "9".repeat(40);
    for (from, amounts) in [
        ("ACCT-2*1*100*80", ["ACCT-2*1*1e2*80", "ACCT-2*1*100*8O", "ACCT-2*1*100*٨٠"]),
        ("CAS*CO*45*10", ["CAS*CO*45*1_0", "CAS*CO*45*NaN", "CAS*CO*45*10.005"]),
        ("HC:36415*50*40", ["HC:36415*5 0*40", "HC:36415*50*--40", "HC:36415*-*40"]),
        ("L6:REF-9*-5", ["L6:REF-9*Infinity", "L6:REF-9*- 5", "L6:REF-9*0x5"]),
        ("BPR*I*185*C", ["BPR*I*1.8.5*C", "BPR*I*$185*C", "BPR*I*185,00*C"]),
        ("BPR*I*185*C", [&format!("BPR*I*{long}*C"), "BPR*I*-.*C", "BPR*I*+*C"]),
    ] {
        for to in amounts {
            let outcome = with(from, to);
            assert_off(&outcome, &[Code::BadAmount]);
            assert_eq!(outcome.sets[0].sum_clp04, None, "{to}: no sum is told");
            let finding =
                outcome.story.iter().find(|line| line.starts_with("STRUCT-BAD")).expect("told");
            assert!(!finding.contains("1e2"), "the content is not repeated");
        }
    }
}

#[test]
fn empty_amounts_count_as_nothing_and_sums_beyond_range_are_not_told() {
    assert!(with("ACCT-2*1*100*80*0*", "ACCT-2*1*100*80**").sets[0].balanced);
    let huge = "92233720368547758.07";
    let text = file_with("ACCT-2*1*100*80*0", &format!("ACCT-2*1*{huge}*{huge}*0"));
    let text = text.replacen("CAS*CO*45*20~NM1", "NM1", 1).replace("SE*33", "SE*32");
    let outcome = read(text.as_bytes());
    assert_off(&outcome, &[Code::TotalOff]);
    assert_eq!(outcome.sets[0].sum_clp04, None);
}

#[test]
fn all_six_triplets_of_an_adjustment_and_all_six_pairs_of_a_provider_count() {
    let cas = "CAS*CO*45*1**42*2**253*3**131*4**24*5**45*5";
    assert!(with("CAS*CO*45*20~NM1", &format!("{cas}~NM1")).sets[0].balanced);
    let plb = "PLB*1*20261231*L6:A*-1*L6:B*-1*L6:C*-1*L6:D*-1*L6:E*-0.5*L6:F*-0.5";
    let outcome = with("PLB*1999999984*20261231*L6:REF-9*-5", plb);
    assert!(outcome.sets[0].balanced);
    assert_eq!(outcome.story.iter().filter(|line| line.starts_with("plb")).count(), 6);
}

#[test]
fn a_reversal_balances_with_negated_amounts_and_its_own_group_codes() {
    let text = file_with(
        "PLB*",
        "CLP*ACCT-1*22*-150*-100**MC*ICN0001~CAS*CR*45*-50~CLP*ACCT-1*1*150*100**MC*ICN0003~CAS*CO*45*50~PLB*",
    );
    let outcome = read(text.replace("SE*33*", "SE*37*").as_bytes());
    let set = &outcome.sets[0];
    assert!(set.balanced && set.envelope, "{:?}", outcome.codes);
    assert_eq!(set.sum_clp04.as_deref(), Some("180.00"));
    assert!(outcome.story.iter().any(|line| line.contains("CR 45 -50.00")));
}

#[test]
fn a_remittance_without_money_balances() {
    let text = file_with("BPR*I*185*C*ACH", "BPR*H*0*C*NON").replacen("REF-9*-5", "REF-9*180", 1);
    assert!(read(text.as_bytes()).sets[0].balanced);
}

#[test]
fn what_stands_outside_every_claim_is_told_and_not_counted() {
    let text = file_with("LX*1~", "LX*1~SVC*HC:1*5*5~CAS*CO*45*7~").replace("SE*33", "SE*35");
    let outcome = read(text.as_bytes());
    assert_eq!(outcome.codes, [Code::Order.as_str(), Code::Order.as_str()]);
    assert!(outcome.sets[0].balanced && !outcome.sets[0].envelope);
    assert_eq!(outcome.sets[0].lines, 2);
}
