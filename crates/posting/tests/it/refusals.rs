// SPDX-License-Identifier: Apache-2.0
//! Definite refusals: the events behind the refused lines are held, everything else is posted.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use model::event::EventState;
use model::exception::Code as Exception;
use model::journal::JournalState;
use model::reference::{InactiveValue, Period, PeriodStatus};
use ports::book::{Records, RowPlace};
use ports::erp::{FoundState, PostingMode};
use posting::testing::{Call, Fault, World};
use time::macros::date;

use super::{assert_ties, count, rest, world_with};

const EVENTS: u64 = 9;

/// How often each kind of call is made from here on.
fn counted(world: &World) -> Arc<Mutex<Vec<Call>>> {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let seen = calls.clone();
    world.erp.plan_faults(Box::new(move |call| {
        seen.lock().expect("nobody panics while counting").push(call);
        None
    }));
    calls
}

fn assert_a_third_is_held(world: &World, place: &str) {
    assert_ties(world, place);
    assert_eq!(count(world, EventState::Posted), 6, "{place}");
    assert_eq!(count(world, EventState::Quarantined), 3, "{place}");
    for entry in world.book.inbox_entries() {
        let at_the_bad_one = World::facility_of(entry.ordinal) == "F2";
        let expected = at_the_bad_one.then_some(Exception::MasterDimension);
        assert_eq!(entry.code, expected, "{place}: claim {}", entry.ordinal);
    }
}

#[tokio::test]
async fn lines_that_the_erp_refuses_hold_their_events_and_nothing_else() {
    for mode in PostingMode::ALL {
        let world = world_with(mode, EVENTS).await;
        world.erp.deactivate("facility", "F2");
        rest(&world, "one", 200).await;
        assert_a_third_is_held(&world, mode.as_str());
        let rejected = world.book.all_journals().into_iter().filter(|journal| {
            journal.state == JournalState::Rejected { code: Exception::MasterDimension }
        });
        assert!(rejected.count() > 0, "{mode:?}");
    }
}

#[tokio::test]
async fn the_neighbours_of_a_refused_line_are_posted_before_anybody_takes_the_refused_ones_back() {
    let world = world_with(PostingMode::NativeKey, 3).await;
    world.erp.deactivate("facility", "F2");
    let poster = world.poster("one");
    for _ in 0..20 {
        world.clock().advance(Duration::from_secs(1));
        poster.pass().await;
    }
    assert_eq!(count(&world, EventState::Posted), 2);
    assert_eq!(count(&world, EventState::Pending), 1);
}

#[tokio::test]
async fn what_reference_data_knows_to_be_wrong_is_never_sent() {
    for mode in PostingMode::ALL {
        let world = world_with(mode, 2).await;
        world.reference.change(|reference| {
            let (kind, code) = ("facility".into(), World::facility_of(1).into());
            reference.inactive.push(InactiveValue { instance: "main".into(), kind, code });
        });
        let calls = counted(&world);
        world.clock().advance(Duration::from_secs(6));
        let poster = world.poster("one");
        poster.pass().await;
        poster.pass().await;
        assert_eq!(*calls.lock().unwrap(), [], "{mode:?}: the ERP is not asked");
        rest(&world, "one", 200).await;
        assert_ties(&world, mode.as_str());
        assert_eq!(count(&world, EventState::Posted), 1);
        assert_eq!(count(&world, EventState::Quarantined), 1);
    }
}

#[tokio::test]
async fn a_role_without_an_account_holds_its_events() {
    let world = world_with(PostingMode::NativeKey, 2).await;
    let contractual = model::role::Role::Contractual;
    world.reference.change(|reference| reference.chart.retain(|own| own.role != contractual));
    rest(&world, "one", 200).await;
    assert_ties(&world, "no account");
    let codes: Vec<_> = world.book.inbox_entries().iter().map(|entry| entry.code).collect();
    assert_eq!(codes, [Some(Exception::MasterAccount); 2]);
    assert_eq!(world.erp.papers(FoundState::Posted).len(), 1, "the holds are posted");
}

