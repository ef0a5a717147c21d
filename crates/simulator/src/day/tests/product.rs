// SPDX-License-Identifier: Apache-2.0
//! The product's own reader and counter over the day's files: they must see what the truth says.

use interchange::x12::Limits;
use interchange::x12::control_totals::Counter;
use interchange::x12::remittance::{BodyHashing, Remittance835, SetEnd, Sink};
use interchange::x12::{Finding, remittance};

use super::{day, number};

/// What the reader tells of all files together.
#[derive(Default)]
struct Seen {
    sets: i64,
    claims: i64,
    adjustments: i64,
    lines_off: u64,
    claims_off: u64,
    totals_off: u64,
    envelopes_off: u64,
    cents: i64,
    findings: Vec<String>,
    hashes: Vec<[u8; 32]>,
}

impl Sink for Seen {
    fn claim(&mut self, claim: &remittance::Claim<'_>) {
        self.cents += claim.paid;
        self.claims += 1;
    }

    fn provider_adjustment(&mut self, adjustment: &remittance::ProviderAdjustment<'_>) {
        self.cents -= adjustment.amount;
        self.adjustments += 1;
    }

    fn set_end(&mut self, end: &SetEnd<'_>) {
        self.sets += 1;
        self.lines_off += end.lines_off;
        self.claims_off += end.claims_off;
        self.envelopes_off += u64::from(!end.envelope);
        let total = end.total.expect("a readable total");
        let signed = match end.credit_debit {
            remittance::CreditDebit::Debit => -total,
            remittance::CreditDebit::Credit | remittance::CreditDebit::Unstated => total,
        };
        let sum = end.sum_clp04.expect("a sum") - end.sum_plb.expect("a sum");
        self.totals_off += u64::from(sum != signed);
        self.hashes.extend(end.body_hash);
    }

    fn finding(&mut self, finding: &Finding) {
        self.findings.push(format!("{finding:?}"));
    }
}

#[test]
fn the_product_reads_what_the_truth_says_and_finds_only_what_was_planted() {
    let day = day(21, 3_000, 40);
    let mut seen = Seen::default();
    let mut counted = (0, 0);
    for (_, content) in &day.inbox[..day.inbox.len() - 1] {
        let mut reader = Remittance835::new(Limits::default(), BodyHashing::Sha256);
        reader.push(content.as_bytes(), &mut seen).expect("it reads");
        reader.finish(&mut seen).expect("it ends");
        let mut counter = Counter::default();
        counter.push(content.as_bytes());
        let totals = counter.finish();
        counted.0 += i64::try_from(totals.claims).expect("a count");
        counted.1 += totals.claim_payments - totals.provider_adjustments;
    }
    let truth = |pointer: &str| number(&day.truth, pointer);
    assert_eq!(seen.sets, truth("/transactions/received"));
    assert_eq!(seen.claims, truth("/claims/received/count"));
    assert_eq!(seen.adjustments, truth("/provider_adjustments/received/count"));
    assert_eq!(seen.cents, truth("/amounts/received_cents"));
    assert_eq!(counted, (seen.claims, i128::from(seen.cents)));
    let off = [seen.lines_off, seen.claims_off, seen.totals_off, seen.envelopes_off];
    assert_eq!(off, [3, 2, 1, 1], "{:#?}", seen.findings);
    assert_eq!(seen.findings.len(), 7, "{:#?}", seen.findings);
    let mut hashes = seen.hashes.clone();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), seen.hashes.len() - 1, "one body is delivered twice");
}
