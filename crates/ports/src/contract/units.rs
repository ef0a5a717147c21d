// SPDX-License-Identifier: Apache-2.0
//! Units of work: in order, one per id, never lost while they run.

use std::time::Duration;

use serde_json::json;
use time::OffsetDateTime;

use super::Fixture;
use super::samples::{apply, hold, unit};
use crate::book::{Applied, Effects, Unit};

async fn now(fixture: &Fixture) -> OffsetDateTime {
    fixture.book.now().await.expect("a clock")
}

async fn put(fixture: &Fixture, step: &str, units: Vec<Unit>) {
    let mut effects = Effects::new(step);
    effects.puts = units;
    apply(fixture, effects).await;
}

async fn due(fixture: &Fixture) -> Vec<Unit> {
    fixture.book.due(&"lane".into(), 100).await.expect("works")
}

fn ids(units: &[Unit]) -> Vec<&str> {
    units.iter().map(|unit| unit.id.as_str()).collect()
}

pub async fn due_units_come_by_due_time_and_then_by_id(fixture: &Fixture) {
    let now = now(fixture).await;
    let units = [("c", -30), ("b", -30), ("z", -90), ("a", -10)];
    put(fixture, "put", units.map(|(id, when)| unit("lane", id, now, when)).to_vec()).await;
    assert_eq!(ids(&due(fixture).await), ["z", "b", "c", "a"]);
    let two = fixture.book.due(&"lane".into(), 2).await.expect("works");
    assert_eq!(ids(&two), ["z", "b"]);
    assert_eq!(two[0].kind, "sample");
    assert_eq!(two[0].body, json!({ "id": "z" }));
    assert_eq!(two[0].attempts, 0);
}

pub async fn a_unit_of_the_future_waits_and_is_announced(fixture: &Fixture) {
    assert_eq!(fixture.book.next_due(&"lane".into()).await, Ok(None));
    let now = now(fixture).await;
    let (soon, later) = (unit("lane", "soon", now, 900), unit("lane", "later", now, 1_800));
    let at = soon.due;
    put(fixture, "put", vec![later, soon]).await;
    assert_eq!(due(fixture).await, Vec::new());
    assert_eq!(fixture.book.next_due(&"lane".into()).await, Ok(Some(at)));
}

pub async fn the_same_unit_put_again_is_one_with_the_earlier_time_and_the_newer_body(
    fixture: &Fixture,
) {
    let now = now(fixture).await;
    put(fixture, "first", vec![unit("lane", "u", now, -10)]).await;
    let first = due(fixture).await.remove(0);
    let later = Unit { body: json!("newer"), ..unit("lane", "u", now, 900) };
    put(fixture, "later", vec![later]).await;
    let merged = due(fixture).await;
    assert_eq!(merged.len(), 1);
    assert_eq!(merged[0].due, first.due, "the earlier time stays");
    assert_eq!(merged[0].body, json!("newer"));
    assert!(merged[0].generation > first.generation);
    put(fixture, "earlier", vec![unit("lane", "u", now, -500)]).await;
    let merged = due(fixture).await;
    assert_eq!((merged.len(), merged[0].due < first.due), (1, true), "the earlier time wins");
}

pub async fn a_unit_put_during_its_run_survives_its_take(fixture: &Fixture) {
    let now = now(fixture).await;
    let fence = hold(fixture, "lane").await;
    put(fixture, "first", vec![unit("lane", "u", now, -10)]).await;
    let leased = due(fixture).await;
    put(fixture, "second", vec![unit("lane", "u", now, -5)]).await;
    let mut take = Effects::new("take");
    take.takes = leased;
    assert_eq!(fixture.book.apply(&fence, &take).await, Ok(Applied::Now));
    let again = due(fixture).await;
    assert_eq!(ids(&again), ["u"], "what was put meanwhile is not lost");
    let mut take = Effects::new("take again");
    take.takes = again;
    assert_eq!(fixture.book.apply(&fence, &take).await, Ok(Applied::Now));
    assert_eq!(due(fixture).await, Vec::new());
}

pub async fn a_unit_put_back_waits_with_one_more_attempt(fixture: &Fixture) {
    let now = now(fixture).await;
    let fence = hold(fixture, "lane").await;
    put(fixture, "put", vec![unit("lane", "u", now, -10)]).await;
    let leased = due(fixture).await.remove(0);
    let later = unit("lane", "u", now, 900).due;
    fixture.book.put_back(&fence, &leased, later).await.expect("works");
    assert_eq!(due(fixture).await, Vec::new());
    assert_eq!(fixture.book.next_due(&"lane".into()).await, Ok(Some(later)));
    put(fixture, "hurry", vec![unit("lane", "u", now, -10)]).await;
    let again = due(fixture).await.remove(0);
    assert_eq!(again.attempts, 1);
    fixture.book.put_back(&fence, &again, now - Duration::from_secs(1)).await.expect("works");
    assert_eq!(due(fixture).await.remove(0).attempts, 2);
}

pub async fn a_unit_taken_and_put_in_one_transaction_stays_with_its_new_time(fixture: &Fixture) {
    let now = now(fixture).await;
    let fence = hold(fixture, "lane").await;
    put(fixture, "put", vec![unit("lane", "u", now, -10)]).await;
    let leased = due(fixture).await;
    fixture.book.put_back(&fence, &leased[0], leased[0].due).await.expect("works");
    let leased = due(fixture).await;
    let later = unit("lane", "u", now, 900);
    let mut again = Effects::new("again");
    again.takes = leased;
    again.puts = vec![later.clone()];
    assert_eq!(fixture.book.apply(&fence, &again).await, Ok(Applied::Now));
    assert_eq!(due(fixture).await, Vec::new(), "it is not due any more");
    assert_eq!(fixture.book.next_due(&"lane".into()).await, Ok(Some(later.due)));
    put(fixture, "hurry", vec![unit("lane", "u", now, -10)]).await;
    assert_eq!(due(fixture).await[0].attempts, 0, "it has begun anew");
}

pub async fn lanes_do_not_mix_and_are_counted_apart(fixture: &Fixture) {
    let now = now(fixture).await;
    let units = vec![
        unit("lane", "u", now, -10),
        unit("lane", "v", now, 900),
        unit("other", "u", now, -10),
        unit("other", "w", now, -10),
    ];
    put(fixture, "put", units).await;
    assert_eq!(ids(&due(fixture).await), ["u"]);
    let mut waiting = fixture.inquiry.waiting().await.expect("works");
    waiting.sort();
    assert_eq!(waiting, [("lane".into(), 1, 1), ("other".into(), 2, 0)]);
}
