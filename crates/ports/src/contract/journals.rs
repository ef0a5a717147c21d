// SPDX-License-Identifier: Apache-2.0
//! Journals: closed once over open rows, moved by compare-and-set, rejected as a whole.

use std::collections::BTreeSet;

use model::exception;
use model::id::{DocumentId, EventId};
use model::journal::{JournalKey, JournalState};
use model::row::Row;

use super::Fixture;
use super::samples::{apply, book_rows, close, close_rows, event_id, group, journal, post, posted};
use crate::book::{Applied, ApplyError, Effects, JournalChange, RowPlace};

fn change(step: &str, change: JournalChange) -> Effects {
    let mut effects = Effects::new(step);
    effects.journals = vec![change];
    effects
}

fn step(key: &JournalKey, from: JournalState, to: JournalState) -> JournalChange {
    JournalChange::Move { key: key.clone(), from, to }
}

fn sending(fence: u64, draft: Option<&str>) -> JournalState {
    JournalState::Sending {
        fence,
        draft: draft.map(Into::into),
        since: time::OffsetDateTime::UNIX_EPOCH,
    }
}

fn reject(key: &JournalKey, reopen: &[Row], withdraw: &[Row]) -> JournalChange {
    JournalChange::Reject {
        key: key.clone(),
        from: JournalState::Ready,
        code: exception::Code::MasterDimension,
        reopen: reopen.iter().map(|row| row.id).collect(),
        withdraw: withdraw.iter().map(|row| row.id).collect(),
    }
}

async fn refused(fixture: &Fixture, effects: Effects) {
    let name = effects.step.clone();
    let outcome = fixture.book.apply_unfenced(&effects).await;
    assert!(matches!(outcome, Err(ApplyError::Conflict { .. })), "{name:?}: {outcome:?}");
}

async fn state_of(fixture: &Fixture, key: &JournalKey) -> JournalState {
    let journal = fixture.book.journal(key).await.expect("works");
    journal.expect("the journal was closed").state
}

pub async fn a_closed_window_takes_its_rows_out_of_the_open_set(fixture: &Fixture) {
    let rows = book_rows(fixture, "a", 3).await;
    let key = close_rows(fixture, &rows[..2]).await;
    assert_eq!(fixture.book.open_rows(&group(), 10).await, Ok(vec![rows[2].clone()]));
    assert_eq!(fixture.book.journal(&key).await, Ok(Some(journal(&rows[..2]))));
    let mut expected = rows[..2].to_vec();
    expected.sort_by_key(|row| row.id);
    let ids = expected.iter().map(|row| row.id).collect();
    assert_eq!(fixture.book.member_ids(&key).await, Ok(ids));
    let events: Vec<EventId> = expected.iter().map(|row| row.event).collect();
    let entries = fixture.book.inbox(&events).await.expect("works");
    let documents: BTreeSet<DocumentId> = entries.iter().map(|entry| entry.document).collect();
    assert!(!documents.is_empty());
    let documents = documents.into_iter().collect();
    assert_eq!(fixture.book.documents_of(&key).await, Ok(documents));
    assert_eq!(fixture.book.members(&key).await, Ok(expected));
    let none = JournalKey("RB-none".into());
    assert_eq!(fixture.book.journal(&none).await, Ok(None));
    assert_eq!(fixture.book.members(&none).await, Ok(Vec::new()));
}

pub async fn rows_that_are_not_open_are_not_closed_again(fixture: &Fixture) {
    let rows = book_rows(fixture, "a", 3).await;
    close_rows(fixture, &rows[..1]).await;
    refused(fixture, change("member", close(&rows[..2]))).await;
    let mut effects = Effects::new("supersede");
    effects.supersede = vec![rows[1].id];
    apply(fixture, effects).await;
    refused(fixture, change("superseded", close(&rows[1..]))).await;
    assert_eq!(fixture.book.open_rows(&group(), 10).await, Ok(vec![rows[2].clone()]));
}

pub async fn a_journal_key_is_closed_once(fixture: &Fixture) {
    let rows = book_rows(fixture, "a", 1).await;
    let key = close_rows(fixture, &rows).await;
    apply(fixture, change("reject", reject(&key, &rows, &[]))).await;
    refused(fixture, change("again", close(&rows))).await;
    assert_eq!(fixture.book.open_rows(&group(), 10).await, Ok(rows));
}

pub async fn a_journal_moves_only_from_the_state_that_was_read(fixture: &Fixture) {
    let rows = book_rows(fixture, "a", 1).await;
    let key = close_rows(fixture, &rows).await;
    refused(fixture, change("one", step(&key, sending(1, None), posted("D1")))).await;
    apply(fixture, change("two", step(&key, JournalState::Ready, sending(4, None)))).await;
    assert_eq!(state_of(fixture, &key).await, sending(4, None));
    refused(fixture, change("three", step(&key, JournalState::Ready, sending(5, None)))).await;
    refused(fixture, change("four", step(&key, sending(3, None), posted("D1")))).await;
    // What is proven not to have been sent goes back.
    apply(fixture, change("five", step(&key, sending(4, None), JournalState::Ready))).await;
    apply(fixture, change("six", step(&key, JournalState::Ready, sending(5, None)))).await;
    apply(fixture, change("seven", step(&key, sending(5, None), posted("D1")))).await;
    assert_eq!(state_of(fixture, &key).await, posted("D1"));
    let unknown = JournalKey("RB-none".into());
    refused(fixture, change("eight", step(&unknown, JournalState::Ready, posted("D1")))).await;
}

