// SPDX-License-Identifier: Apache-2.0
//! The log of a real database against the verifier: what was edited behind the book's back is found
//! from a checkpoint outside, and numbering stays fast.

use std::time::{Duration, Instant};

use model::code::Code;
use ports::book::{Book, Effects};
use ports::contract::samples::log;
use ports::log_proof::LogProof;
use proof::checkpoint::Checkpoint;
use proof::entry::line;
use proof::path::Head;
use proof::verify::{Difference, LINE_BYTES_MAX, Report, Witnessed, verify};
use serde_json::json;
use store::PostgresBook;

use crate::world::{World, process};

async fn write(book: &PostgresBook, step: &str, entries: u32) {
    let mut effects = Effects::new(step.to_owned());
    let body = |number: u32| json!({ "total": number, "of": step, "rate": 1.25, "none": null });
    effects.log = (0..entries).map(|one| log("sample.done", "subject", body(one))).collect();
    book.apply_unfenced(&effects).await.expect("applied");
}

async fn number(book: &PostgresBook) -> usize {
    let (lane, holder) = (Code::new("sequencer"), Code::new("suite"));
    let lease = book.lease(&lane, &holder, Duration::from_secs(600)).await.expect("works");
    let fence = lease.expect("the lane is free").fence;
    let mut all = 0;
    loop {
        let numbered = book.sequence(&fence, 1_000).await.expect("works");
        all += numbered;
        if numbered < 1_000 {
            return all;
        }
    }
}

async fn checkpoint(book: &PostgresBook) -> Checkpoint {
    let head = book.head().await.expect("works");
    let head = Head { size: head.size, root: head.root.0 };
    Checkpoint { origin: "revbridge/test/remittance".to_owned(), head }
}

async fn judged(book: &PostgresBook, outside: &[Checkpoint]) -> Report {
    let mut exported = Vec::new();
    for entry in book.proven(0, 1_000_000).await.expect("works") {
        exported.extend(line(&entry.canonical, &entry.leaf.0));
        exported.push(b'\n');
    }
    let witnessed = Witnessed::new(outside.to_vec()).expect("checkpoints of one log");
    verify(exported.as_slice(), &witnessed, LINE_BYTES_MAX).expect("readable")
}

/// A log of sixty entries with three checkpoints outside.
async fn witnessed_log(world: &World) -> (PostgresBook, Vec<Checkpoint>) {
    let book = world.book().await;
    let mut outside = Vec::new();
    for step in ["one", "two", "three"] {
        write(&book, step, 20).await;
        number(&book).await;
        outside.push(checkpoint(&book).await);
    }
    (book, outside)
}

#[tokio::test]
async fn an_edit_behind_the_books_back_is_found_from_outside() {
    let world = World::new().await;
    let (book, outside) = witnessed_log(&world).await;
    let sound = judged(&book, &outside).await;
    assert_eq!((sound.difference, sound.proven, sound.checkpoints), (None, 60, 3));
    let gap = Difference::Number { line: 30, expected: 30, found: 31 };
    let edits: [(&'static str, Difference); 4] = [
        (
            "update log set body = jsonb_set(body, '{total}', '99') where number = 30",
            Difference::Altered { number: 30 },
        ),
        ("update log set leaf = sha256('x') where number = 30", Difference::Altered { number: 30 }),
        ("delete from log where number = 30", gap),
        ("delete from log where number > 50", Difference::CutOff { entries: 50, expected: 60 }),
    ];
    for (edit, expected) in edits {
        let world = World::new().await;
        let (book, outside) = witnessed_log(&world).await;
        world.run(&process(), edit).await;
        assert_eq!(judged(&book, &outside).await.difference, Some(expected), "{edit}");
    }
}

#[tokio::test]
async fn entries_numbered_before_there_was_a_tree_get_their_leaves() {
    let world = World::new().await;
    let book = world.book().await;
    write(&book, "old", 2_500).await;
    assert_eq!(number(&book).await, 2_500);
    let before = book.head().await.expect("works");
    world.run(&process(), "update log set leaf = null").await;
    world.run(&process(), "update log_head set size = 0, peaks = ''").await;
    assert_eq!(book.proven(0, 10).await.expect("works"), []);
    assert_eq!(book.root_at(2_500).await, Ok(None));
    write(&book, "new", 1).await;
    assert_eq!(number(&book).await, 1);
    assert_eq!(book.head().await.expect("works").size, 2_501);
    assert_eq!(book.root_at(2_500).await, Ok(Some(before.root)), "the same tree again");
    let report = judged(&book, &[checkpoint(&book).await]).await;
    assert_eq!((report.difference, report.proven), (None, 2_501));
}

#[tokio::test]
async fn a_hundred_thousand_entries_get_numbers_and_leaves_in_seconds() {
    let long = std::env::var_os("REVBRIDGE_TEST_LONG").is_some();
    let entries = if long { 100_000 } else { 10_000 };
    let world = World::new().await;
    let book = world.book().await;
    for part in 0..entries / 5_000 {
        write(&book, &format!("part/{part}"), 5_000).await;
    }
    let started = Instant::now();
    assert_eq!(number(&book).await, entries as usize);
    println!(
        "{entries} entries numbered with their leaves in {} ms",
        started.elapsed().as_millis()
    );
    assert!(started.elapsed() < Duration::from_secs(120), "{:?}", started.elapsed());
}
