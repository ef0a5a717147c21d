// SPDX-License-Identifier: Apache-2.0
//! Windows: closed by time, bounded by rows and lines, never splitting an event; and what is summed up.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::role::Role;
use ports::book::{Effects, Records, RowPlace};
use ports::erp::{FoundState, PostingMode};
use ports::failure::Failure;
use posting::testing::World;

use super::{assert_ties, rest, world_with};

#[tokio::test]
async fn a_window_stays_open_for_its_time_and_closes_with_everything_in_it() {
    let world = world_with(PostingMode::NativeKey, 1).await;
    let poster = world.poster("one");
    world.clock().advance(Duration::from_secs(4));
    world.book_event(2).await.unwrap();
    poster.pass().await;
    assert_eq!(world.book.all_journals(), [], "five seconds are not over");
    world.clock().advance(Duration::from_secs(1));
    poster.pass().await;
    let journals = world.book.all_journals();
    assert_eq!((journals.len(), journals[0].rows), (1, 4));
    assert_eq!(journals[0].versions, "v1 reference/r1");
}

#[tokio::test]
async fn no_journal_is_longer_than_its_limits_and_no_event_is_in_two_of_them() {
    for (rows_max, lines_max) in [(8, 100), (3, 100), (100, 6), (100, 7), (100, 9), (1, 1)] {
        let mut world = World::new(PostingMode::NativeKey);
        world.posting.settings.rows_max = rows_max;
        world.posting.settings.lines_max = lines_max;
        for number in 1..=12 {
            world.book_event(number).await.unwrap();
        }
        // Written last, they belong to the first and the fifth event all the same.
        world.book_more(1).await.unwrap();
        world.book_more(5).await.unwrap();
        rest(&world, "one", 100).await;
        let place = format!("{rows_max} rows, {lines_max} lines");
        assert_ties(&world, &place);
        let mut journals_of = BTreeMap::new();
        for standing in world.book.all_rows() {
            let RowPlace::Member(key) = standing.place else { panic!("{place}: not a member") };
            journals_of.entry(standing.row.event).or_insert_with(BTreeSet::new).insert(key);
        }
        assert!(journals_of.values().all(|journals| journals.len() == 1), "{place}");
        for journal in world.book.all_journals() {
            let members = world.book.members(&journal.key).await.unwrap();
            let events: BTreeSet<_> = members.iter().map(|row| row.event).collect();
            let one_event = events.len() == 1;
            assert!(journal.rows as usize <= rows_max + 3, "{place}: {}", journal.rows);
            let lines = journal.body.lines().len();
            assert!(lines <= lines_max || one_event, "{place}: {lines}");
        }
    }
}

#[tokio::test]
async fn clearing_lines_stay_one_per_trace_and_the_others_add_up_debits_and_credits_apart() {
    let world = world_with(PostingMode::NativeKey, 2).await;
    world.book_event(10).await.unwrap();
    let numbers = [1u64, 2, 10];
    rest(&world, "one", 100).await;
    let paper = world.erp.papers(FoundState::Posted).remove(0).journal;
    let clearing: Vec<_> =
        paper.lines.iter().filter(|line| line.account == Role::Clearing.code()).collect();
    let texts: BTreeSet<&str> = clearing.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, BTreeSet::from(["TRACE-0", "TRACE-1"]));
    for line in &paper.lines {
        assert!((line.debit > 0) ^ (line.credit > 0));
        let kept_apart = line.account == Role::Clearing.code();
        assert_eq!(!line.text.is_empty(), kept_apart, "{line:?}");
    }
    let receivable: i64 = paper.lines.iter().map(|line| line.credit).sum();
    let expected: i64 = numbers.map(|number| number as i64 * 100 + 1 + 50).iter().sum();
    assert_eq!(receivable, expected);
    let unique: BTreeSet<String> = paper.lines.iter().map(|line| format!("{line:?}")).collect();
    assert_eq!(unique.len(), paper.lines.len(), "no two lines that could be one");
}

#[tokio::test]
async fn the_same_rows_make_the_same_key_and_the_same_body() {
    let mut keys = Vec::new();
    for _ in 0..2 {
        let world = world_with(PostingMode::NativeKey, 4).await;
        rest(&world, "one", 100).await;
        let journal = world.book.all_journals().remove(0);
        keys.push((journal.key.clone(), journal.canonical_hash()));
    }
    assert_eq!(keys[0], keys[1]);
}

#[tokio::test]
async fn an_entity_without_a_route_is_refused_before_anything_is_booked() {
    let world = world_with(PostingMode::NativeKey, 1).await;
    let rows = world.book.live_rows();
    let mut reference = (*world.reference.get()).clone();
    reference.routes.clear();
    let mut effects = Effects::new("booked");
    let settings = &world.posting.settings;
    let now = world.clock().now();
    let refused = posting::book(&mut effects, rows, &[], &reference, settings, now);
    assert!(matches!(refused, Err(Failure::Business { .. })), "{refused:?}");
}
