// SPDX-License-Identifier: Apache-2.0
//! Lists and sums, counted from the records themselves.

use model::code::Code;
use model::event::{EventKind, EventState};
use model::exception::{self, ItemState, Subject};
use model::remittance::RemittanceState;
use model::role::Role;
use model::row::{Purpose, Row};
use serde_json::json;

use super::Fixture;
use super::samples::{
    ENTITY, apply, at, book_rows, close_rows, delivery, document, event_id, group, hold, item,
    journal, log, post, remittance, remittance_id, row, transition,
};
use crate::book::{Effects, JournalChange, RowPlace};
use crate::inquiry::{Hit, InboxSum, ItemFilter, JournalFilter, RemittanceFilter};

fn work(unit: &str) -> Subject {
    Subject::Work { unit: unit.into() }
}

pub async fn the_inbox_is_summed_by_document_kind_and_state(fixture: &Fixture) {
    apply(fixture, delivery("a", 1, 3)).await;
    apply(fixture, delivery("b", 1, 1)).await;
    let mut effects = Effects::new("decide");
    effects.transitions = vec![transition("a", 2, EventState::Quarantined)];
    apply(fixture, effects).await;
    let sums = fixture.inquiry.inbox_sums(None).await.expect("works");
    let sum = |name: &str, state, events, cents| InboxSum {
        document: document(name),
        kind: EventKind::Claim,
        state,
        events,
        cents,
    };
    assert_eq!(sums.len(), 3);
    for expected in [
        sum("a", EventState::Pending, 2, 400),
        sum("a", EventState::Quarantined, 1, 200),
        sum("b", EventState::Pending, 1, 100),
    ] {
        assert!(sums.contains(&expected), "{expected:?} is missing in {sums:?}");
    }
    let of_one = fixture.inquiry.inbox_sums(Some(document("b"))).await;
    assert_eq!(of_one, Ok(vec![sum("b", EventState::Pending, 1, 100)]));
}

pub async fn open_items_are_summed_by_code(fixture: &Fixture) {
    let mut effects = Effects::new("open");
    effects.items = vec![
        item(work("u"), exception::Code::Defect, 0),
        item(work("v"), exception::Code::Defect, 0),
        item(work("w"), exception::Code::MapCarc, 0),
    ];
    let mut closed = effects.items[1].clone();
    let mut proposed = effects.items[2].clone();
    apply(fixture, effects).await;
    closed.version = 1;
    closed.state = ItemState::Replayed { by: "someone".into() };
    proposed.version = 1;
    proposed.state = ItemState::Proposed { by: "someone".into(), reason: "small".into() };
    let mut effects = Effects::new("decide");
    effects.items = vec![closed, proposed];
    apply(fixture, effects).await;
    let mut sums = fixture.inquiry.items_by_code().await.expect("works");
    sums.sort_by_key(|sum| sum.0.as_str());
    let expected =
        [(exception::Code::Defect, 1, 1, 1_250), (exception::Code::MapCarc, 1, 1, 1_250)];
    assert_eq!(sums, expected);
}

pub async fn posted_journals_are_summed_from_their_rows(fixture: &Fixture) {
    let rows = book_rows(fixture, "a", 5).await;
    let first = close_rows(fixture, &rows[..2]).await;
    let second = close_rows(fixture, &rows[2..3]).await;
    close_rows(fixture, &rows[3..4]).await;
    post(fixture, &first, "D1").await;
    post(fixture, &second, "D2").await;
    let sums = fixture.inquiry.journal_sums(None, 10).await.expect("works");
    assert_eq!(sums.len(), 2, "only what is posted");
    assert!(sums[0].key < sums[1].key, "in order of key");
    let of_first = sums.iter().find(|sum| sum.key == first).expect("the first is there");
    assert_eq!((of_first.members, of_first.rows), (2, 2));
    assert_eq!((of_first.rows_total, of_first.lines_total), (300, 300));
    assert_eq!(of_first.document, "D1");
    let page = fixture.inquiry.journal_sums(None, 1).await.expect("works");
    assert_eq!(page, sums[..1]);
    let rest = fixture.inquiry.journal_sums(Some(&page[0].key), 9).await.expect("works");
    assert_eq!(rest, sums[1..]);
}

