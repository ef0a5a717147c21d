// SPDX-License-Identifier: Apache-2.0
//! What waits for a person: unknown outcomes without a key, documents more than once or altered.

use std::time::Duration;

use model::event::EventState;
use model::exception::{Code as Exception, ItemState};
use model::journal::JournalState;
use ports::book::Records;
use ports::erp::{FoundState, JournalDocument, PostingMode};
use posting::testing::{Call, Fault, World};

use super::{assert_ties, count, rest, world_with};

/// The first request meets this fault.
fn first_submit(world: &World, fault: Fault) {
    let mut first = true;
    world.erp.plan_faults(Box::new(move |call| {
        let meets = call == Call::Submit && first;
        first &= !meets;
        meets.then_some(fault)
    }));
}

/// Closes the window and sends its journal once.
async fn send_once(world: &World) {
    world.clock().advance(Duration::from_secs(6));
    let poster = world.poster("one");
    poster.pass().await;
    poster.pass().await;
}

fn state(world: &World) -> JournalState {
    world.book.all_journals().remove(0).state
}

#[tokio::test]
async fn without_a_key_nothing_is_sent_again_until_a_person_has_spoken() {
    let world = world_with(PostingMode::Keyless, 3).await;
    first_submit(&world, Fault::Lost);
    rest(&world, "one", 200).await;
    assert_eq!(state(&world), JournalState::Parked { code: Exception::PostUnknown });
    assert_eq!(world.erp.papers(FoundState::Posted), []);
    let key = world.book.all_journals().remove(0).key;
    let items = world.book.items_about(key.as_str()).await.unwrap();
    assert_eq!((items.len(), items[0].code), (1, Exception::PostUnknown));
    assert_eq!(count(&world, EventState::Pending), 3);

    world.replay_journals().await.unwrap();
    rest(&world, "one", 200).await;
    assert_ties(&world, "released");
    assert_eq!(world.erp.papers(FoundState::Posted).len(), 1);
}

#[tokio::test]
async fn what_arrived_in_spite_of_everything_is_found_by_the_person_and_not_sent_again() {
    let world = world_with(PostingMode::Keyless, 3).await;
    // Against its own promise this ERP takes longer than it may.
    first_submit(&world, Fault::Late(Duration::from_secs(500)));
    rest(&world, "one", 100).await;
    assert_eq!(state(&world), JournalState::Parked { code: Exception::PostUnknown });
    world.clock().advance(Duration::from_secs(600));
    world.replay_journals().await.unwrap();
    rest(&world, "one", 100).await;
    assert_ties(&world, "found");
    assert_eq!(world.erp.papers(FoundState::Posted).len(), 1);
}

#[tokio::test]
async fn a_late_document_is_found_before_anybody_is_asked() {
    for mode in PostingMode::ALL {
        let world = world_with(mode, 3).await;
        first_submit(&world, Fault::Late(Duration::from_secs(59)));
        rest(&world, "one", 300).await;
        assert_ties(&world, mode.as_str());
        assert_eq!(world.replay_journals().await.unwrap(), 0, "{mode:?}: nobody was asked");
    }
}

/// What our request would have been, with one more cent on its first two lines, or not.
fn forged(world: &World, more: i64) -> JournalDocument {
    let mut journal = world.erp.papers(FoundState::Posted).remove(0).journal;
    journal.lines[0].debit += more;
    let credit = journal.lines.iter_mut().find(|line| line.credit > 0).expect("a credit");
    credit.credit += more;
    journal
}

#[tokio::test]
async fn a_document_that_is_there_twice_or_altered_is_an_incident_until_one_sound_one_is_left() {
    for (what, more) in [("twice", 0), ("altered", 1)] {
        let world = world_with(PostingMode::Keyless, 3).await;
        first_submit(&world, Fault::Done);
        send_once(&world).await;
        let sound = world.erp.papers(FoundState::Posted).remove(0);
        let forged = forged(&world, more);
        if what == "altered" {
            world.erp.remove_by_hand(&sound.number);
        }
        world.erp.book_by_hand(&forged);
        world.clock().advance(Duration::from_secs(3));
        for _ in 0..30 {
            world.clock().advance(Duration::from_secs(1));
            world.poster("one").pass().await;
        }
        assert_eq!(state(&world), JournalState::Parked { code: Exception::PostIncident }, "{what}");

        // Replayed too early, it is an incident still, in a new item that follows the first.
        world.replay_journals().await.unwrap();
        world.poster("one").pass().await;
        assert_eq!(state(&world), JournalState::Parked { code: Exception::PostIncident }, "{what}");
        let key = world.book.all_journals().remove(0).key;
        let items = world.book.items_about(key.as_str()).await.unwrap();
        assert_eq!(items.len(), 2, "{what}");
        assert_eq!(items[1].parent, Some(items[0].id), "{what}");
        assert_eq!(items[1].state, ItemState::Open, "{what}");

        let last = world.erp.papers(FoundState::Posted).pop().expect("the forged one");
        world.erp.remove_by_hand(&last.number);
        world.replay_journals().await.unwrap();
        rest(&world, "one", 100).await;
        assert_ties(&world, what);
        assert_eq!(count(&world, EventState::Posted), 3, "{what}");
    }
}

/// The draft of the first request lands while the journal waits for a person, and is not seen yet when
/// the person has it sent again.
#[tokio::test]
async fn a_draft_that_lands_while_a_person_decides_is_swept_in_the_end() {
    let world = world_with(PostingMode::CreateThenPost, 3).await;
    first_submit(&world, Fault::Late(Duration::from_secs(20)));
    send_once(&world).await;
    world.erp.revoke_permission();
    let poster = world.poster("one");
    for _ in 0..10 {
        world.clock().advance(Duration::from_secs(1));
        poster.pass().await;
    }
    assert_eq!(state(&world), JournalState::Parked { code: Exception::PostRejected });
    world.erp.grant_permission();
    world.clock().advance(Duration::from_secs(10));
    assert_eq!(world.erp.papers(FoundState::Draft).len(), 1, "it has landed");
    world.replay_journals().await.unwrap();
    rest(&world, "one", 200).await;
    assert_ties(&world, "released beside a draft");
}
