// SPDX-License-Identifier: Apache-2.0
//! Posting on hold: closed, keyed, checked, and not sent before a person has released it, once.

use std::time::Duration;

use model::code::Code;
use model::event::EventState;
use model::exception::Code as Exception;
use model::journal::{JournalKey, JournalState};
use model::reference::InactiveValue;
use ports::book::Records;
use ports::erp::{FoundState, PostingMode};
use ports::memory::{Fault as BookFault, Operation};
use ports::release::{HeldFilter, Release, ReleaseAll, ReleaseOutcome};
use posting::Hold;
use posting::testing::World;

use super::{assert_ties, count, pass, rest, world_with};

const ONE: ReleaseOutcome = ReleaseOutcome::Released { journals: 1 };

/// Four events in two journals on hold.
async fn held_world(mode: PostingMode) -> World {
    let mut world = world_with(mode, 6).await;
    world.posting.hold = Hold::Everything;
    rest(&world, "one", 100).await;
    world
}

fn held(world: &World) -> Vec<JournalKey> {
    let journals = world.book.all_journals();
    let held = journals.into_iter().filter(|journal| journal.state == JournalState::Held);
    held.map(|journal| journal.key).collect()
}

fn person() -> Code {
    Code::new("controller")
}

fn all(seen: Option<u64>, key: &str) -> ReleaseAll {
    let (which, by) = (HeldFilter::default(), person());
    ReleaseAll { which, seen, by, idempotency_key: Code::new(key) }
}

#[tokio::test]
async fn on_hold_nothing_is_sent_until_a_person_has_released_it() {
    for mode in PostingMode::ALL {
        let mut world = held_world(mode).await;
        let keys = held(&world);
        assert_eq!(keys.len(), 2, "{mode:?}");
        assert_eq!(world.book.units(), [], "{mode:?}: nothing waits but for the person");
        world.posting.hold = Hold::Nothing;
        rest(&world, "two", 50).await;
        assert_eq!(held(&world).len(), 2, "{mode:?}: the end of the hold sends nothing");
        assert_eq!(world.erp.papers(FoundState::Posted), [], "{mode:?}");
        assert_eq!(count(&world, EventState::Pending), 6, "{mode:?}");

        for _ in 0..2 {
            let released = world.releases().release(&keys[0], &person()).await;
            assert_eq!(released, Ok(ONE), "{mode:?}: once and once more");
        }
        rest(&world, "two", 100).await;
        assert_eq!(world.erp.papers(FoundState::Posted).len(), 1, "{mode:?}");
        assert_eq!(held(&world), keys[1..], "{mode:?}");
        assert_eq!(world.releases().release(&keys[0], &person()).await, Ok(ONE), "posted by now");
        let log = world.book.written_log();
        let by: Vec<_> = log.iter().filter(|entry| entry.kind == "journal.released").collect();
        assert_eq!(by.len(), 1, "{mode:?}");
        assert_eq!((&by[0].by, &by[0].subject), (&person(), &keys[0].0), "{mode:?}");

        assert_eq!(world.releases().release_all(all(None, "k")).await, Ok(ONE), "{mode:?}");
        rest(&world, "two", 100).await;
        assert_ties(&world, mode.as_str());
        assert_eq!(count(&world, EventState::Posted), 6, "{mode:?}");
    }
}

#[tokio::test]
async fn what_would_be_refused_is_told_while_it_waits() {
    let mut world = world_with(PostingMode::CreateThenPost, 3).await;
    world.posting.hold = Hold::Everything;
    world.reference.change(|reference| {
        let (kind, code) = ("facility".into(), World::facility_of(1).into());
        reference.inactive.push(InactiveValue { instance: "main".into(), kind, code });
    });
    rest(&world, "one", 100).await;
    let refused: Vec<_> = world
        .book
        .inbox_entries()
        .into_iter()
        .filter(|entry| entry.state == EventState::Quarantined)
        .map(|entry| (entry.ordinal, entry.code))
        .collect();
    assert_eq!(refused, [(1, Some(Exception::MasterDimension))]);
    assert_eq!(world.erp.papers(FoundState::Posted), [], "and nothing was sent");
    assert!(!held(&world).is_empty(), "what is sound waits in a new journal");
    world.releases().release_all(all(None, "k")).await.expect("released");
    rest(&world, "one", 100).await;
    assert_ties(&world, "refused while held");
}

#[tokio::test]
async fn one_entity_or_one_instance_is_held_and_the_others_go_out() {
    let entities =
        |name: &str| Hold::Of { entities: [Code::new(name)].into(), instances: [].into() };
    let instances =
        |name: &str| Hold::Of { entities: [].into(), instances: [Code::new(name)].into() };
    for (hold, journals) in
        [(entities("E1"), 2), (instances("main"), 2), (entities("E2"), 0), (instances("other"), 0)]
    {
        let mut world = world_with(PostingMode::NativeKey, 6).await;
        world.posting.hold = hold.clone();
        rest(&world, "one", 100).await;
        assert_eq!(held(&world).len(), journals, "{hold:?}");
        assert_eq!(world.erp.papers(FoundState::Posted).len(), 2 - journals, "{hold:?}");
    }
}

