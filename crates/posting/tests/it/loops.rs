// SPDX-License-Identifier: Apache-2.0
//! Every call of the ERP and every operation of the book is made to fail in every way, once; then
//! everything is posted once and both books tie to the cent.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use model::event::EventState;
use model::journal::JournalState;
use ports::erp::PostingMode;
use ports::memory::{Fault as BookFault, Operation};
use posting::testing::{Call, Fault, World};

use super::{assert_ties, count, pass, rest, world_with};

const EVENTS: u64 = 6;

/// Afterwards a person answers whatever waits for one.
async fn settle(world: &World, place: &str) {
    // The lease of a dead worker runs out, and another one takes over.
    world.clock().advance(Duration::from_secs(20));
    rest(world, "two", 400).await;
    if world.replay_journals().await.expect("items are listed") > 0 {
        rest(world, "two", 400).await;
    }
    assert_ties(world, place);
    assert_eq!(count(world, EventState::Posted) as u64, EVENTS, "{place}");
}

async fn run_into_the_fault(world: &World) {
    let poster = world.poster("one");
    for _ in 0..40 {
        world.clock().advance(Duration::from_secs(3));
        if pass(poster.pass()).is_none() {
            return;
        }
    }
}

#[tokio::test]
async fn every_mode_posts_everything_once_when_nothing_fails() {
    for mode in PostingMode::ALL {
        let world = world_with(mode, EVENTS).await;
        rest(&world, "one", 100).await;
        assert_ties(&world, mode.as_str());
        assert_eq!(count(&world, EventState::Posted) as u64, EVENTS);
        assert_eq!(world.book.all_journals().len(), 2, "eight rows and four");
    }
}

#[tokio::test]
async fn whatever_happens_to_whatever_call_of_the_erp_everything_is_posted_once() {
    let mut met = BTreeSet::new();
    let late = Duration::from_secs(30);
    let faults = [
        Fault::Transient,
        Fault::Lost,
        Fault::Done,
        Fault::Late(late),
        Fault::CrashBefore,
        Fault::CrashAfter,
    ];
    for mode in PostingMode::ALL {
        for fault in faults {
            for nth in 0.. {
                let world = world_with(mode, EVENTS).await;
                let seen = Arc::new(Mutex::new(None));
                let (mut calls, met_here) = (0, seen.clone());
                world.erp.plan_faults(Box::new(move |call| {
                    calls += 1;
                    (calls - 1 == nth).then(|| {
                        *met_here.lock().unwrap() = Some(call);
                        fault
                    })
                }));
                run_into_the_fault(&world).await;
                world.erp.calm();
                settle(&world, &format!("{mode:?}, {fault:?} at call {nth}")).await;
                let Some(call) = *seen.lock().unwrap() else { break };
                met.insert((mode, call, fault));
            }
        }
    }
    for fault in faults {
        for mode in PostingMode::ALL {
            assert!(met.contains(&(mode, Call::Submit, fault)), "{mode:?} {fault:?}");
        }
        assert!(met.contains(&(PostingMode::CreateThenPost, Call::Post, fault)), "{fault:?}");
    }
}

#[tokio::test]
async fn whatever_happens_to_whatever_operation_of_the_book_everything_is_posted_once() {
    let faults = [
        BookFault::Transient,
        BookFault::UnknownLost,
        BookFault::UnknownApplied,
        BookFault::StaleFence,
        BookFault::CrashBefore,
        BookFault::CrashAfter,
    ];
    for mode in PostingMode::ALL {
        for fault in faults {
            for nth in 0.. {
                let world = world_with(mode, EVENTS).await;
                let seen = Arc::new(Mutex::new(false));
                let (mut operations, met_here) = (0, seen.clone());
                world.book.plan_faults(Box::new(move |_: Operation| {
                    operations += 1;
                    (operations - 1 == nth).then(|| {
                        *met_here.lock().unwrap() = true;
                        fault
                    })
                }));
                run_into_the_fault(&world).await;
                world.book.calm();
                settle(&world, &format!("{mode:?}, {fault:?} at operation {nth}")).await;
                if !*seen.lock().unwrap() || nth > 120 {
                    break;
                }
            }
        }
    }
}

/// A doubt at the first request, and a second fault at any later call.
#[tokio::test]
async fn a_second_fault_while_a_doubt_is_being_settled_doubles_nothing() {
    let faults = [
        Fault::Lost,
        Fault::Done,
        Fault::Late(Duration::from_secs(50)),
        Fault::CrashBefore,
        Fault::CrashAfter,
    ];
    for mode in PostingMode::ALL {
        for (first, second) in faults.iter().flat_map(|one| faults.map(|two| (*one, two))) {
            for nth in 1..7 {
                let world = world_with(mode, EVENTS).await;
                let mut calls = 0;
                world.erp.plan_faults(Box::new(move |_| {
                    calls += 1;
                    match calls {
                        1 => Some(first),
                        call if call == nth + 1 => Some(second),
                        _ => None,
                    }
                }));
                for holder in ["one", "two", "three"] {
                    let poster = world.poster(holder);
                    for _ in 0..20 {
                        world.clock().advance(Duration::from_secs(3));
                        if pass(poster.pass()).is_none() {
                            break;
                        }
                    }
                }
                world.erp.calm();
                settle(&world, &format!("{mode:?}, {first:?}, then {second:?} at {nth}")).await;
            }
        }
    }
}

#[tokio::test]
async fn a_request_that_was_proven_not_to_be_sent_is_sent_again_as_if_it_were_the_first() {
    for mode in PostingMode::ALL {
        let world = world_with(mode, 2).await;
        let mut times = 0;
        world.erp.plan_faults(Box::new(move |call| {
            times += 1;
            (call == Call::Submit && times <= 3).then_some(Fault::Transient)
        }));
        rest(&world, "one", 100).await;
        assert_ties(&world, mode.as_str());
        let journal = world.book.all_journals().remove(0);
        assert!(matches!(journal.state, JournalState::Posted { .. }), "{mode:?} {journal:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_erp_that_never_answers_is_given_up_before_the_lease_runs_out() {
    let world = world_with(PostingMode::NativeKey, 2).await;
    world.clock().advance(Duration::from_secs(6));
    let mut hangs = 1;
    world.erp.plan_faults(Box::new(move |call| {
        let hang = call == Call::Submit && hangs > 0;
        hangs -= i32::from(hang);
        hang.then_some(Fault::CrashAfter)
    }));
    let poster = world.poster("one");
    let begun = tokio::time::Instant::now();
    // The journal may be in a lane before that of its window, or after it.
    let ran = poster.pass().await.and(poster.pass().await);
    assert_eq!((ran.done, ran.put_back), (1, 1), "the window is closed, the outcome is unknown");
    let waited = begun.elapsed();
    assert!(waited >= world.posting.settings.erp_call_max, "{waited:?}");
    assert!(waited < world.limits.lease(), "{waited:?}");
    rest(&world, "one", 100).await;
    assert_ties(&world, "after the hang");
}
