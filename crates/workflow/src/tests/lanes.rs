// SPDX-License-Identifier: Apache-2.0
//! Lanes served side by side: woken, stopped, given back, and the log numbered.

use std::sync::Arc;
use std::time::Duration;

use ports::book::{Book, Effects, LogEntry, Unit};
use ports::feed::Feed;
use ports::memory::MemoryBook;
use serde_json::json;

use super::{Act, Scripted, put, times};
use crate::{Held, Lanes, Limits, Runner, Sequencer, Settled, Shards, record, shutdown};

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

#[tokio::test]
async fn a_process_that_comes_later_gets_its_share_of_busy_lanes() {
    let book = MemoryBook::new();
    let limits = Limits { idle_ms_max: 5, units_per_pass_max: 1, ..Limits::default() };
    let shards = Shards::new("lane", 4);
    let now = book.clock().now();
    let mut effects = Effects::new("put");
    effects.puts = shards
        .lanes()
        .map(|lane| Unit::new(&lane, "scripted", lane.clone(), json!({}), now))
        .collect();
    record(&book, effects).await.unwrap();

    // One step per process and lane, always due again.
    let always = || Scripted::new(vec![Act::AgainIn(Duration::ZERO)]);
    let process = |holder: &str, steps: &[Arc<Scripted>]| {
        let held = Held::default();
        let mut lanes = Lanes::new();
        for (lane, step) in shards.lanes().zip(steps) {
            let steps: Vec<Arc<dyn crate::Step>> = vec![step.clone()];
            let runner = Runner::new(Arc::new(book.clone()), lane, holder, steps, limits);
            lanes = lanes.with(runner.among(&held));
        }
        lanes
    };
    let steps = || (0..4).map(|_| always()).collect::<Vec<_>>();
    let (first, second) = (steps(), steps());
    let runs = |steps: &[Arc<Scripted>]| steps.iter().map(|step| step.runs()).collect::<Vec<_>>();
    let (stop, asked) = shutdown();
    let serving = tokio::spawn(process("one", &first).serve(asked.clone()));
    eventually(async || runs(&first).iter().all(|runs| *runs > 0)).await;

    let other = tokio::spawn(process("two", &second).serve(asked));
    // Two lanes each, and then nothing changes hands any more.
    let mut still = 0;
    let mut before = (runs(&first), runs(&second));
    eventually(async || {
        tokio::time::sleep(Duration::from_millis(30)).await;
        let now = (runs(&first), runs(&second));
        let moved = |now: &[u32], before: &[u32]| {
            now.iter().zip(before).map(|(now, before)| now > before).collect::<Vec<_>>()
        };
        let (ours, theirs) = (moved(&now.0, &before.0), moved(&now.1, &before.1));
        let shared = ours.iter().filter(|moved| **moved).count() == 2
            && ours.iter().zip(&theirs).all(|(ours, theirs)| ours != theirs);
        still = if shared { still + 1 } else { 0 };
        before = now;
        still == 5
    })
    .await;
    stop.now();
    serving.await.unwrap();
    other.await.unwrap();
}

#[tokio::test]
async fn a_lane_without_work_is_left_alone() {
    let book = MemoryBook::new();
    let step = Scripted::new(vec![Act::Done]);
    let steps: Vec<Arc<dyn crate::Step>> = vec![step.clone()];
    let limits = Limits { idle_ms_max: 1, ..Limits::default() };
    let runner = Runner::new(Arc::new(book.clone()), "lane", "one", steps, limits);
    let (stop, asked) = shutdown();
    let serving = tokio::spawn(Lanes::new().with(runner).serve(asked));
    tokio::time::sleep(Duration::from_millis(20)).await;
    let other = book.lease(&"lane".into(), &"two".into(), Duration::from_secs(60)).await.unwrap();
    assert_eq!(other.map(|lease| lease.fence.number), Some(1), "nobody has ever leased it");
    put(&book, "put", &["a"]).await;
    let told = async || {
        let lease = book.lease(&"lane".into(), &"two".into(), Duration::from_secs(60)).await;
        lease.unwrap().is_some_and(|lease| lease.asked == Some(0))
    };
    eventually(told).await;
    assert_eq!(step.runs(), 0, "the lane is another's");
    stop.now();
    serving.await.unwrap();
}