pub async fn posted_rows_are_summed_by_role_purpose_and_dimension(fixture: &Fixture) {
    let mut effects = delivery("a", 1, 3);
    effects.rows =
        vec![row("a", 1, 0, 100), row("a", 2, 0, 30), row("a", 2, 1, 7), row("a", 3, 0, 999)];
    let interest = &mut effects.rows[1].1;
    interest.credit.role = Role::Interest;
    interest.credit.payer = Code::default();
    interest.purpose = Purpose::Interest;
    let paid_back = &mut effects.rows[2].1;
    std::mem::swap(&mut paid_back.debit, &mut paid_back.credit);
    let rows: Vec<Row> = effects.rows.iter().map(|(_, row)| row.clone()).collect();
    apply(fixture, effects).await;
    let key = close_rows(fixture, &rows[..3]).await;
    post(fixture, &key, "D1").await;

    let entity = Code::new(ENTITY);
    let mut roles = fixture.inquiry.posted_by_role().await.expect("works");
    roles.sort_by_key(|(_, role, _)| role.code());
    let expected = [(Role::Clearing, 123), (Role::ReceivablePayer, -93), (Role::Interest, -30)];
    assert_eq!(roles, expected.map(|(role, net)| (entity.clone(), role, net)));

    let mut purposes = fixture.inquiry.posted_on_clearing().await.expect("works");
    purposes.sort_by_key(|(_, net)| *net);
    assert_eq!(purposes, [(Purpose::Interest, 30), (Purpose::Payment, 93)]);

    let mut dimensions = fixture.inquiry.posted_by_dimension().await.expect("works");
    dimensions.sort_by_key(|(_, _, _, role, _)| role.code());
    let (facility, payer) = (Code::new("F1"), Code::new("P1"));
    let expected = [
        (entity.clone(), facility.clone(), payer.clone(), Role::Clearing, 123),
        (entity.clone(), facility.clone(), payer, Role::ReceivablePayer, -93),
        (entity, facility, Code::default(), Role::Interest, -30),
    ];
    assert_eq!(dimensions, expected);
}

pub async fn remittances_are_listed_newest_first_behind_a_cursor(fixture: &Fixture) {
    let mut effects = Effects::new("seal");
    for (name, seconds) in [("a", 0), ("b", 20), ("c", 10)] {
        let mut remittance = remittance(name);
        remittance.sealed_at = at(seconds);
        effects.remittances.push(remittance);
    }
    effects.remittances[1].state = RemittanceState::Held;
    apply(fixture, effects).await;
    let all = RemittanceFilter::default();
    let list = fixture.inquiry.remittances(&all, None, 2).await.expect("works");
    let ids: Vec<_> = list.iter().map(|one| one.id).collect();
    assert_eq!(ids, [remittance_id("b"), remittance_id("c")]);
    let rest = fixture.inquiry.remittances(&all, Some(ids[1]), 2).await.expect("works");
    assert_eq!(rest.iter().map(|one| one.id).collect::<Vec<_>>(), [remittance_id("a")]);
    let held = RemittanceFilter { state: Some(RemittanceState::Held), document: None };
    let list = fixture.inquiry.remittances(&held, None, 9).await.expect("works");
    assert_eq!(list.iter().map(|one| one.id).collect::<Vec<_>>(), [remittance_id("b")]);
    let of_document = RemittanceFilter { state: None, document: Some(document("a")) };
    assert_eq!(fixture.inquiry.remittances(&of_document, None, 9).await.expect("works").len(), 1);
}

pub async fn journals_are_listed_newest_first_behind_a_cursor(fixture: &Fixture) {
    let rows = book_rows(fixture, "a", 3).await;
    let mut keys = Vec::new();
    for (index, seconds) in [(0, 0), (1, 20), (2, 10)] {
        let member = &rows[index..=index];
        let mut journal = journal(member);
        journal.created_at = at(seconds);
        keys.push(journal.key.clone());
        let mut effects = Effects::new(format!("close/{index}"));
        effects.journals = vec![JournalChange::Close { journal, members: vec![rows[index].id] }];
        apply(fixture, effects).await;
    }
    post(fixture, &keys[0], "D1").await;
    let all = JournalFilter::default();
    let list = fixture.inquiry.journals(&all, None, 2).await.expect("works");
    let listed: Vec<_> = list.iter().map(|journal| journal.key.clone()).collect();
    assert_eq!(listed, [keys[1].clone(), keys[2].clone()]);
    let rest = fixture.inquiry.journals(&all, Some(&keys[2]), 2).await.expect("works");
    assert_eq!(rest.iter().map(|one| &one.key).collect::<Vec<_>>(), [&keys[0]]);
    let posted = JournalFilter {
        state: Some("posted".into()),
        entity: Some(ENTITY.into()),
        date: Some(group().accounting_date),
        target: Some(group().target),
    };
    let list = fixture.inquiry.journals(&posted, None, 9).await.expect("works");
    assert_eq!(list.iter().map(|one| &one.key).collect::<Vec<_>>(), [&keys[0]]);
    let other_day = group().accounting_date.next_day();
    for elsewhere in [
        JournalFilter { entity: Some("E9".into()), ..JournalFilter::default() },
        JournalFilter { date: other_day, ..JournalFilter::default() },
        JournalFilter { target: Some("elsewhere".into()), ..JournalFilter::default() },
        JournalFilter { state: Some("held".into()), ..JournalFilter::default() },
    ] {
        assert_eq!(fixture.inquiry.journals(&elsewhere, None, 9).await, Ok(Vec::new()));
    }
}

