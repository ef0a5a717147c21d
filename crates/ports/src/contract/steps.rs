// SPDX-License-Identifier: Apache-2.0
//! One transaction: all or nothing, once per step key, refused when something changed since.

use model::code::Code;
use model::exception::{Code as Exception, ItemState, Subject};
use model::id::Hash;
use serde_json::json;

use super::Fixture;
use super::samples::{
    apply, at, book_rows, delivery, event_id, group, hold, item, log, remittance, row, unit,
};
use crate::book::{Answer, Applied, ApplyError, Effects, StatePut, StepKey};

fn state(key: &str, expected: u64, body: &str) -> StatePut {
    StatePut { kind: "claim".into(), key: key.into(), body: json!(body).into(), expected }
}

fn put_state(step: &str, put: StatePut) -> Effects {
    let mut effects = Effects::new(step);
    effects.states = vec![put];
    effects
}

async fn version_of(fixture: &Fixture, key: &str) -> u64 {
    let found = fixture.book.states("claim", &[Code::new(key)]).await.expect("works");
    found.first().map_or(0, |record| record.version)
}

pub async fn a_step_is_applied_once(fixture: &Fixture) {
    let fence = hold(fixture, "lane").await;
    let mut effects = delivery("a", 1, 2);
    effects.states = vec![state("k", 0, "one")];
    assert_eq!(fixture.book.applied(&effects.step).await, Ok(false));
    assert_eq!(fixture.book.apply(&fence, &effects).await, Ok(Applied::Now));
    assert_eq!(fixture.book.applied(&effects.step).await, Ok(true));
    assert_eq!(fixture.book.apply(&fence, &effects).await, Ok(Applied::Before));
    // The key alone decides, even for other effects.
    let other = put_state(&effects.step.0, state("other", 0, "x"));
    assert_eq!(fixture.book.apply(&fence, &other).await, Ok(Applied::Before));
    assert_eq!((version_of(fixture, "k").await, version_of(fixture, "other").await), (1, 0));
}

pub async fn an_unfenced_step_is_applied_once(fixture: &Fixture) {
    let effects = put_state("step", state("k", 0, "one"));
    assert_eq!(fixture.book.apply_unfenced(&effects).await, Ok(Applied::Now));
    assert_eq!(fixture.book.apply_unfenced(&effects).await, Ok(Applied::Before));
    assert_eq!(version_of(fixture, "k").await, 1);
    assert_eq!(fixture.book.applied(&StepKey("step".into())).await, Ok(true));
}

pub async fn a_refused_transaction_leaves_nothing_behind(fixture: &Fixture) {
    apply(fixture, put_state("first", state("k", 0, "one"))).await;
    let now = fixture.book.now().await.expect("a clock");
    let mut effects = delivery("a", 1, 2);
    effects.remittances = vec![remittance("a")];
    effects.rows = vec![row("a", 1, 0, 100)];
    effects.items = vec![item(Subject::Work { unit: "u".into() }, Exception::Defect, 0)];
    effects.puts = vec![unit("lane", "u", now, -10)];
    effects.log = vec![log("sample", "s", json!({}))];
    effects.answers = vec![answer("key")];
    effects.states = vec![state("new", 0, "new"), state("k", 0, "again")];
    let step = effects.step.clone();
    let refused = fixture.book.apply_unfenced(&effects).await;
    assert!(matches!(refused, Err(ApplyError::Conflict { .. })), "{refused:?}");

    assert_eq!(fixture.book.applied(&step).await, Ok(false));
    assert_eq!(fixture.book.inbox(&[event_id("a", 1)]).await, Ok(Vec::new()));
    assert_eq!(fixture.book.remittance(remittance("a").id).await, Ok(None));
    assert_eq!(fixture.book.open_rows(&group(), 10).await, Ok(Vec::new()));
    assert_eq!(fixture.book.items_about("u").await, Ok(Vec::new()));
    assert_eq!(fixture.book.due(&"lane".into(), 10).await, Ok(Vec::new()));
    assert_eq!(fixture.book.answer("someone", "key").await, Ok(None));
    assert_eq!((version_of(fixture, "k").await, version_of(fixture, "new").await), (1, 0));
    let fence = hold(fixture, "sequencer").await;
    assert_eq!(fixture.book.sequence(&fence, 10).await, Ok(0));
}

pub async fn a_state_changes_only_from_the_version_that_was_read(fixture: &Fixture) {
    apply(fixture, put_state("one", state("k", 0, "one"))).await;
    let twice = fixture.book.apply_unfenced(&put_state("two", state("k", 0, "two"))).await;
    assert!(matches!(twice, Err(ApplyError::Conflict { .. })), "{twice:?}");
    apply(fixture, put_state("three", state("k", 1, "three"))).await;
    let late = fixture.book.apply_unfenced(&put_state("four", state("k", 1, "four"))).await;
    assert!(matches!(late, Err(ApplyError::Conflict { .. })), "{late:?}");
    let unknown = fixture.book.apply_unfenced(&put_state("five", state("none", 3, "five"))).await;
    assert!(matches!(unknown, Err(ApplyError::Conflict { .. })), "{unknown:?}");

    let keys = [Code::new("none"), Code::new("k")];
    let found = fixture.book.states("claim", &keys).await.expect("works");
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0].key, found[0].version), (&Code::new("k"), 2));
    assert_eq!(found[0].body, json!("three").into());
    assert_eq!(fixture.book.states("other", &keys).await, Ok(Vec::new()), "kinds do not mix");
}

