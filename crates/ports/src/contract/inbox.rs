// SPDX-License-Identifier: Apache-2.0
//! The inbox: each event once, for ever, with its payload beside it.

use std::sync::Arc;

use model::event::EventState;
use model::exception;
use model::id::Hash;
use model::remittance::RemittanceState;

use super::Fixture;
use super::samples::{
    apply, delivery, document, entry, event, event_id, remittance, remittance_id, transition,
};
use crate::book::{ApplyError, Effects, StepKey};

pub async fn an_event_that_is_there_is_a_conflict(fixture: &Fixture) {
    apply(fixture, delivery("a", 1, 2)).await;
    apply(fixture, delivery("b", 1, 3)).await;
    let mut moved = Effects::new("move");
    moved.transitions = vec![transition("a", 1, EventState::Noted)];
    apply(fixture, moved).await;

    // As a whole, in part, and as the middle of what is there.
    for (first, last) in [(1, 3), (2, 4)] {
        let mut again = delivery("a", first, last);
        again.step = StepKey(format!("again/{first}").as_str().into());
        again.inbox[1].source_hash = Hash::of(&[b"other"]);
        let refused = fixture.book.apply_unfenced(&again).await;
        assert!(matches!(refused, Err(ApplyError::Conflict { .. })), "{refused:?}");
    }
    let mut within = delivery("b", 2, 2);
    within.step = StepKey("within".into());
    let refused = fixture.book.apply_unfenced(&within).await;
    assert!(matches!(refused, Err(ApplyError::Conflict { .. })), "{refused:?}");
    let ids = [1, 2, 3].map(|ordinal| event_id("a", ordinal));
    let found = fixture.book.inbox(&ids).await.expect("works");
    assert_eq!(found.len(), 2, "nothing of a refused delivery is there");
    assert_eq!((found[0].state, found[0].bookings), (EventState::Noted, 1));
    assert_eq!(found[1], entry("a", 2, 1), "the hash that came first stays");

    let mut rest = delivery("a", 3, 3);
    rest.step = StepKey("rest".into());
    apply(fixture, rest).await;
    let found = fixture.book.inbox(&ids).await.expect("works");
    assert_eq!(found[2], entry("a", 3, 3));
}

/// Another delivery may have had a part of it: the rest is a batch all the same.
pub async fn a_batch_may_go_around_another(fixture: &Fixture) {
    apply(fixture, delivery("a", 3, 4)).await;
    let mut around = delivery("a", 1, 6);
    around.step = StepKey("around".into());
    around.inbox.retain(|entry| !(3..=4).contains(&entry.ordinal));
    Arc::make_mut(&mut around.batches[0]).events.retain(|event| !(3..=4).contains(&event.ordinal));
    apply(fixture, around.clone()).await;
    let mut held = Effects::new("hold");
    held.transitions =
        [2, 3, 6].map(|ordinal| transition("a", ordinal, EventState::Quarantined)).into();
    apply(fixture, held).await;
    let all = fixture.book.inbox_of(remittance_id("a"), 0, 9).await.expect("works");
    let seen: Vec<_> = all.iter().map(|entry| (entry.ordinal, entry.batch, entry.state)).collect();
    let (held, pending) = (EventState::Quarantined, EventState::Pending);
    assert_eq!(
        seen,
        [
            (1, 1, pending),
            (2, 1, held),
            (3, 3, held),
            (4, 3, pending),
            (5, 1, pending),
            (6, 1, held)
        ]
    );
    for (after, limit) in [(0, 3), (2, 2), (1, 4), (4, 1), (5, 5)] {
        let page = fixture.book.inbox_of(remittance_id("a"), after, limit).await.expect("works");
        let beyond = all.iter().filter(|entry| entry.ordinal > after).take(limit);
        assert_eq!(page, beyond.cloned().collect::<Vec<_>>(), "{limit} after {after}");
    }
    let batches = fixture.book.batches(remittance_id("a"), 0, 9).await.expect("works");
    assert_eq!(batches[0], *around.batches[0]);
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
    assert_eq!(page, [(*delivery("a", 1, 3).batches[0]).clone()]);
    assert_eq!(page[0].events[1], event("a", 2), "the payload comes back as it was");
    let rest = fixture.book.batches(remittance_id("a"), 1, 9).await.expect("works");
    assert_eq!(rest, [(*delivery("a", 4, 6).batches[0]).clone()]);
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
