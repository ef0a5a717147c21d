// SPDX-License-Identifier: Apache-2.0
//! The day against itself: files balance except where a flaw was planted, and the truth ties.

mod product;
mod reader;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use time::macros::date;

use super::world::{FACILITIES, UNKNOWN_NPI_STEM, npi};
use super::{Config, Day, Group, large, make};
use reader::{Set, read};

fn day(seed: u64, claims: usize, files: usize) -> Day {
    let config = Config { claims, files, ..Config::new(seed, date!(2026 - 11 - 23)) };
    make(&config).expect("a day")
}

fn day_with_acquired(seed: u64) -> Day {
    let config = Config { group: Group::WithAcquired, ..Config::new(seed, date!(2026 - 11 - 23)) };
    make(&config).expect("a day")
}

fn number(truth: &Value, pointer: &str) -> i64 {
    truth.pointer(pointer).and_then(Value::as_i64).unwrap_or_else(|| panic!("no {pointer}"))
}

/// The sets of all distinct files, by file and position.
fn sets(day: &Day) -> BTreeMap<(String, usize), Set> {
    let mut all = BTreeMap::new();
    for (name, content) in &day.inbox[..day.inbox.len() - 1] {
        for (index, set) in read(content).into_iter().enumerate() {
            all.insert((name.clone(), index + 1), set);
        }
    }
    all
}

#[test]
fn files_balance_except_where_a_flaw_is_planted() {
    let day = day(7, 3_000, 40);
    let sets = sets(&day);
    let (mut lines, mut claims, mut counts, mut totals) = (0, 0, 0, 0);
    for set in sets.values() {
        lines += set.claims.iter().filter(|claim| claim.lines_off > 0).count();
        claims += set.claims.iter().filter(|claim| claim.off != 0).count();
        counts += usize::from(set.counted != set.segments);
        totals += usize::from(set.off() != 0);
    }
    assert_eq!((lines, claims, counts, totals), (3, 2, 1, 1));
    let planted = |code: &str| number(&day.truth, &format!("/exceptions/{code}/count"));
    assert_eq!(
        ["BAL-L1", "BAL-L2", "STRUCT", "BAL-L3"].map(planted),
        [3, 2, 1, 1],
        "the truth knows the same flaws"
    );
}

#[test]
fn the_truth_lists_every_set_with_what_the_file_says() {
    let day = day(3, 3_000, 40);
    let sets = sets(&day);
    let told = day.truth.pointer("/transactions/each").and_then(Value::as_array).expect("sets");
    assert_eq!(told.len(), sets.len());
    for one in told {
        let position = usize::try_from(number(one, "/set")).expect("a position");
        let file = one["file"].as_str().expect("a file").to_string();
        let set = &sets[&(file, position)];
        assert_eq!(one["trace"], set.trace.as_str());
        assert_eq!(number(one, "/payment_cents"), set.payment);
        assert_eq!(number(one, "/claims"), i64::try_from(set.claims.len()).expect("a count"));
        assert_eq!(number(one, "/events_cents"), set.events());
    }
    let events: i64 = sets.values().map(Set::events).sum();
    assert_eq!(number(&day.truth, "/amounts/received_cents"), events);
}

#[test]
fn states_add_up_to_what_was_received_and_nearly_all_posts() {
    for (seed, claims, files) in [(1, 3_000, 40), (2, 3_000, 40), (3, 400, 24), (4, 200, 20)] {
        let day = day(seed, claims, files);
        for family in ["claims", "provider_adjustments"] {
            for unit in ["count", "cents"] {
                let states = &day.truth[family]["by_state"];
                let states = states.as_object().expect("states");
                let sum: i64 = states.values().filter_map(|state| state[unit].as_i64()).sum();
                let received = number(&day.truth, &format!("/{family}/received/{unit}"));
                assert_eq!(sum, received, "{family} {unit}, seed {seed}");
            }
        }
        let postable = number(&day.truth, "/amounts/postable_ppm");
        assert!(postable >= 980_000, "{postable} of a million post with seed {seed}");
        let claims = i64::try_from(claims).expect("a count");
        let received = number(&day.truth, "/claims/received/count");
        assert!((received - claims).abs() <= 10, "{received} claims, asked for {claims}");
    }
}

