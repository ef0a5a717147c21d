// SPDX-License-Identifier: Apache-2.0
//! Sub-ledger rows: open until a journal takes them, immutable, never written twice.

use model::row::Row;

use super::Fixture;
use super::samples::{apply, book_rows, close_rows, delivery, event_id, group, log, row, row_id};
use crate::book::{ApplyError, Effects, RowPlace};
use crate::failure::Failure;
use serde_json::json;

fn ids(rows: &[Row]) -> Vec<model::id::RowId> {
    rows.iter().map(|row| row.id).collect()
}

pub async fn new_rows_are_open_in_order_of_writing(fixture: &Fixture) {
    let rows = book_rows(fixture, "a", 3).await;
    let more = book_rows(fixture, "b", 1).await;
    let open = fixture.book.open_rows(&group(), 10).await.expect("works");
    assert_eq!(open, [rows.clone(), more].concat());
    let groups = fixture.book.open_groups().await.expect("works");
    assert_eq!((groups.len(), groups[0].rows), (1, 4));
    assert_eq!(groups[0].group, group());
    let mut found = fixture.book.rows(&[rows[2].id, rows[0].id]).await.expect("works");
    found.sort_by_key(|row| row.amount);
    assert_eq!(found, [rows[0].clone(), rows[2].clone()]);
}

pub async fn a_page_of_open_rows_never_splits_an_event(fixture: &Fixture) {
    let mut effects = delivery("a", 1, 3);
    // Claim 1 has its third row only after those of claim 2.
    let legs = [(1, 0), (1, 1), (2, 0), (2, 1), (1, 2), (3, 0)];
    effects.rows = legs.map(|(ordinal, leg)| row("a", ordinal, leg, 100)).to_vec();
    apply(fixture, effects).await;
    let page = fixture.book.open_rows(&group(), 1).await.expect("works");
    assert_eq!(ids(&page), [(1, 0), (1, 1), (1, 2)].map(|(event, leg)| row_id("a", event, leg)));
    let page = fixture.book.open_rows(&group(), 3).await.expect("works");
    let whole = [(1, 0), (1, 1), (2, 0), (2, 1), (1, 2)];
    assert_eq!(ids(&page), whole.map(|(event, leg)| row_id("a", event, leg)));
    assert_eq!(fixture.book.open_rows(&group(), 6).await.expect("works").len(), 6);
}

pub async fn a_row_that_exists_is_refused_with_everything_else(fixture: &Fixture) {
    book_rows(fixture, "a", 1).await;
    let mut effects = Effects::new("again");
    effects.rows = vec![row("a", 1, 7, 100), row("a", 1, 0, 100)];
    effects.log = vec![log("sample", "s", json!({}))];
    let refused = fixture.book.apply_unfenced(&effects).await;
    assert!(matches!(refused, Err(ApplyError::Failed(Failure::Defect(_)))), "{refused:?}");
    assert_eq!(fixture.book.open_rows(&group(), 10).await.expect("works").len(), 1);
}

pub async fn a_superseded_row_leaves_the_open_set(fixture: &Fixture) {
    let rows = book_rows(fixture, "a", 2).await;
    let mut effects = Effects::new("supersede");
    effects.supersede = vec![rows[0].id];
    apply(fixture, effects).await;
    assert_eq!(fixture.book.open_rows(&group(), 10).await, Ok(vec![rows[1].clone()]));
    let standing = fixture.book.rows_of(event_id("a", 1)).await.expect("works");
    assert_eq!(standing.len(), 1);
    assert_eq!((&standing[0].row, &standing[0].place), (&rows[0], &RowPlace::Superseded));
}

pub async fn a_row_keeps_its_target_from_the_open_set_into_its_journal(fixture: &Fixture) {
    let rows = book_rows(fixture, "a", 3).await;
    close_rows(fixture, &rows[1..2]).await;
    let mut effects = Effects::new("supersede");
    effects.supersede = vec![rows[2].id];
    apply(fixture, effects).await;
    for (ordinal, target) in [(1, Some(group().target)), (2, Some(group().target)), (3, None)] {
        let standing = fixture.book.rows_of(event_id("a", ordinal)).await.expect("works");
        assert_eq!(standing[0].target, target, "row {ordinal}");
    }
}

pub async fn a_row_in_a_live_journal_is_not_superseded(fixture: &Fixture) {
    let rows = book_rows(fixture, "a", 1).await;
    let key = close_rows(fixture, &rows).await;
    let mut effects = Effects::new("supersede");
    effects.supersede = vec![rows[0].id];
    let refused = fixture.book.apply_unfenced(&effects).await;
    assert!(matches!(refused, Err(ApplyError::Conflict { .. })), "{refused:?}");
    let standing = fixture.book.rows_of(event_id("a", 1)).await.expect("works");
    assert_eq!(standing[0].place, RowPlace::Member(key));
}