#[tokio::test]
async fn what_a_filter_names_is_released_together_and_only_as_it_was_seen() {
    let world = held_world(PostingMode::NativeKey).await;
    let other = |which| ReleaseAll { which, ..all(None, "other") };
    for which in [
        HeldFilter { entities: [Code::new("E9")].into(), ..HeldFilter::default() },
        HeldFilter { target: Some("other".into()), ..HeldFilter::default() },
        HeldFilter { date: Some(time::macros::date!(2026 - 11 - 03)), ..HeldFilter::default() },
    ] {
        let mut asked = other(which.clone());
        asked.idempotency_key = Code::from(format!("{which:?}"));
        let released = world.releases().release_all(asked).await;
        assert_eq!(released, Ok(ReleaseOutcome::Released { journals: 0 }), "{which:?}");
    }
    let unseen = world.releases().release_all(all(Some(1), "k1")).await.expect("an answer");
    assert!(matches!(unseen, ReleaseOutcome::Refused { .. }), "{unseen:?}");
    assert_eq!(held(&world).len(), 2);
    let two = ReleaseOutcome::Released { journals: 2 };
    assert_eq!(world.releases().release_all(all(Some(2), "k2")).await, Ok(two.clone()));
    assert_eq!(held(&world), []);
    assert_eq!(world.releases().release_all(all(Some(2), "k2")).await, Ok(two), "the same answer");
    let reused = world.releases().release_all(all(None, "k2")).await;
    assert_eq!(reused, Ok(ReleaseOutcome::KeyReused));
    let nothing = ReleaseOutcome::Released { journals: 0 };
    assert_eq!(world.releases().release_all(all(None, "k3")).await, Ok(nothing));
}

#[tokio::test]
async fn what_was_never_held_is_not_released() {
    let world = world_with(PostingMode::NativeKey, 1).await;
    rest(&world, "one", 100).await;
    let key = world.book.all_journals().remove(0).key;
    let posted = world.releases().release(&key, &person()).await.expect("an answer");
    let why = "the journal is posted, not held".to_owned();
    assert_eq!(posted, ReleaseOutcome::Refused { why });
    let none = JournalKey("RB-none".into());
    let missing = world.releases().release(&none, &person()).await;
    assert_eq!(missing, Ok(ReleaseOutcome::NotFound));
}

/// A person who got no answer asks again.
#[tokio::test]
async fn whatever_happens_to_whatever_operation_of_a_release_it_is_sent_once() {
    let faults = [
        BookFault::Transient,
        BookFault::UnknownLost,
        BookFault::UnknownApplied,
        BookFault::CrashBefore,
        BookFault::CrashAfter,
    ];
    let mut met = 0;
    for fault in faults {
        for nth in 0.. {
            let world = held_world(PostingMode::NativeKey).await;
            let key = held(&world).remove(0);
            let mut operations = 0;
            world.book.plan_faults(Box::new(move |_: Operation| {
                operations += 1;
                (operations - 1 == nth).then_some(fault)
            }));
            let asked = world.releases();
            let first = pass_of(asked.release(&key, &person()));
            world.book.calm();
            if first == Some(Ok(ONE)) && nth > 5 {
                break;
            }
            met += 1;
            let again = world.releases().release(&key, &person()).await;
            assert_eq!(again, Ok(ONE), "{fault:?} at {nth}");
            let rest_of_them = world.releases().release_all(all(None, "k")).await;
            assert_eq!(rest_of_them, Ok(ONE), "{fault:?} at {nth}");
            world.clock().advance(Duration::from_secs(20));
            rest(&world, "two", 100).await;
            assert_ties(&world, &format!("{fault:?} at {nth}"));
            assert_eq!(world.erp.papers(FoundState::Posted).len(), 2, "{fault:?} at {nth}");
        }
    }
    assert!(met >= 20, "{met} faults were met");
}

fn pass_of<T>(asked: impl Future<Output = T>) -> Option<T> {
    futures::FutureExt::now_or_never(asked)
}

/// Two people release at once: what the one has taken, the other finds gone and takes the rest.
#[tokio::test]
async fn a_release_that_meets_another_one_takes_what_is_left() {
    let world = held_world(PostingMode::NativeKey).await;
    let key = held(&world).remove(0);
    let (one, two) = (world.releases(), world.releases());
    let person = person();
    let (single, both) = tokio::join!(one.release(&key, &person), two.release_all(all(None, "k")));
    let taken = |outcome: &Result<ReleaseOutcome, _>| match outcome {
        Ok(ReleaseOutcome::Released { journals }) => *journals,
        other => panic!("{other:?}"),
    };
    assert!((2..=3).contains(&(taken(&single) + taken(&both))));
    assert_eq!(held(&world), []);
    let poster = world.poster("two");
    assert!(pass(poster.pass()).is_some());
    rest(&world, "two", 100).await;
    assert_ties(&world, "two people");
    assert!(world.book.journal(&key).await.expect("works").is_some());
}
