// SPDX-License-Identifier: Apache-2.0
//! Lanes served side by side: woken, stopped, given back, and the log numbered.

use std::sync::Arc;
use std::time::Duration;

use ports::book::{Book, Effects, LogEntry};
use ports::feed::Feed;
use ports::memory::MemoryBook;

use super::{Act, Scripted, put, times};
use crate::{Lanes, Limits, Runner, Sequencer, Settled, record, shutdown};

/// Waits for a condition with a bound; the bound is far beyond what a healthy run needs.
async fn eventually(mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("it holds in the end");
}

fn patient() -> Limits {
    // Nothing but a wake-up makes such a lane look again in time.
    Limits { idle_ms_max: 3_600_000, ..Limits::default() }
}

#[tokio::test]
async fn a_put_of_this_process_wakes_its_lane_and_a_stop_gives_it_back() {
    let book = MemoryBook::new();
    let step = Scripted::new(vec![Act::Done]);
    let steps: Vec<Arc<dyn crate::Step>> = vec![step.clone()];
    let runner = Runner::new(Arc::new(book.clone()), "lane", "one", steps, patient());
    let (stop, asked) = shutdown();
    let serving = tokio::spawn(Lanes::new().with(runner).serve(asked));
    for (nth, unit) in ["a", "b", "c"].into_iter().enumerate() {
        put(&book, unit, &[unit]).await;
        eventually(async || times(&book, "done", unit).await == 1).await;
        assert_eq!(step.runs() as usize, nth + 1);
    }
    stop.now();
    serving.await.unwrap();
    let lease = book.lease(&"lane".into(), &"two".into(), Duration::from_secs(1)).await.unwrap();
    assert!(lease.is_some(), "the lane is free at once");
}

#[tokio::test]
async fn the_sequencer_numbers_what_is_written_until_the_end() {
    let book = MemoryBook::new();
    let (stop, asked) = shutdown();
    let sequencer = Sequencer::new(Arc::new(book.clone()), "one", Limits::default());
    let serving = tokio::spawn(Lanes::new().with(sequencer).serve(asked));
    for number in 1..=3 {
        let mut effects = Effects::new(format!("write {number}"));
        effects.log = vec![LogEntry {
            kind: "sample".into(),
            subject: "s".into(),
            by: "test".into(),
            body: serde_json::Value::Null,
        }];
        record(&book, effects).await.unwrap();
    }
    stop.now();
    serving.await.unwrap();
    assert_eq!(Feed::read(&book, 0, 10).await.unwrap().len(), 3, "all before the lane is left");
}

#[tokio::test]
async fn lanes_driven_by_hand_run_until_nothing_is_due() {
    let book = MemoryBook::new();
    let step = Scripted::new(vec![Act::Done]);
    let steps: Vec<Arc<dyn crate::Step>> = vec![step.clone()];
    let shared: Arc<dyn Book> = Arc::new(book.clone());
    let lanes = Lanes::new()
        .with(Runner::new(shared.clone(), "lane", "one", steps, Limits::default()))
        .with(Sequencer::new(shared, "one", Limits::default()));
    put(&book, "put", &["a", "b"]).await;
    assert_eq!(lanes.run_until_idle(10).await, Settled::Idle);
    assert_eq!(step.runs(), 2);
    assert_eq!(lanes.run_until_idle(0).await, Settled::Busy);
}

#[tokio::test]
async fn passes_and_batches_are_as_long_as_their_limits_and_leave_nothing_behind() {
    let book = MemoryBook::new();
    let step = Scripted::new(vec![Act::Done]);
    let steps: Vec<Arc<dyn crate::Step>> = vec![step.clone()];
    let limits = Limits { units_per_pass_max: 2, entries_per_pass_max: 2, ..Limits::default() };
    let runner = Runner::new(Arc::new(book.clone()), "lane", "one", steps, limits);
    put(&book, "put", &["a", "b", "c", "d", "e"]).await;
    let mut units = Vec::new();
    for _ in 0..4 {
        units.push(runner.run_due().await.units);
    }
    assert_eq!(units, [2, 2, 1, 0]);
    let mut effects = Effects::new("write");
    let entry = LogEntry {
        kind: "sample".into(),
        subject: "s".into(),
        by: "test".into(),
        body: serde_json::Value::Null,
    };
    effects.log = vec![entry; 5];
    record(&book, effects).await.unwrap();
    let sequencer = Sequencer::new(Arc::new(book.clone()), "one", limits);
    assert_eq!(sequencer.run_due().await.units, 5);
    assert_eq!(Feed::read(&book, 0, 10).await.unwrap().len(), 5);
}