#[tokio::test]
async fn a_closed_period_quarantines_every_event_of_the_journal_and_posts_nothing() {
    for known in ["to the ERP alone", "to reference data"] {
        let world = world_with(PostingMode::CreateThenPost, 3).await;
        if known == "to the ERP alone" {
            world.erp.close_day(date!(2026 - 11 - 02));
        } else {
            world.reference.change(|reference| {
                reference.periods.push(Period {
                    entity: "E1".into(),
                    code: "2026-11".into(),
                    from: date!(2026 - 11 - 01),
                    to: date!(2026 - 11 - 30),
                    status: PeriodStatus::Closed,
                });
            });
        }
        rest(&world, "one", 200).await;
        assert_ties(&world, known);
        assert_eq!(count(&world, EventState::Quarantined), 3, "closed {known}");
        assert_eq!(world.erp.papers(FoundState::Posted), [], "closed {known}");
        for entry in world.book.inbox_entries() {
            assert_eq!(entry.code, Some(Exception::PeriodClosed));
            let standing = world.book.rows_of(entry.event).await.unwrap();
            assert!(standing.iter().all(|own| own.place == RowPlace::Superseded));
        }
    }
}

/// The refusal of a repeated request is definite only when the first one cannot land any more.
#[tokio::test]
async fn a_refusal_after_a_doubt_waits_until_the_first_request_has_rested() {
    for (mode, late_lands) in
        PostingMode::ALL.into_iter().flat_map(|mode| [(mode, true), (mode, false)])
    {
        let world = world_with(mode, EVENTS).await;
        let mut first = true;
        world.erp.plan_faults(Box::new(move |call| {
            let doubt = call == Call::Submit && first;
            first &= !doubt;
            let fault = if late_lands { Fault::Late(Duration::from_secs(3)) } else { Fault::Lost };
            doubt.then_some(fault)
        }));
        world.clock().advance(Duration::from_secs(6));
        let poster = world.poster("one");
        poster.pass().await;
        poster.pass().await;
        // The first request is out. From now on the ERP refuses what it is asked.
        world.clock().advance(Duration::from_secs(4));
        assert_eq!(world.erp.in_flight(), 0);
        world.erp.deactivate("facility", "F2");
        rest(&world, "one", 400).await;
        let place = format!("{mode:?}, the first one landed: {late_lands}");
        if mode == PostingMode::Keyless && !late_lands {
            assert_eq!(world.replay_journals().await.unwrap(), 1, "{place}");
            rest(&world, "one", 400).await;
        }
        assert_ties(&world, &place);
        let posted_late = late_lands && mode != PostingMode::CreateThenPost;
        if !posted_late {
            assert_a_third_is_held(&world, &place);
        } else {
            assert!(count(&world, EventState::Posted) > 6, "{place}");
        }
    }
}

/// The rule that refused the repetition is lifted before the first request lands.
#[tokio::test]
async fn a_refused_repetition_moves_no_row_while_the_first_request_is_under_way() {
    for mode in PostingMode::ALL {
        let world = world_with(mode, 3).await;
        let mut first = true;
        world.erp.plan_faults(Box::new(move |call| {
            let doubt = call == Call::Submit && first;
            first &= !doubt;
            doubt.then_some(Fault::Late(Duration::from_secs(40)))
        }));
        world.clock().advance(Duration::from_secs(6));
        let poster = world.poster("one");
        poster.pass().await;
        poster.pass().await;
        world.erp.deactivate("facility", "F2");
        for _ in 0..20 {
            world.clock().advance(Duration::from_secs(1));
            poster.pass().await;
        }
        world.erp.activate("facility", "F2");
        rest(&world, "one", 400).await;
        assert_ties(&world, mode.as_str());
        let held = if mode == PostingMode::CreateThenPost { 1 } else { 0 };
        assert_eq!(count(&world, EventState::Quarantined), held, "{mode:?}");
        assert_eq!(count(&world, EventState::Posted), 3 - held, "{mode:?}");
    }
}

#[tokio::test]
async fn a_refusal_of_the_whole_parks_the_journal_and_quarantines_nothing() {
    for mode in PostingMode::ALL {
        let world = world_with(mode, 3).await;
        world.erp.revoke_permission();
        rest(&world, "one", 100).await;
        let journal = world.book.all_journals().remove(0);
        assert_eq!(journal.state, JournalState::Parked { code: Exception::PostRejected });
        let items = world.book.items_about(journal.key.as_str()).await.unwrap();
        assert_eq!((items.len(), items[0].code), (1, Exception::PostRejected));
        assert_eq!((items[0].amount, items[0].claims), (journal.body.total(), 3));
        assert_eq!(count(&world, EventState::Pending), 3);
        world.erp.grant_permission();
        assert_eq!(world.replay_journals().await.unwrap(), 1);
        rest(&world, "one", 100).await;
        assert_ties(&world, mode.as_str());
        assert_eq!(count(&world, EventState::Posted), 3);
    }
}