pub async fn states_that_one_step_put_are_read_and_changed_each_by_itself(fixture: &Fixture) {
    let keys: Vec<Code> = (0..12).map(|number| Code::from(format!("k{number}"))).collect();
    let mut many = Effects::new("many");
    for key in &keys {
        many.states.push(state(key, 0, &format!("first of {key}")));
        many.states.push(StatePut { kind: "other".into(), ..state(key, 0, "another kind") });
    }
    apply(fixture, many).await;
    apply(fixture, put_state("later", state("k7", 1, "second of k7"))).await;
    let mut rival = Effects::new("rival");
    rival.states = (10..30).map(|number| state(&format!("k{number}"), 0, "rival")).collect();
    let refused = fixture.book.apply_unfenced(&rival).await;
    assert!(matches!(refused, Err(ApplyError::Conflict { .. })), "{refused:?}");

    let mut found = fixture.book.states("claim", &keys).await.expect("works");
    found.sort_by(|one, other| one.key.cmp(&other.key));
    let mut expected = keys.clone();
    expected.sort();
    assert_eq!(
        found.iter().map(|one| &one.key).collect::<Vec<_>>(),
        expected.iter().collect::<Vec<_>>()
    );
    for one in &found {
        let (version, which) = if one.key == "k7" { (2, "second") } else { (1, "first") };
        assert_eq!(one.version, version, "{}", one.key);
        assert_eq!(one.body, json!(format!("{which} of {}", one.key)).into());
    }
    let other = fixture.book.states("other", &[Code::new("k7")]).await.expect("works");
    assert_eq!((other[0].version, &other[0].body), (1, &json!("another kind").into()));
}

fn work(unit: &str) -> Subject {
    Subject::Work { unit: unit.into() }
}

pub async fn a_new_item_that_exists_is_left_alone(fixture: &Fixture) {
    let first = item(work("u"), Exception::Defect, 0);
    let mut effects = Effects::new("first");
    effects.items = vec![first.clone()];
    apply(fixture, effects).await;
    let mut effects = Effects::new("again");
    let mut again = first.clone();
    again.reason = "met once more".to_owned();
    effects.items = vec![again];
    apply(fixture, effects).await;
    assert_eq!(fixture.book.item(first.id).await, Ok(Some(first)));
}

pub async fn an_item_changes_only_from_the_version_below(fixture: &Fixture) {
    let first = item(work("u"), Exception::Defect, 0);
    let mut effects = Effects::new("first");
    effects.items = vec![first.clone()];
    apply(fixture, effects).await;
    let mut resolved = first.clone();
    resolved.version = 1;
    resolved.state = ItemState::Resolved { by: "someone".into(), reason: "done".into() };
    let mut effects = Effects::new("resolve");
    effects.items = vec![resolved.clone()];
    apply(fixture, effects).await;
    for version in [1, 3] {
        let mut effects = Effects::new(format!("version {version}"));
        let mut late = first.clone();
        late.version = version;
        effects.items = vec![late];
        let refused = fixture.book.apply_unfenced(&effects).await;
        assert!(matches!(refused, Err(ApplyError::Conflict { .. })), "{refused:?}");
    }
    assert_eq!(fixture.book.item(first.id).await, Ok(Some(resolved)));
}

pub async fn items_about_a_subject_come_oldest_first(fixture: &Fixture) {
    book_rows(fixture, "a", 1).await;
    let mut effects = Effects::new("open");
    let rounds = [2, 0, 1];
    effects.items = rounds.map(|round| item(work("u"), Exception::Defect, round)).to_vec();
    effects.items.push(item(work("other"), Exception::Defect, 0));
    apply(fixture, effects).await;
    let items = fixture.book.items_about("u").await.expect("works");
    let opened: Vec<_> = items.iter().map(|item| item.opened_at).collect();
    assert_eq!(opened, [at(0), at(1), at(2)]);
}

fn answer(key: &str) -> Answer {
    Answer {
        principal: "someone".into(),
        key: key.into(),
        body_hash: Hash::of(&[b"body"]),
        answer: json!({ "done": true }),
    }
}

pub async fn an_answer_is_kept_and_cannot_be_given_twice(fixture: &Fixture) {
    let mut effects = Effects::new("first");
    effects.answers = vec![answer("key")];
    apply(fixture, effects).await;
    assert_eq!(fixture.book.answer("someone", "key").await, Ok(Some(answer("key"))));
    assert_eq!(fixture.book.answer("another", "key").await, Ok(None));
    let mut effects = put_state("second", state("k", 0, "one"));
    effects.answers = vec![answer("key")];
    let refused = fixture.book.apply_unfenced(&effects).await;
    assert!(matches!(refused, Err(ApplyError::Conflict { .. })), "{refused:?}");
    assert_eq!(version_of(fixture, "k").await, 0, "its effects are not applied either");
}
