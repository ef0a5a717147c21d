// SPDX-License-Identifier: Apache-2.0
//! The inbox: each event once, for ever, with its payload beside it.

use model::event::EventState;
use model::exception;
use model::id::Hash;
use model::remittance::RemittanceState;

use super::Fixture;
use super::samples::{
    apply, delivery, document, entry, event, event_id, remittance, remittance_id, transition,
};
use crate::book::{Applied, Effects};

pub async fn an_event_that_is_there_is_left_alone(fixture: &Fixture) {
    apply(fixture, delivery("a", 1, 2)).await;
    let mut moved = Effects::new("move");
    moved.transitions = vec![transition("a", 1, EventState::Noted)];
    apply(fixture, moved).await;

    let mut again = delivery("a", 1, 3);
    again.step = crate::book::StepKey("again".into());
    again.inbox[1].source_hash = Hash::of(&[b"other"]);
    assert_eq!(fixture.book.apply_unfenced(&again).await, Ok(Applied::Now));
    let ids = [1, 2, 3].map(|ordinal| event_id("a", ordinal));
    let mut found = fixture.book.inbox(&ids).await.expect("works");
    found.sort_by_key(|entry| entry.ordinal);
    assert_eq!(found.len(), 3);
    assert_eq!((found[0].state, found[0].bookings), (EventState::Noted, 1));
    assert_eq!(found[1], entry("a", 2, 1), "the hash that came first stays");
    assert_eq!(found[2], entry("a", 3, 1));
}

pub async fn entries_of_a_remittance_come_in_order_and_in_pages(fixture: &Fixture) {
    apply(fixture, delivery("a", 4, 6)).await;
    apply(fixture, delivery("a", 1, 3)).await;
    apply(fixture, delivery("b", 1, 2)).await;
    let page = fixture.book.inbox_of(remittance_id("a"), 0, 4).await.expect("works");
    assert_eq!(page.iter().map(|entry| entry.ordinal).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let rest = fixture.book.inbox_of(remittance_id("a"), 4, 4).await.expect("works");
    assert_eq!(rest, [entry("a", 5, 4), entry("a", 6, 4)]);
    assert_eq!(fixture.book.inbox_of(remittance_id("a"), 6, 4).await, Ok(Vec::new()));
}

pub async fn batches_of_a_remittance_come_in_order_and_in_pages(fixture: &Fixture) {
    apply(fixture, delivery("a", 4, 6)).await;
    apply(fixture, delivery("a", 1, 3)).await;
    apply(fixture, delivery("b", 1, 2)).await;
    let page = fixture.book.batches(remittance_id("a"), 0, 1).await.expect("works");
    assert_eq!(page, delivery("a", 1, 3).batches);
    assert_eq!(page[0].events[1], event("a", 2), "the payload comes back as it was");
    let rest = fixture.book.batches(remittance_id("a"), 1, 9).await.expect("works");
    assert_eq!(rest, delivery("a", 4, 6).batches);
}

pub async fn a_transition_moves_state_code_and_bookings(fixture: &Fixture) {
    let mut effects = delivery("a", 1, 2);
    // An event may be delivered and decided in one transaction.
    effects.transitions = vec![transition("a", 1, EventState::Excluded)];
    apply(fixture, effects).await;
    let mut effects = Effects::new("hold");
    let mut held = transition("a", 2, EventState::Quarantined);
    held.code = Some(exception::Code::BalanceClaim);
    effects.transitions = vec![held];
    apply(fixture, effects).await;
    let ids = [event_id("a", 1), event_id("a", 2)];
    let mut found = fixture.book.inbox(&ids).await.expect("works");
    found.sort_by_key(|entry| entry.ordinal);
    assert_eq!(found[0].state, EventState::Excluded);
    assert_eq!(found[1].state, EventState::Quarantined);
    assert_eq!(found[1].code, Some(exception::Code::BalanceClaim));
    assert_eq!(found[1].bookings, 1);
}

pub async fn a_remittance_is_replaced_as_a_whole_and_found_by_document_and_identity(
    fixture: &Fixture,
) {
    let mut effects = Effects::new("first");
    effects.remittances = vec![remittance("a"), remittance("b")];
    apply(fixture, effects).await;
    let mut held = remittance("a");
    held.state = RemittanceState::Held;
    held.code = Some(exception::Code::BalanceTransaction);
    let mut effects = Effects::new("second");
    effects.remittances = vec![held.clone()];
    apply(fixture, effects).await;
    assert_eq!(fixture.book.remittance(held.id).await, Ok(Some(held.clone())));
    assert_eq!(fixture.book.remittances_of(document("a")).await, Ok(vec![held.clone()]));
    assert_eq!(fixture.book.remittances_like(&held.identity).await, Ok(vec![held]));
    assert_eq!(fixture.book.remittance(remittance_id("c")).await, Ok(None));
}
