// SPDX-License-Identifier: Apache-2.0
//! A lane has one leaseholder, and whoever lost it changes nothing any more.

use std::time::Duration;

use super::Fixture;
use super::samples::{hold, log, unit};
use crate::book::{ApplyError, Effects, Fence, Lease};
use serde_json::json;

const LONG: Duration = Duration::from_secs(600);
const SHORT: Duration = Duration::from_millis(40);

async fn lease(fixture: &Fixture, holder: &str, length: Duration) -> Option<Lease> {
    let lease = fixture.book.lease(&"lane".into(), &holder.into(), length).await;
    lease.expect("a book that works")
}

async fn held(fixture: &Fixture, holder: &str, length: Duration) -> Lease {
    lease(fixture, holder, length).await.expect("the lane is free")
}

pub async fn a_free_lane_is_leased_by_the_clock_of_the_book(fixture: &Fixture) {
    let before = fixture.book.now().await.expect("a clock");
    let lease = held(fixture, "a", LONG).await;
    assert_eq!(lease.fence.lane, "lane");
    assert!(lease.fence.number >= 1);
    let slack = Duration::from_millis(1);
    assert!(lease.until + slack >= before + LONG, "the lease lasts as long as was asked for");
}

pub async fn a_held_lane_is_refused_to_others(fixture: &Fixture) {
    held(fixture, "a", LONG).await;
    assert_eq!(lease(fixture, "b", LONG).await, None);
    let other = fixture.book.lease(&"other".into(), &"b".into(), LONG).await.expect("works");
    assert!(other.is_some(), "another lane is free");
}

pub async fn the_holder_renews_under_the_same_fence(fixture: &Fixture) {
    let first = held(fixture, "a", LONG).await;
    let again = held(fixture, "a", LONG * 2).await;
    assert_eq!(again.fence, first.fence);
    assert!(again.until > first.until);
}

pub async fn a_lease_that_ran_out_goes_to_another_under_a_higher_fence(fixture: &Fixture) {
    let first = held(fixture, "a", SHORT).await;
    (fixture.pass)(SHORT * 3).await;
    let second = held(fixture, "b", LONG).await;
    assert!(second.fence.number > first.fence.number);
    assert_eq!(lease(fixture, "a", LONG).await, None, "the first holder has lost it");
}

pub async fn the_same_holder_after_its_lease_ran_out_gets_a_higher_fence(fixture: &Fixture) {
    let first = held(fixture, "a", SHORT).await;
    (fixture.pass)(SHORT * 3).await;
    let second = held(fixture, "a", LONG).await;
    assert!(second.fence.number > first.fence.number);
}

pub async fn a_released_lane_is_free_at_once_under_a_higher_fence(fixture: &Fixture) {
    let first = held(fixture, "a", LONG).await;
    fixture.book.release(&first.fence).await.expect("works");
    let second = held(fixture, "b", LONG).await;
    assert!(second.fence.number > first.fence.number);
}

pub async fn a_holder_is_told_that_another_asks_for_its_lane(fixture: &Fixture) {
    let (lane, b) = ("lane".into(), "b".into());
    held(fixture, "a", LONG).await;
    assert_eq!(held(fixture, "a", LONG).await.asked, None, "nobody has asked");
    for with in [2, 1, 3] {
        fixture.book.ask_for(&lane, &b, with, LONG).await.expect("works");
    }
    let renewed = held(fixture, "a", LONG).await;
    assert_eq!(renewed.asked, Some(1), "the fewest lanes are told");
    assert_eq!(lease(fixture, "b", LONG).await, None, "asking takes nothing");

    fixture.book.release(&renewed.fence).await.expect("works");
    assert_eq!(held(fixture, "b", LONG).await.asked, None, "what the one before was asked is over");
    fixture.book.ask_for(&lane, &b, 0, LONG).await.expect("works");
    assert_eq!(held(fixture, "b", LONG).await.asked, None, "nobody asks themselves");
    fixture.book.ask_for(&lane, &"c".into(), 0, SHORT).await.expect("works");
    (fixture.pass)(SHORT * 3).await;
    assert_eq!(held(fixture, "b", LONG).await.asked, None, "asking is forgotten after its time");
}

/// The fence of a holder whose lane another took since.
async fn stale(fixture: &Fixture) -> Fence {
    let first = held(fixture, "a", SHORT).await;
    (fixture.pass)(SHORT * 3).await;
    held(fixture, "b", LONG).await;
    first.fence
}

pub async fn a_stale_fence_changes_nothing(fixture: &Fixture) {
    let fence = stale(fixture).await;
    let now = fixture.book.now().await.expect("a clock");
    let waiting = unit("lane", "waiting", now, -60);
    let mut put = Effects::new("put");
    put.puts = vec![waiting.clone()];
    put.log = vec![log("sample", "s", json!({}))];
    fixture.book.apply_unfenced(&put).await.expect("works");

    let refused = ApplyError::StaleFence { lane: "lane".into() };
    let mut take = Effects::new("take");
    let due = fixture.book.due(&"lane".into(), 10).await.expect("works");
    take.takes = due.clone();
    assert_eq!(fixture.book.apply(&fence, &take).await, Err(refused.clone()));
    assert_eq!(fixture.book.applied(&take.step).await, Ok(false));
    let later = now + LONG;
    assert_eq!(fixture.book.put_back(&fence, &due[0], later).await, Err(refused));
    assert_eq!(fixture.book.due(&"lane".into(), 10).await, Ok(due), "the unit is as it was");

    let number = hold(fixture, "sequencer").await.number;
    let old = Fence { lane: "sequencer".into(), number: number - 1 };
    let refused = ApplyError::StaleFence { lane: "sequencer".into() };
    assert_eq!(fixture.book.sequence(&old, 10).await, Err(refused));
    assert_eq!(fixture.feed.read(0, 10).await, Ok(Vec::new()));
}

pub async fn a_stale_fence_does_not_release_the_lane_of_another(fixture: &Fixture) {
    let fence = stale(fixture).await;
    fixture.book.release(&fence).await.expect("works");
    assert_eq!(lease(fixture, "c", LONG).await, None, "the second holder still has it");
}
