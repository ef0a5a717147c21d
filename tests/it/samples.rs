// SPDX-License-Identifier: Apache-2.0
//! Public remittances that nobody here wrote, through the real programs in three orders: each claim
//! posts once or is noted, and what repeats or contradicts is told apart. Read from beside the
//! project; one line when they are not there.

use std::collections::BTreeMap;
use std::path::Path;

use tests::processes::Layout;
use tests::site::{Plan, Site};

const SAMPLES: &str = "../../shared/samples/835";

#[derive(Clone, Copy)]
enum Order {
    Sorted,
    Reversed,
    Shuffled(u64),
}

fn samples(order: Order) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(SAMPLES);
    let Ok(listing) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = listing.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    match order {
        Order::Sorted => {}
        Order::Reversed => paths.reverse(),
        Order::Shuffled(mut seed) => {
            for at in (1..paths.len()).rev() {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                paths.swap(at, usize::try_from((seed >> 33) % (at as u64 + 1)).expect("small"));
            }
        }
    }
    paths.iter().map(|path| std::fs::read(path).expect("a sample")).collect()
}

fn number(text: &str) -> u64 {
    text.parse().expect("a number")
}

/// Claims by what became of them, the same bytes again counted as `DUP`.
fn outcome(site: &Site) -> BTreeMap<String, u64> {
    let mut claims = BTreeMap::new();
    let query = "select coalesce(code, 'posted or noted'), count(*)::text from remittance.inbox
        where kind = 'claim' group by 1";
    for row in site.rows(query).expect("the inbox") {
        *claims.entry(row[0].clone()).or_default() += number(&row[1]);
    }
    let query = "select repeats::text, totals ->> 'claims' from intake.document where repeats > 0";
    for row in site.rows(query).expect("the documents") {
        *claims.entry("DUP".to_owned()).or_default() += number(&row[0]) * number(&row[1]);
    }
    claims
}

fn each_claim_posts_once(order: Order, layout: Layout) {
    let files = samples(order);
    if files.is_empty() {
        tests::say!("public samples are not beside the project: this test shows nothing");
        return;
    }
    let mut plan = Plan::new("native-key").in_layout(layout);
    plan.environment = vec![
        ("REVBRIDGE_REFERENCE__UNKNOWN".to_owned(), "provisional".to_owned()),
        ("REVBRIDGE_REFERENCE__PROVISIONAL_ENTITY".to_owned(), "E1".to_owned()),
    ];
    let site = Site::start(plan).expect("the site starts");
    for bytes in &files {
        let answer = site.upload(bytes).expect("an answer");
        assert!(answer.status == 202 || answer.status == 200, "{answer:?}");
    }
    let completeness = site.settled().expect("it settles");
    assert_eq!(completeness["ties"], true, "{completeness}");
    let expected: BTreeMap<String, u64> = [
        ("posted or noted".to_owned(), 40),
        ("DUP".to_owned(), 5),
        ("DUP-CONFLICT".to_owned(), 16),
        ("DUP-CLAIM".to_owned(), 6),
    ]
    .into();
    assert_eq!(outcome(&site), expected, "claims by what became of them");
}

#[test]
fn public_samples_in_sorted_order_post_each_claim_once() {
    each_claim_posts_once(Order::Sorted, Layout::Embedded);
}

#[test]
fn public_samples_in_sorted_order_post_each_claim_once_with_roles_apart() {
    each_claim_posts_once(Order::Sorted, Layout::Split);
}

#[test]
fn public_samples_in_reversed_order_post_each_claim_once() {
    each_claim_posts_once(Order::Reversed, Layout::Embedded);
}

#[test]
fn public_samples_in_reversed_order_post_each_claim_once_with_roles_apart() {
    each_claim_posts_once(Order::Reversed, Layout::Split);
}

#[test]
fn public_samples_in_shuffled_order_post_each_claim_once() {
    each_claim_posts_once(Order::Shuffled(7), Layout::Embedded);
}

#[test]
fn public_samples_in_shuffled_order_post_each_claim_once_with_roles_apart() {
    each_claim_posts_once(Order::Shuffled(7), Layout::Split);
}
