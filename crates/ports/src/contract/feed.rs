// SPDX-License-Identifier: Apache-2.0
//! The log: written with its effects, numbered later, without gaps.

use serde_json::json;

use super::Fixture;
use super::samples::{apply, hold, log};
use crate::book::Effects;

async fn write(fixture: &Fixture, step: &str, subjects: &[&str]) {
    let mut effects = Effects::new(step);
    effects.log =
        subjects.iter().map(|subject| log("sample.done", subject, json!({ "of": step }))).collect();
    apply(fixture, effects).await;
}

pub async fn entries_are_numbered_from_one_without_gaps_in_order_of_writing(fixture: &Fixture) {
    write(fixture, "one", &["a", "b"]).await;
    write(fixture, "two", &["c"]).await;
    let fence = hold(fixture, "sequencer").await;
    assert_eq!(fixture.book.sequence(&fence, 2).await, Ok(2));
    write(fixture, "three", &["d", "e"]).await;
    assert_eq!(fixture.book.sequence(&fence, 10).await, Ok(3));
    assert_eq!(fixture.book.sequence(&fence, 10).await, Ok(0));
    let all = fixture.feed.read(0, 10).await.expect("works");
    assert_eq!(all.iter().map(|one| one.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    let subjects: Vec<&str> = all.iter().map(|one| one.entry.subject.as_str()).collect();
    assert_eq!(subjects, ["a", "b", "c", "d", "e"]);
    assert_eq!(all[2].entry, log("sample.done", "c", json!({ "of": "two" })));
    let page = fixture.feed.read(2, 2).await.expect("works");
    assert_eq!(page, all[2..4]);
}

pub async fn what_has_no_number_yet_is_not_read(fixture: &Fixture) {
    write(fixture, "one", &["a", "b"]).await;
    assert_eq!(fixture.feed.read(0, 10).await, Ok(Vec::new()));
    let fence = hold(fixture, "sequencer").await;
    assert_eq!(fixture.book.sequence(&fence, 1).await, Ok(1));
    assert_eq!(fixture.feed.read(0, 10).await.expect("works").len(), 1);
    assert_eq!(fixture.feed.about("b", 10).await, Ok(Vec::new()));
}

pub async fn entries_about_a_subject_are_found(fixture: &Fixture) {
    write(fixture, "one", &["a", "b"]).await;
    write(fixture, "two", &["a", "a"]).await;
    let fence = hold(fixture, "sequencer").await;
    fixture.book.sequence(&fence, 10).await.expect("works");
    let about = fixture.feed.about("a", 10).await.expect("works");
    assert_eq!(about.iter().map(|one| one.number).collect::<Vec<_>>(), [1, 3, 4]);
    assert_eq!(fixture.feed.about("a", 2).await.expect("works"), about[..2]);
    assert_eq!(fixture.feed.about("z", 2).await, Ok(Vec::new()));
}
