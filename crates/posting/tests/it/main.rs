// SPDX-License-Identifier: Apache-2.0
//! Posting over a book and an ERP in memory, in every mode, with every fault at every place.

mod held;
mod lives;
mod loops;
mod person;
mod recovery;
mod refusals;
mod targets;
mod windows;
mod zombies;

use std::time::Duration;

use futures::FutureExt;
use model::event::EventState;
use posting::testing::{World, complaints_always, complaints_at_rest};
use workflow::Ran;

/// Runs one pass of a worker; `None` when it died on the way.
fn pass(run: impl Future<Output = Ran>) -> Option<Ran> {
    run.now_or_never()
}

/// Time passes and workers come until nothing is due; at most so many seconds.
async fn rest(world: &World, holder: &str, seconds_max: u32) {
    let (poster, taker) = (world.poster(holder), world.taker(holder));
    for _ in 0..seconds_max {
        world.clock().advance(Duration::from_secs(1));
        for lanes in [&poster, &taker] {
            lanes.pass().await;
        }
        let complaints = complaints_always(&world.book, &world.erp);
        assert_eq!(complaints, Vec::<String>::new());
        if world.book.units().is_empty() && world.erp.in_flight() == 0 {
            return;
        }
    }
}

#[track_caller]
fn assert_ties(world: &World, place: &str) {
    let complaints = complaints_at_rest(&world.book, &world.erp);
    assert!(complaints.is_empty(), "{place}: {complaints:#?}");
}

async fn world_with(mode: ports::erp::PostingMode, events: u64) -> World {
    let world = World::new(mode);
    for number in 1..=events {
        world.book_event(number).await.expect("rows are booked");
    }
    world
}

fn count(world: &World, state: EventState) -> usize {
    world.book.inbox_entries().iter().filter(|entry| entry.state == state).count()
}
