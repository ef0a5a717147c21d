// SPDX-License-Identifier: Apache-2.0
//! The failure table: each failure by name, and the lost answers of the book itself.

use std::time::Duration;

use model::exception::{Code as Exception, ItemState, Subject};
use ports::book::{Records, StatePut, Unit};
use ports::failure::Failure;
use ports::memory::Fault;
use serde_json::json;

use super::{Act, put, runner, times, world};
use crate::{Ran, parked_unit, record};

fn ran(units: usize) -> Ran {
    Ran { held: true, units, ..Ran::default() }
}

#[tokio::test]
async fn a_unit_that_is_done_is_gone_and_its_effects_are_there_once() {
    let world = world(vec![Act::Done], &["a", "b"]).await;
    assert_eq!(world.runner.run_due().await, Ran { done: 2, ..ran(2) });
    assert_eq!(world.book.units(), []);
    assert_eq!(world.runner.run_due().await, ran(0));
    assert_eq!((times(&world.book, "done", "a").await, world.step.runs()), (1, 2));
}

#[tokio::test]
async fn the_same_unit_put_again_later_is_done_again() {
    let world = world(vec![Act::Done], &["a"]).await;
    world.runner.run_due().await;
    put(&world.book, "put again", &["a"]).await;
    assert_eq!(world.runner.run_due().await, Ran { done: 1, ..ran(1) });
    assert_eq!(times(&world.book, "done", "a").await, 2);
}

#[tokio::test]
async fn a_unit_that_asks_for_it_stays_and_falls_due_again() {
    let wait = Duration::from_secs(30);
    let world = world(vec![Act::AgainIn(wait), Act::Done], &["a"]).await;
    assert_eq!(world.runner.run_due().await, Ran { again: 1, ..ran(1) });
    assert_eq!(world.runner.run_due().await, ran(0));
    world.book.clock().advance(wait);
    assert_eq!(world.runner.run_due().await, Ran { done: 1, ..ran(1) });
    assert_eq!(times(&world.book, "done", "a").await, 2);
}

#[tokio::test]
async fn a_transient_failure_waits_longer_each_time_and_never_reaches_a_person() {
    let busy = Failure::transient("the other side is busy");
    let world = world(vec![Act::Fail(busy)], &["a"]).await;
    let mut waits = Vec::new();
    for _ in 0..8 {
        let before = world.book.clock().now();
        assert_eq!(world.runner.run_due().await, Ran { put_back: 1, ..ran(1) });
        let due = world.book.units()[0].due;
        waits.push((due - before).whole_milliseconds());
        world.book.clock().set(due);
    }
    assert_eq!(waits, [200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600]);
    assert_eq!(world.book.items_about("lane/a").await.unwrap(), []);
}

#[tokio::test]
async fn a_transient_failure_that_names_a_time_waits_for_it() {
    let after = Some(Duration::from_secs(7));
    let busy = Failure::Transient { after, message: "come back later".to_owned() };
    let world = world(vec![Act::Fail(busy)], &["a"]).await;
    let before = world.book.clock().now();
    world.runner.run_due().await;
    assert_eq!(world.book.units()[0].due - before, Duration::from_secs(7));
}

#[tokio::test]
async fn an_unknown_outcome_waits_before_it_is_looked_up() {
    let lost = Failure::OutcomeUnknown { key: "k".to_owned(), message: "no answer".to_owned() };
    let world = world(vec![Act::Fail(lost), Act::Done], &["a"]).await;
    let before = world.book.clock().now();
    assert_eq!(world.runner.run_due().await, Ran { put_back: 1, ..ran(1) });
    let due = world.book.units()[0].due;
    assert_eq!(due - before, Duration::from_secs(1));
    world.book.clock().set(due);
    assert_eq!(world.runner.run_due().await, Ran { done: 1, ..ran(1) });
}

#[tokio::test]
async fn a_business_failure_is_parked_for_a_person_at_once_and_can_be_put_again() {
    let refused = Failure::business(Exception::MasterEntity, "nobody knows the payee");
    let world = world(vec![Act::Fail(refused), Act::Done], &["a"]).await;
    let unit = world.book.units().remove(0);
    assert_eq!(world.runner.run_due().await, Ran { parked: 1, ..ran(1) });
    assert_eq!(world.book.units(), []);
    let items = world.book.items_about("lane/a").await.unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!((items[0].code, &items[0].state), (Exception::MasterEntity, &ItemState::Open));
    assert_eq!(items[0].reason, "nobody knows the payee");
    assert_eq!(items[0].subject, Subject::Work { unit: "lane/a".into() });
    let kept = parked_unit(&world.book, "lane/a").await.unwrap().expect("it is kept");
    assert_eq!(kept, Unit { generation: 0, ..unit });
    assert_eq!(parked_unit(&world.book, "lane/b").await.unwrap(), None);

    put(&world.book, "replay", &["a"]).await;
    assert_eq!(world.runner.run_due().await, Ran { done: 1, ..ran(1) });
}

#[tokio::test]
async fn the_same_cause_again_is_one_item_while_it_is_open_and_the_next_one_after_a_replay() {
    let refused = Failure::business(Exception::MasterEntity, "nobody knows the payee");
    let world = world(vec![Act::Fail(refused)], &["a"]).await;
    world.runner.run_due().await;
    put(&world.book, "again", &["a"]).await;
    world.runner.run_due().await;
    let mut items = world.book.items_about("lane/a").await.unwrap();
    assert_eq!(items.len(), 1, "still the same item");
    let mut replayed = items.remove(0);
    replayed.version += 1;
    replayed.state = ItemState::Replayed { by: "someone".into() };
    let mut effects = ports::book::Effects::new("decide");
    effects.items = vec![replayed.clone()];
    record(&world.book, effects).await.unwrap();
    world.book.clock().advance(Duration::from_secs(1));
    put(&world.book, "replay", &["a"]).await;
    world.runner.run_due().await;
    let items = world.book.items_about("lane/a").await.unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(items[1].parent, Some(replayed.id));
}