#[test]
fn the_book_balances_and_clearing_holds_what_was_paid() {
    let day = day(5, 3_000, 40);
    let rows = day.truth.pointer("/book/rows").and_then(Value::as_array).expect("rows");
    let mut by_entity: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for row in rows {
        let sums = by_entity.entry(row["entity"].as_str().expect("an entity")).or_default();
        sums.0 += number(row, "/debit");
        sums.1 += number(row, "/credit");
        let role = row["role"].as_str().expect("a role");
        if ["2105", "2115"].contains(&role) {
            assert!(number(row, "/net") <= 0, "a liability goes debit: {row}");
        }
        assert_eq!(row["payer"] == "", role == "1210", "only patients have no payer: {row}");
    }
    assert_eq!(by_entity.len(), 2);
    assert!(by_entity.values().all(|(debit, credit)| debit == credit), "{by_entity:?}");
    let told = day.truth.pointer("/transactions/each").and_then(Value::as_array).expect("sets");
    let booked: i64 = told
        .iter()
        .filter(|one| one["state"] == "booked")
        .map(|one| number(one, "/payment_cents"))
        .sum();
    assert_eq!(number(&day.truth, "/book/by_role/1090/net"), booked);
}

#[test]
fn a_third_entity_adds_its_own_file_and_books_and_leaves_the_rest_of_the_day_as_it_is() {
    let (usual, wider) = (day(5, 3_000, 40), day_with_acquired(5));
    let (files, more) = (usual.inbox.len() - 1, wider.inbox.len() - 1);
    assert_eq!(more, files + 1);
    assert_eq!(usual.inbox[..files], wider.inbox[..files]);
    let books = |day: &Day, own: bool| {
        let rows = day.truth.pointer("/book/rows").and_then(Value::as_array).expect("rows").clone();
        rows.into_iter().filter(|row| (row["entity"] == "RVH") == own).collect::<Vec<_>>()
    };
    assert_eq!((books(&usual, true), books(&usual, false)), (vec![], books(&wider, false)));
    let own = books(&wider, true);
    let sum = |side: &str| own.iter().map(|row| number(row, side)).sum::<i64>();
    assert!(sum("/debit") > 0 && sum("/debit") == sum("/credit"), "{own:?}");
    let paid: i64 = read(&wider.inbox[files].1).iter().map(|set| set.payment).sum();
    let clearing = own.iter().filter(|row| row["role"] == "1090");
    assert_eq!(clearing.map(|row| number(row, "/net")).sum::<i64>(), paid);
    let entities = wider.erp_reference["entities"].as_array().expect("entities");
    assert_eq!(entities.len(), 3);
}

#[test]
fn every_exception_is_there_on_every_day() {
    for seed in 1..6 {
        let truth = day(seed, 1_000, 30).truth;
        let expected = [
            ("BAL-L1", 3),
            ("BAL-L2", 2),
            ("BAL-L3", 1),
            ("BPR-DEBIT", 1),
            ("COB-EXCESS", 2),
            ("DUP", 1),
            ("DUP-CLAIM", 1),
            ("DUP-CONFLICT", 1),
            ("MAP-CARC", 3),
            ("MAP-PLB", 2),
            ("MDM-FACILITY", 2),
            ("REV-ORPHAN", 2),
            ("STRUCT", 1),
            ("WO-UNKNOWN", 2),
        ];
        let found = truth["exceptions"].as_object().expect("exceptions");
        let found: Vec<(&str, i64)> =
            found.iter().map(|(code, one)| (code.as_str(), number(one, "/count"))).collect();
        assert_eq!(found, expected, "seed {seed}");
    }
}