pub async fn a_held_journal_leaves_only_by_release_or_rejection(fixture: &Fixture) {
    let rows = book_rows(fixture, "a", 2).await;
    let mut keys = Vec::new();
    for row in &rows {
        let mut held = journal(std::slice::from_ref(row));
        held.state = JournalState::Held;
        keys.push(held.key.clone());
        let closed = JournalChange::Close { journal: held, members: vec![row.id] };
        apply(fixture, change(&format!("close/{}", row.id), closed)).await;
    }
    let [first, second] = [&keys[0], &keys[1]];
    refused(fixture, change("one", step(first, JournalState::Ready, sending(1, None)))).await;
    assert_eq!(state_of(fixture, first).await, JournalState::Held);
    let release =
        |step_key: &str| change(step_key, step(first, JournalState::Held, JournalState::Ready));
    apply(fixture, release("two")).await;
    refused(fixture, release("three")).await;
    apply(fixture, change("four", step(first, JournalState::Ready, sending(2, None)))).await;

    let refusal = JournalChange::Reject {
        key: second.clone(),
        from: JournalState::Held,
        code: exception::Code::MasterDimension,
        reopen: vec![rows[1].id],
        withdraw: Vec::new(),
    };
    apply(fixture, change("five", refusal)).await;
    assert_eq!(fixture.book.open_rows(&group(), 10).await, Ok(vec![rows[1].clone()]));
    let late = step(second, JournalState::Held, JournalState::Ready);
    refused(fixture, change("six", late)).await;
}

pub async fn one_draft_is_recorded_by_compare_and_set(fixture: &Fixture) {
    let rows = book_rows(fixture, "a", 1).await;
    let key = close_rows(fixture, &rows).await;
    apply(fixture, change("send", step(&key, JournalState::Ready, sending(1, None)))).await;
    let first = change("first", step(&key, sending(1, None), sending(1, Some("D1"))));
    apply(fixture, first).await;
    let second = change("second", step(&key, sending(1, None), sending(1, Some("D2"))));
    refused(fixture, second).await;
    refused(fixture, change("third", step(&key, sending(1, Some("D2")), posted("D2")))).await;
    assert_eq!(state_of(fixture, &key).await, sending(1, Some("D1")));
    let takeover = step(&key, sending(1, Some("D1")), sending(2, Some("D1")));
    apply(fixture, change("takeover", takeover)).await;
    refused(fixture, change("late", step(&key, sending(1, Some("D1")), posted("D1")))).await;
}

pub async fn a_rejection_reopens_and_withdraws(fixture: &Fixture) {
    let rows = book_rows(fixture, "a", 3).await;
    let key = close_rows(fixture, &rows).await;
    apply(fixture, change("reject", reject(&key, &rows[1..], &rows[..1]))).await;
    let code = exception::Code::MasterDimension;
    assert_eq!(state_of(fixture, &key).await, JournalState::Rejected { code });
    assert_eq!(fixture.book.members(&key).await, Ok(Vec::new()));
    assert_eq!(fixture.book.open_rows(&group(), 10).await, Ok(rows[1..].to_vec()));
    let standing = fixture.book.rows_of(event_id("a", 1)).await.expect("works");
    assert_eq!(standing[0].place, RowPlace::Superseded);
    let standing = fixture.book.rows_of(event_id("a", 2)).await.expect("works");
    assert_eq!(standing[0].place, RowPlace::Open);
    let again = close_rows(fixture, &rows[1..]).await;
    assert_ne!(again, key, "other rows are another journal");
}

pub async fn a_rejection_names_the_whole_membership(fixture: &Fixture) {
    let rows = book_rows(fixture, "a", 3).await;
    let key = close_rows(fixture, &rows[..2]).await;
    for (name, reopen, withdraw) in
        [("less", &rows[..1], &rows[..0]), ("more", &rows[..2], &rows[2..])]
    {
        let outcome =
            fixture.book.apply_unfenced(&change(name, reject(&key, reopen, withdraw))).await;
        assert!(outcome.is_err(), "{name}: {outcome:?}");
    }
    assert_eq!(state_of(fixture, &key).await, JournalState::Ready);
    post(fixture, &key, "D1").await;
    refused(fixture, change("late", reject(&key, &rows[..2], &[]))).await;
}

pub async fn a_journal_is_rejected_and_its_rows_closed_anew_in_one_transaction(fixture: &Fixture) {
    let rows = book_rows(fixture, "a", 3).await;
    let key = close_rows(fixture, &rows).await;
    let parked = JournalState::Parked { code: exception::Code::MasterDimension };
    let mut journal = journal(&rows[..1]);
    journal.state = parked.clone();
    let new_key = journal.key.clone();
    let mut effects = change("split", reject(&key, &rows[..2], &rows[2..]));
    effects.journals.push(JournalChange::Close { journal, members: vec![rows[0].id] });
    assert_eq!(fixture.book.apply_unfenced(&effects).await, Ok(Applied::Now));
    assert_eq!(state_of(fixture, &new_key).await, parked);
    assert_eq!(fixture.book.members(&new_key).await, Ok(rows[..1].to_vec()));
    assert_eq!(fixture.book.open_rows(&group(), 10).await, Ok(rows[1..2].to_vec()));
}
