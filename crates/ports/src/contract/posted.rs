// SPDX-License-Identifier: Apache-2.0
//! An event is posted when the ERP has confirmed all that stands for it.

use model::event::EventState;

use super::Fixture;
use super::samples::{
    apply, book_rows, close_rows, delivery, document, event_id, post, row, state_of, transition,
};
use crate::book::Effects;

pub async fn an_event_is_posted_when_all_its_live_rows_are(fixture: &Fixture) {
    let mut effects = delivery("a", 1, 2);
    effects.rows = vec![row("a", 1, 0, 100), row("a", 1, 1, 50), row("a", 2, 0, 200)];
    let rows: Vec<_> = effects.rows.iter().map(|(_, row)| row.clone()).collect();
    apply(fixture, effects).await;
    let first = close_rows(fixture, &[rows[0].clone(), rows[2].clone()]).await;
    let second = close_rows(fixture, &rows[1..2]).await;
    assert_eq!(state_of(fixture, "a", 2).await, EventState::Pending, "closed is not confirmed");
    post(fixture, &first, "D1").await;
    assert_eq!(state_of(fixture, "a", 1).await, EventState::Pending, "half of it is confirmed");
    assert_eq!(state_of(fixture, "a", 2).await, EventState::Posted);
    post(fixture, &second, "D2").await;
    assert_eq!(state_of(fixture, "a", 1).await, EventState::Posted);
}

pub async fn a_quarantined_event_with_a_posted_hold_stays_quarantined(fixture: &Fixture) {
    let rows = book_rows(fixture, "a", 1).await;
    let mut effects = Effects::new("hold");
    effects.transitions = vec![transition("a", 1, EventState::Quarantined)];
    apply(fixture, effects).await;
    let key = close_rows(fixture, &rows).await;
    post(fixture, &key, "D1").await;
    assert_eq!(state_of(fixture, "a", 1).await, EventState::Quarantined);
}

/// All that was written together is confirmed together; what was not booked stays.
pub async fn of_a_batch_that_is_posted_as_a_whole_each_booked_event_is(fixture: &Fixture) {
    let mut effects = delivery("a", 1, 4);
    effects.rows = vec![row("a", 1, 0, 100), row("a", 2, 0, 200), row("a", 2, 1, 50)];
    effects.transitions =
        vec![transition("a", 1, EventState::Pending), transition("a", 2, EventState::Pending)];
    let mut not_booked = transition("a", 3, EventState::Quarantined);
    not_booked.bookings = 0;
    effects.transitions.extend([not_booked, transition("a", 4, EventState::Noted)]);
    let rows: Vec<_> = effects.rows.iter().map(|(_, row)| row.clone()).collect();
    apply(fixture, effects).await;
    let key = close_rows(fixture, &rows).await;
    post(fixture, &key, "D1").await;
    assert_eq!(state_of(fixture, "a", 1).await, EventState::Posted);
    assert_eq!(state_of(fixture, "a", 2).await, EventState::Posted);
    assert_eq!(state_of(fixture, "a", 3).await, EventState::Quarantined);
    assert_eq!(state_of(fixture, "a", 4).await, EventState::Noted);
}

/// An event that was never booked has no rows, wherever its neighbours' are.
pub async fn an_event_without_rows_stays_pending_beside_posted_ones(fixture: &Fixture) {
    let mut effects = delivery("a", 1, 2);
    effects.rows = vec![row("a", 1, 0, 100)];
    effects.transitions = vec![transition("a", 1, EventState::Pending)];
    let rows: Vec<_> = effects.rows.iter().map(|(_, row)| row.clone()).collect();
    apply(fixture, effects).await;
    let key = close_rows(fixture, &rows).await;
    post(fixture, &key, "D1").await;
    assert_eq!(state_of(fixture, "a", 1).await, EventState::Posted);
    assert_eq!(state_of(fixture, "a", 2).await, EventState::Pending);
}

pub async fn a_superseded_row_does_not_hold_its_event_back(fixture: &Fixture) {
    let mut effects = delivery("a", 1, 1);
    effects.rows = vec![row("a", 1, 0, 100), row("a", 1, 1, 50)];
    let rows: Vec<_> = effects.rows.iter().map(|(_, row)| row.clone()).collect();
    apply(fixture, effects).await;
    let mut effects = Effects::new("supersede");
    effects.supersede = vec![rows[0].id];
    apply(fixture, effects).await;
    let key = close_rows(fixture, &rows[1..]).await;
    post(fixture, &key, "D1").await;
    assert_eq!(state_of(fixture, "a", 1).await, EventState::Posted);
}

pub async fn a_posted_event_ties_to_its_rows_and_an_excluded_one_with_rows_does_not(
    fixture: &Fixture,
) {
    let rows = book_rows(fixture, "a", 3).await;
    let key = close_rows(fixture, &rows[..1]).await;
    post(fixture, &key, "D1").await;
    let none = fixture.inquiry.events_without_their_rows(None, 10).await;
    assert_eq!(none, Ok(Vec::new()), "posted with rows, pending without: both are sound");
    let mut effects = Effects::new("decide");
    effects.transitions =
        vec![transition("a", 2, EventState::Excluded), transition("a", 3, EventState::Posted)];
    apply(fixture, effects).await;
    let found = fixture.inquiry.events_without_their_rows(None, 10).await.expect("works");
    let mut events: Vec<_> = found.iter().map(|entry| entry.event).collect();
    events.sort();
    let mut expected = [event_id("a", 2), event_id("a", 3)];
    expected.sort();
    assert_eq!(events, expected, "rows left alive, and rows not confirmed");
    assert_eq!(fixture.inquiry.events_without_their_rows(None, 1).await.expect("works").len(), 1);
    let of_its_own = fixture.inquiry.events_without_their_rows(Some(document("a")), 10).await;
    assert_eq!(of_its_own, Ok(found), "all of them are of this document");
    let of_another = fixture.inquiry.events_without_their_rows(Some(document("b")), 10).await;
    assert_eq!(of_another, Ok(Vec::new()));
}