#[test]
fn a_repeated_set_has_the_same_body_and_a_conflicting_one_only_the_same_identity() {
    let day = day(9, 1_000, 30);
    let sets = sets(&day);
    let mut bodies: BTreeMap<&str, Vec<&Set>> = BTreeMap::new();
    for set in sets.values() {
        bodies.entry(&set.identity).or_default().push(set);
    }
    let twins: Vec<&Vec<&Set>> = bodies.values().filter(|all| all.len() > 1).collect();
    assert_eq!(twins.len(), 2, "one repeated, one conflicting");
    let same = twins.iter().filter(|all| all[0].said == all[1].said).count();
    assert_eq!(same, 1);
    assert_eq!(day.inbox.last().map(|file| &file.1), Some(&day.inbox[0].1), "one file comes twice");
}

#[test]
fn the_same_seed_gives_the_same_day_and_another_seed_another() {
    let (one, two, other) = (day(11, 500, 24), day(11, 500, 24), day(12, 500, 24));
    assert_eq!((&one.inbox, &one.opening, &one.truth), (&two.inbox, &two.opening, &two.truth));
    assert_ne!(one.inbox, other.inbox);
}

#[test]
fn npis_pass_the_check_digit_and_the_unknown_one_is_unknown() {
    assert_eq!(npi("123456789"), "1234567893", "the example of the standard");
    let known: BTreeSet<String> = FACILITIES.iter().map(|one| npi(one.npi_stem)).collect();
    assert_eq!(known.len(), FACILITIES.len());
    assert!(!known.contains(&npi(UNKNOWN_NPI_STEM)));
}

#[test]
fn corrections_refer_to_claims_of_the_opening_or_of_the_day_and_orphans_to_none() {
    let day = day(13, 3_000, 40);
    let known: BTreeSet<&str> =
        day.opening.lines().skip(1).filter_map(|line| line.split(',').nth(4)).collect();
    let sets = sets(&day);
    let reversals = sets.values().flat_map(|set| &set.claims).filter(|claim| claim.status == "22");
    let orphans = reversals.filter(|claim| !known.contains(claim.number.as_str())).count();
    assert_eq!(orphans, 2);
}

#[test]
fn reference_files_and_the_erp_know_the_same_accounts_and_periods() {
    let day = day(1, 200, 20);
    let file = |name: &str| {
        let found = day.reference.iter().find(|(known, _)| *known == name);
        found.map(|(_, text)| text.lines().skip(1).collect::<Vec<_>>()).expect("a file")
    };
    let accounts: BTreeSet<&str> =
        file("accounts.csv").iter().filter_map(|line| line.split(',').nth(1)).collect();
    let erp = day.erp_reference["accounts"].as_array().expect("accounts");
    let known: BTreeSet<&str> = erp.iter().filter_map(|one| one["code"].as_str()).collect();
    assert_eq!(accounts, known);
    assert!(file("periods.csv").contains(&"LVH,2026-11,2026-11-01,2026-11-30,open"));
    assert!(file("periods.csv").contains(&"LVP,2026-10,2026-10-01,2026-10-31,closed"));
    let erp: crate::erp::reference::ReferenceFile =
        serde_json::from_value(day.erp_reference.clone()).expect("the ERP reads it");
    assert_eq!(erp.periods.len(), file("periods.csv").len());
}

#[test]
fn a_large_file_is_as_large_as_asked_and_sound() {
    let mut bytes = Vec::new();
    let written = large(&mut bytes, 3_000_000, 1).expect("written");
    assert_eq!(written.bytes, bytes.len() as u64);
    assert!((3_000_000..4_000_000).contains(&written.bytes));
    let sets = read(std::str::from_utf8(&bytes).expect("text"));
    assert_eq!(sets.len() as u64, written.sets);
    assert_eq!(sets.iter().map(|set| set.payment).sum::<i64>(), written.paid_cents);
    for set in &sets {
        assert_eq!((set.off(), set.counted), (0, set.segments));
        assert!(set.claims.iter().all(|claim| claim.off == 0 && claim.lines_off == 0));
    }
}
