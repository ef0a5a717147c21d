// SPDX-License-Identifier: Apache-2.0
//! A book that was restored from a backup: what the ERP has and the book has forgotten is found again,
//! nothing is sent twice, in every mode.

use std::time::Duration;

use model::journal::JournalState;
use ports::erp::{FoundState, PostingMode};
use posting::testing::{Call, Fault, World};
use posting::{Reconciled, Recovery};

use super::{assert_ties, rest, world_with};

/// The world as a restore leaves it: another book, the same ERP and the same record outside.
fn restored(world: &World, backup: ports::memory::MemoryBook) -> World {
    // The ERP keeps the old clock, which stands still from now on: what is there can be seen by then.
    world.clock().advance(Duration::from_secs(60));
    backup.clock().set(world.clock().now());
    World { book: backup, ..world.clone() }
}

async fn reconcile(world: &World) -> Reconciled {
    let instances = &world.posting.erps;
    let erps: Vec<_> =
        instances.names().iter().map(|name| instances.get(name).expect("reached")).collect();
    let recovery = Recovery { book: &world.book, manifests: &world.outside, erps: &erps };
    recovery.reconcile().await.expect("the ERP answers")
}

#[tokio::test]
async fn what_was_posted_in_the_lost_time_is_found_again_and_not_sent_twice() {
    for mode in PostingMode::ALL {
        let world = world_with(mode, 3).await;
        rest(&world, "one", 60).await;
        let backup = world.book.fork();
        for number in 4..=9 {
            world.book_event(number).await.expect("booked");
        }
        rest(&world, "one", 60).await;
        let before = world.erp.papers(FoundState::Posted);
        assert!(before.len() > 1, "{mode:?}: there is something to forget");

        let world = restored(&world, backup);
        let early = reconcile(&world).await;
        assert!(!early.unmatched.is_empty(), "{mode:?}: the rows are not here yet");
        for one in &early.unmatched {
            assert!(one.why.contains("hand in the files"), "{one:?}");
        }
        for number in 4..=9 {
            world.book_event(number).await.expect("booked again");
        }
        let reconciled = reconcile(&world).await;
        assert_eq!(reconciled.unmatched, [], "{mode:?}");
        assert_eq!(reconciled.restored as usize, before.len() - 1, "{mode:?}");
        let again = reconcile(&world).await;
        assert_eq!((again.restored, again.known as usize), (0, before.len()), "{mode:?}");
        rest(&world, "two", 120).await;
        assert_ties(&world, mode.as_str());
        assert_eq!(world.erp.papers(FoundState::Posted), before, "{mode:?}: nothing was sent");
    }
}

#[tokio::test]
async fn a_journal_that_the_backup_thinks_ready_is_looked_up_before_it_is_sent() {
    for mode in PostingMode::ALL {
        let world = world_with(mode, 3).await;
        world.clock().advance(Duration::from_secs(6));
        let poster = world.poster("one");
        // Closed, and not yet sent: the backup is taken between the two.
        world.erp.plan_faults(Box::new(|_| None));
        let mut backup = None;
        for _ in 0..6 {
            let journals = world.book.all_journals();
            if journals.iter().any(|one| one.state == JournalState::Ready) && backup.is_none() {
                backup = Some(world.book.fork());
            }
            poster.pass().await;
            world.clock().advance(Duration::from_millis(100));
        }
        let Some(backup) = backup else { continue };
        rest(&world, "one", 60).await;
        let before = world.erp.papers(FoundState::Posted);
        assert_eq!(before.len(), 1);
        let world = restored(&world, backup);
        let reconciled = reconcile(&world).await;
        assert_eq!((reconciled.known, reconciled.unmatched.len()), (1, 0), "{mode:?}");
        let sent = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
        let count = sent.clone();
        world.erp.plan_faults(Box::new(move |call| {
            let submits = u32::from(call == Call::Submit);
            count.fetch_add(submits, std::sync::atomic::Ordering::SeqCst);
            None
        }));
        rest(&world, "two", 120).await;
        assert_ties(&world, mode.as_str());
        assert_eq!(sent.load(std::sync::atomic::Ordering::SeqCst), 0, "{mode:?}");
        assert_eq!(world.erp.papers(FoundState::Posted), before, "{mode:?}");
    }
}

#[tokio::test]
async fn what_never_arrived_is_posted_anew_and_what_may_still_land_is_waited_for() {
    let world = world_with(PostingMode::NativeKey, 3).await;
    let backup = world.book.fork();
    world.erp.plan_faults(Box::new(|call| (call == Call::Submit).then_some(Fault::Lost)));
    world.clock().advance(Duration::from_secs(6));
    let poster = world.poster("one");
    for _ in 0..3 {
        poster.pass().await;
    }
    assert_eq!(world.outside.all_manifests().len(), 1, "it was written down before it was sent");
    world.erp.plan_faults(Box::new(|_| None));
    let world = restored(&world, backup);
    let early = reconcile(&world).await;
    assert_eq!(early.unmatched.len(), 1);
    assert!(early.unmatched[0].why.contains("may still land"), "{:?}", early.unmatched);
    world.clock().advance(Duration::from_secs(600));
    let late = reconcile(&world).await;
    assert_eq!((late.not_arrived, late.unmatched.len()), (1, 0));
    rest(&world, "two", 120).await;
    assert_ties(&world, "posted anew");
    assert_eq!(world.erp.papers(FoundState::Posted).len(), 1);
}

#[tokio::test]
async fn no_request_leaves_before_its_manifest_is_written() {
    let world = world_with(PostingMode::Keyless, 3).await;
    world.outside.refuse(true);
    rest(&world, "one", 30).await;
    assert_eq!(world.erp.papers(FoundState::Posted), [], "nothing was sent");
    world.outside.refuse(false);
    rest(&world, "one", 300).await;
    assert_ties(&world, "sent once it could be written down");
}