#[tokio::test]
async fn a_panic_is_tried_five_times_and_its_neighbours_go_on() {
    let world = world(vec![Act::Panic, Act::Done, Act::Panic], &["a", "b"]).await;
    assert_eq!(world.runner.run_due().await, Ran { done: 1, put_back: 1, ..ran(2) });
    for attempt in 2..=5 {
        world.book.clock().advance(Duration::from_secs(60));
        let expected = match attempt {
            5 => Ran { parked: 1, ..ran(1) },
            _ => Ran { put_back: 1, ..ran(1) },
        };
        assert_eq!(world.runner.run_due().await, expected, "attempt {attempt}");
    }
    let items = world.book.items_about("lane/a").await.unwrap();
    assert_eq!((items.len(), items[0].code), (1, Exception::Defect));
    assert_eq!(times(&world.book, "done", "b").await, 1);
}

#[tokio::test]
async fn a_unit_that_no_step_handles_is_a_defect() {
    let world = world(vec![Act::Done], &[]).await;
    let mut effects = ports::book::Effects::new("put strange");
    let now = world.book.clock().now();
    effects.puts = vec![Unit { attempts: 9, ..Unit::new("lane", "strange", "s", json!({}), now) }];
    record(&world.book, effects).await.unwrap();
    for _ in 0..5 {
        world.runner.run_due().await;
        world.book.clock().advance(Duration::from_secs(60));
    }
    let items = world.book.items_about("lane/s").await.unwrap();
    assert_eq!((items.len(), items[0].code), (1, Exception::Defect));
    assert_eq!(world.book.units(), []);
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_applied_once_whether_it_happened_or_not() {
    for fault in [Fault::UnknownLost, Fault::UnknownApplied] {
        let world = world(vec![Act::Done], &["a"]).await;
        world.book.fail_next_apply(fault);
        assert_eq!(world.runner.run_due().await, Ran { done: 1, ..ran(1) }, "{fault:?}");
        assert_eq!(times(&world.book, "done", "a").await, 1, "{fault:?}");
        assert_eq!(world.book.units(), [], "{fault:?}");
    }
}

#[tokio::test]
async fn an_unfenced_record_is_applied_once_whether_its_answer_is_lost_or_not() {
    for fault in [Fault::UnknownLost, Fault::UnknownApplied] {
        let world = world(vec![Act::Done], &[]).await;
        let mut effects = ports::book::Effects::new("deliver");
        effects.states = vec![StatePut {
            kind: "done".into(),
            key: "k".into(),
            body: json!(1).into(),
            expected: 0,
        }];
        world.book.fail_next_apply(fault);
        record(&world.book, effects).await.unwrap();
        assert_eq!(times(&world.book, "done", "k").await, 1, "{fault:?}");
    }
}

#[tokio::test]
async fn a_transient_failure_of_the_book_is_tried_again() {
    let world = world(vec![Act::Done], &["a"]).await;
    world.book.fail_next_apply(Fault::Transient);
    assert_eq!(world.runner.run_due().await, Ran { put_back: 1, ..ran(1) });
    world.book.clock().advance(Duration::from_secs(1));
    assert_eq!(world.runner.run_due().await, Ran { done: 1, ..ran(1) });
    assert_eq!(times(&world.book, "done", "a").await, 1);
}

#[tokio::test]
async fn whoever_lost_the_lane_drops_everything_even_in_the_middle_of_a_step() {
    for act in [Act::Done, Act::CommitThenDone] {
        let world = world(vec![act], &["a", "b"]).await;
        world.book.fail_next_apply(Fault::StaleFence);
        assert_eq!(world.runner.run_due().await, Ran { lost: true, ..ran(1) });
        assert_eq!(times(&world.book, "done", "a").await, 0);
        assert_eq!(times(&world.book, "first", "a").await, 0);
        assert_eq!(world.book.units().len(), 2);
        assert_eq!(world.runner.run_due().await, Ran { done: 2, ..ran(2) });
        assert_eq!(times(&world.book, "done", "a").await, 1);
    }
}

#[tokio::test]
async fn a_lane_that_another_holds_is_left_alone_until_its_lease_runs_out() {
    let world = world(vec![Act::Done], &["a"]).await;
    let other = runner(&world.book, "two", &world.step);
    put(&world.book, "later", &[]).await;
    assert!(other.run_due().await.held);
    put(&world.book, "more", &["b"]).await;
    assert_eq!(world.runner.run_due().await, Ran { refused: true, ..Ran::default() });
    world.book.clock().advance(Duration::from_secs(11));
    assert_eq!(world.runner.run_due().await, Ran { done: 1, ..ran(1) });
}

#[tokio::test]
async fn a_conflict_is_read_and_decided_again_at_once() {
    let world = world(vec![Act::Done, Act::Done], &["a"]).await;
    world.step.let_a_rival_write_once(&world.book);
    assert_eq!(world.runner.run_due().await, Ran { done: 1, ..ran(1) });
    assert_eq!(world.step.runs(), 2, "it decided again on what the rival wrote");
    assert_eq!(times(&world.book, "done", "a").await, 2, "the rival's and ours");
    assert_eq!(world.book.units(), []);
}
