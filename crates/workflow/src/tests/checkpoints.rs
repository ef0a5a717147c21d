// SPDX-License-Identifier: Apache-2.0
//! Checkpoints: when they are due, that a failure holds no number back, and that a restored book is
//! not witnessed.

use std::sync::Arc;

use model::code::Code;
use ports::book::{Effects, LogEntry};
use ports::checkpoint::{Checkpoints, LogName};
use ports::feed::Feed;
use ports::memory::{MemoryBook, MemoryOutside};

use crate::{CheckpointLimits, Checkpointer, Limits, Sequencer, Standing, record, standing};

/// Time never makes one due here, three entries do.
const LIMITS: CheckpointLimits =
    CheckpointLimits { checkpoint_ms_max: 3_600_000, checkpoint_entries_max: 3 };

async fn write(book: &MemoryBook, step: &str, entries: usize) {
    let mut effects = Effects::new(step);
    let entry = LogEntry {
        kind: "sample".into(),
        subject: step.into(),
        by: "test".into(),
        body: serde_json::Value::Null,
    };
    effects.log = vec![entry; entries];
    record(book, effects).await.unwrap();
}

fn witnessed(book: &MemoryBook, outside: &MemoryOutside) -> (Sequencer, Arc<Checkpointer>) {
    let (book, outside) = (Arc::new(book.clone()), Arc::new(outside.clone()));
    let checkpointer = Checkpointer::new(book.clone(), outside, "room".into(), LIMITS);
    let checkpointer = Arc::new(checkpointer);
    let sequencer = Sequencer::new(book, "one", Limits::default());
    (sequencer.witnessed_by(checkpointer.clone()), checkpointer)
}

async fn last_size(outside: &MemoryOutside) -> Option<u64> {
    let last = outside.latest(&Code::new("room")).await.unwrap();
    last.map(|published| published.head.size)
}

#[tokio::test]
async fn a_checkpoint_is_written_after_so_many_entries_and_not_before() {
    let (book, outside) = (MemoryBook::new(), MemoryOutside::new());
    let (sequencer, checkpointer) = witnessed(&book, &outside);
    for (step, entries, expected) in
        [("a", 2, None), ("b", 1, Some(3)), ("c", 2, Some(3)), ("d", 5, Some(10))]
    {
        write(&book, step, entries).await;
        sequencer.run_due().await;
        assert_eq!(last_size(&outside).await, expected, "after {step}");
    }
    write(&book, "e", 1).await;
    sequencer.run_due().await;
    checkpointer.finish().await;
    assert_eq!(last_size(&outside).await, Some(11), "at the end whatever is new");
    assert_eq!(checkpointer.complaint(), None);
}

#[tokio::test]
async fn a_checkpoint_that_cannot_be_written_is_seen_and_holds_no_number_back() {
    let (book, outside) = (MemoryBook::new(), MemoryOutside::new());
    outside.refuse(true);
    let (sequencer, checkpointer) = witnessed(&book, &outside);
    write(&book, "a", 5).await;
    assert!(sequencer.run_due().await.failure.is_none());
    assert_eq!(book.read(0, 10).await.unwrap().len(), 5);
    let complaint = checkpointer.complaint().expect("it is seen");
    assert!(complaint.contains("no checkpoint can be written"), "{complaint}");
    outside.refuse(false);
    // It is compared again before the next one, which is not tried at once.
    let (_, another) = witnessed(&book, &outside);
    another.finish().await;
    assert_eq!(last_size(&outside).await, Some(5));
}

#[tokio::test]
async fn a_restored_book_is_not_witnessed_before_its_recovery() {
    let (book, outside) = (MemoryBook::new(), MemoryOutside::new());
    let (sequencer, _) = witnessed(&book, &outside);
    write(&book, "a", 3).await;
    sequencer.run_due().await;
    let backup = book.fork();
    write(&book, "b", 3).await;
    sequencer.run_due().await;
    assert_eq!(last_size(&outside).await, Some(6));
    let room = Code::new("room");
    let judged = standing(&backup, &outside, &room).await.unwrap();
    assert!(matches!(judged, Standing::Behind(_)), "{judged:?}");

    let (sequencer, checkpointer) = witnessed(&backup, &outside);
    write(&backup, "c", 9).await;
    backup.clock().advance(std::time::Duration::from_secs(60));
    sequencer.run_due().await;
    let judged = standing(&backup, &outside, &room).await.unwrap();
    assert!(matches!(judged, Standing::Forked(_)), "{judged:?}");
    assert_eq!(last_size(&outside).await, Some(6), "what was witnessed stays");
    assert!(checkpointer.complaint().expect("it is seen").contains("revbridge recover"));

    let head = ports::log_proof::LogProof::head(&backup).await.unwrap();
    let next = LogName { room: room.clone(), branch: 2 };
    outside.publish(&next, &head).await.unwrap();
    let judged = standing(&backup, &outside, &room).await.unwrap();
    assert!(matches!(judged, Standing::Sound(_)), "{judged:?}");
}
