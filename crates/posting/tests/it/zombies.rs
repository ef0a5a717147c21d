// SPDX-License-Identifier: Apache-2.0
//! A worker that is stopped past its lease and goes on afterwards: another has taken its place.

use std::time::Duration;

use futures::FutureExt;
use model::event::EventState;
use ports::erp::{FoundState, PostingMode};
use posting::testing::{Call, Fault, World, complaints_always};

use super::{assert_ties, count, rest, world_with};

/// Runs worker one into a stop at the first call of this kind; gives the stopped run.
async fn stop_at(world: &World, at: Call) -> impl Future<Output = workflow::Ran> + use<> {
    let mut waiting = true;
    world.erp.plan_faults(Box::new(move |call| {
        let stop = call == at && waiting;
        waiting &= !stop;
        stop.then_some(Fault::Pause)
    }));
    for _ in 0..20 {
        world.clock().advance(Duration::from_secs(3));
        let poster = world.poster("one");
        let mut run = Box::pin(async move { poster.pass().await });
        if run.as_mut().now_or_never().is_none() {
            assert_eq!(world.erp.pauses(), 1);
            world.erp.calm();
            return run;
        }
    }
    panic!("no call of the kind {at:?} was met");
}

#[tokio::test]
async fn a_worker_stopped_before_any_call_posts_nothing_twice_when_it_goes_on() {
    for mode in PostingMode::ALL {
        for call in [Call::Submit, Call::Post, Call::Find] {
            let reached = match call {
                Call::Submit => true,
                Call::Post => mode == PostingMode::CreateThenPost,
                Call::Find | Call::Discard => false,
            };
            if !reached {
                continue;
            }
            for seconds in [16, 20, 30, 55] {
                let place = format!("{mode:?}, stopped at {call:?} for {seconds} s");
                let world = world_with(mode, 6).await;
                let stopped = stop_at(&world, call).await;
                let heir = world.poster("two");
                for _ in 0..seconds {
                    world.clock().advance(Duration::from_secs(1));
                    heir.pass().await;
                }
                let ran = stopped.await;
                assert!(ran.lost || ran.failure.is_some() || ran.put_back > 0, "{place}: {ran:?}");
                assert_eq!(complaints_always(&world.book, &world.erp), Vec::<String>::new());
                rest(&world, "two", 400).await;
                if world.replay_journals().await.expect("listed") > 0 {
                    rest(&world, "two", 400).await;
                }
                assert_ties(&world, &place);
                assert_eq!(count(&world, EventState::Posted), 6, "{place}");
            }
        }
    }
}

#[tokio::test]
async fn the_draft_of_a_stopped_worker_is_never_posted_and_swept() {
    let world = world_with(PostingMode::CreateThenPost, 2).await;
    let stopped = stop_at(&world, Call::Submit).await;
    let heir = world.poster("two");
    for _ in 0..40 {
        world.clock().advance(Duration::from_secs(1));
        heir.pass().await;
    }
    assert_eq!(world.erp.papers(FoundState::Posted).len(), 1, "the heir has posted its own");
    stopped.await;
    assert_eq!(world.erp.papers(FoundState::Draft).len(), 1, "the stopped one has made another");
    rest(&world, "two", 400).await;
    assert_ties(&world, "after the sweep");
}

/// The first request makes its draft late, where it is seen at once; the recorded one is not seen yet.
#[tokio::test]
async fn a_recorded_draft_that_is_not_seen_yet_is_not_given_up_for_another() {
    let world = world_with(PostingMode::CreateThenPost, 2).await;
    let mut calls = 0;
    world.erp.plan_faults(Box::new(move |call| {
        calls += i32::from(matches!(call, Call::Submit | Call::Post));
        match (call, calls) {
            (Call::Submit, 1) => Some(Fault::Late(Duration::from_millis(2_500))),
            (Call::Post, 3) => Some(Fault::Late(Duration::from_secs(30))),
            _ => None,
        }
    }));
    let poster = world.poster("one");
    for _ in 0..400 {
        world.clock().advance(Duration::from_millis(250));
        poster.pass().await;
        assert_eq!(complaints_always(&world.book, &world.erp), Vec::<String>::new());
    }
    rest(&world, "one", 400).await;
    assert_ties(&world, "two drafts");
}