pub async fn items_are_listed_newest_first_behind_a_cursor(fixture: &Fixture) {
    let mut effects = Effects::new("open");
    effects.items = [0, 2, 1].map(|round| item(work("u"), exception::Code::Defect, round)).to_vec();
    effects.items[0].code = exception::Code::MapCarc;
    let ids: Vec<_> = effects.items.iter().map(|item| item.id).collect();
    let mut resolved = effects.items[1].clone();
    apply(fixture, effects).await;
    resolved.version = 1;
    resolved.state = ItemState::Resolved { by: "someone".into(), reason: "done".into() };
    let mut effects = Effects::new("resolve");
    effects.items = vec![resolved];
    apply(fixture, effects).await;
    let all = ItemFilter::default();
    let list = fixture.inquiry.items(&all, None, 2).await.expect("works");
    assert_eq!(list.iter().map(|one| one.id).collect::<Vec<_>>(), [ids[1], ids[2]]);
    let rest = fixture.inquiry.items(&all, Some(ids[2]), 2).await.expect("works");
    assert_eq!(rest.iter().map(|one| one.id).collect::<Vec<_>>(), [ids[0]]);
    let open = ItemFilter { code: Some(exception::Code::Defect), state: Some("open".into()) };
    let list = fixture.inquiry.items(&open, None, 9).await.expect("works");
    assert_eq!(list.iter().map(|one| one.id).collect::<Vec<_>>(), [ids[2]]);
}

pub async fn everything_is_found_by_its_id(fixture: &Fixture) {
    let rows = book_rows(fixture, "a", 2).await;
    let key = close_rows(fixture, &rows[..1]).await;
    post(fixture, &key, "JE-2026-000017").await;
    let defect = item(work("u"), exception::Code::Defect, 0);
    let mut effects = Effects::new("open");
    effects.items = vec![defect.clone()];
    effects.log = vec![log("sample", "subject-1", json!({}))];
    apply(fixture, effects).await;
    let fence = hold(fixture, "sequencer").await;
    fixture.book.sequence(&fence, 10).await.expect("works");

    let (event, remittance) = (event_id("a", 1), remittance_id("a"));
    let expected = [
        (remittance.to_string(), Hit::Remittance { id: remittance }),
        ("TRACE-a".to_owned(), Hit::Remittance { id: remittance }),
        (event.to_string(), Hit::Event { id: event, remittance }),
        (key.to_string(), Hit::Journal { key: key.clone() }),
        ("JE-2026-000017".to_owned(), Hit::Journal { key }),
        (rows[1].id.to_string(), Hit::Row { id: rows[1].id }),
        (defect.id.to_string(), Hit::Exception { id: defect.id }),
        ("subject-1".to_owned(), Hit::Log { number: 1 }),
    ];
    for (text, hit) in expected {
        let hits = fixture.inquiry.search(&text, 20).await.expect("works");
        assert!(hits.contains(&hit), "{text}: {hits:?}");
    }
    assert_eq!(fixture.inquiry.search("TRACE-", 20).await, Ok(Vec::new()), "exact, no prefix");
    assert_eq!(fixture.inquiry.search("", 20).await, Ok(Vec::new()));
    assert_eq!(fixture.inquiry.search("TRACE-a", 1).await.expect("works").len(), 1);
}

pub async fn rows_of_a_remittance_stand_in_order_with_their_place(fixture: &Fixture) {
    let rows = book_rows(fixture, "a", 3).await;
    book_rows(fixture, "b", 1).await;
    let key = close_rows(fixture, &rows[1..2]).await;
    let standing = fixture.inquiry.rows_of_remittance(remittance_id("a"), 10).await.expect("works");
    let found: Vec<_> = standing.iter().map(|one| (one.row.clone(), one.place.clone())).collect();
    let places = [RowPlace::Open, RowPlace::Member(key), RowPlace::Open];
    assert_eq!(found, rows.iter().cloned().zip(places).collect::<Vec<_>>());
    let two = fixture.inquiry.rows_of_remittance(remittance_id("a"), 2).await.expect("works");
    assert_eq!(two.len(), 2);
    assert_eq!(fixture.inquiry.row(rows[0].id).await, Ok(Some(rows[0].clone())));
    assert_eq!(fixture.inquiry.row(super::samples::row_id("z", 1, 0)).await, Ok(None));
}
