// SPDX-License-Identifier: Apache-2.0
//! What the database itself refuses, whoever asks: the second of the two checks on money.

use model::event::EventState;
use ports::book::{ApplyError, Book, Effects, JournalChange, Records};
use ports::contract::samples::{
    close, delivery, event_id, group, journal, posted, remittance_id, row,
};
use ports::inquiry::Inquiry;
use sqlx::{Connection, Executor};

use crate::world::{World, process};

/// The code and constraint that a commit of these statements is refused with.
async fn refusal(world: &World, statements: &[&'static str]) -> Option<(String, String)> {
    let mut connection = world.connection(&process()).await;
    let mut transaction = connection.begin().await.expect("begun");
    let mut refused = None;
    for statement in statements {
        refused = transaction.execute(*statement).await.err();
        if refused.is_some() {
            break;
        }
    }
    let refused = match refused {
        Some(error) => Some(error),
        None => transaction.commit().await.err(),
    }?;
    let database = refused.into_database_error().expect("a refusal by the database");
    let code = database.code().expect("a code").into_owned();
    Some((code, database.constraint().unwrap_or_default().to_owned()))
}

/// A book with two claims, their rows, and one ready journal over both.
async fn with_journal(world: &World) -> store::PostgresBook {
    let book = world.book().await;
    let mut effects = delivery("doc", 1, 2);
    effects.rows = vec![row("doc", 1, 0, 100), row("doc", 2, 0, 200)];
    let rows: Vec<_> = effects.rows.iter().map(|(_, row)| row.clone()).collect();
    effects.journals = vec![close(&rows)];
    book.apply_unfenced(&effects).await.expect("applied");
    book
}

#[tokio::test]
async fn a_journal_out_of_balance_is_refused_at_commit() {
    let world = World::new().await;
    with_journal(&world).await;
    let balanced = Some(("23514".to_owned(), "journal_balanced".to_owned()));
    for statement in [
        "update journal_line set debit = debit + 1 where ordinal = 1",
        "delete from journal_line where ordinal = 1",
        "delete from journal_line",
        "insert into journal_line
         select tenant, journal, 99, role, facility, department, service_line, payer, item, 1, 0
         from journal_line
         where ordinal = 1",
    ] {
        assert_eq!(refusal(&world, &[statement]).await, balanced, "{statement}");
    }
}

#[tokio::test]
async fn a_journal_may_be_out_of_balance_until_the_commit() {
    let world = World::new().await;
    with_journal(&world).await;
    let both = [
        "update journal_line set debit = debit + 1 where ordinal = 1",
        "update journal_line set credit = credit + 1 where ordinal = 2",
    ];
    assert_eq!(refusal(&world, &both).await, None);
}

#[tokio::test]
async fn a_line_on_both_sides_and_a_row_of_nothing_are_refused() {
    let world = World::new().await;
    with_journal(&world).await;
    for (statement, constraint) in [
        ("update journal_line set credit = 1 where ordinal = 1", "journal_line_one_sided"),
        ("update journal_line set debit = -1 where ordinal = 1", "journal_line_one_sided"),
        ("update row_batch set amounts[1] = 0", "row_amount_above_zero"),
        ("update row_batch set amounts = amounts[2:]", "row_batch_one_length"),
        ("update inbox_batch set states = repeat('?', length(states))", "inbox_state_known"),
        ("update inbox_batch set events = events[2:]", "inbox_batch_one_length"),
    ] {
        let (code, refused) = refusal(&world, &[statement]).await.expect(statement);
        assert_eq!((code.as_str(), refused.as_str()), ("23514", constraint));
    }
}

#[tokio::test]
async fn a_row_is_never_a_live_member_twice() {
    let world = World::new().await;
    with_journal(&world).await;
    let (code, constraint) = refusal(
        &world,
        &["insert into member select tenant, 'other', batch, recorded_on, live, numbers from member"],
    )
    .await
    .expect("refused");
    assert_eq!((code.as_str(), constraint.as_str()), ("23P01", "member_live_unique"));
}

#[tokio::test]
async fn a_row_written_again_after_its_window_closed_is_refused() {
    let world = World::new().await;
    let book = with_journal(&world).await;
    let mut again = Effects::new("again");
    again.rows = vec![row("doc", 1, 0, 100)];
    let refused = book.apply_unfenced(&again).await;
    assert!(matches!(refused, Err(ApplyError::Failed(_))), "{refused:?}");
    assert_eq!(book.open_rows(&group(), 10).await, Ok(vec![]));
}

#[tokio::test]
async fn of_two_deliveries_at_once_that_share_an_event_one_is_a_conflict() {
    let world = World::new().await;
    let book = world.book().await;
    for round in 0..10 {
        let name = format!("doc{round}");
        let (one, other) = (delivery(&name, 1, 4), delivery(&name, 2, 6));
        let (one, other) = tokio::join!(book.apply_unfenced(&one), book.apply_unfenced(&other));
        let taken = match (&one, &other) {
            (Ok(_), Err(ApplyError::Conflict { .. })) => 4,
            (Err(ApplyError::Conflict { .. }), Ok(_)) => 5,
            both => panic!("round {round}: {both:?}"),
        };
        let entries = book.inbox_of(remittance_id(&name), 0, 10).await.expect("an inbox");
        assert_eq!(entries.len(), taken, "round {round}");
    }
}

#[tokio::test]
async fn journals_that_share_an_event_and_are_posted_at_once_post_it() {
    let world = World::new().await;
    let book = world.book().await;
    for round in 0..10 {
        let name = format!("doc{round}");
        let mut effects = delivery(&name, 1, 1);
        effects.rows = vec![row(&name, 1, 0, 100), row(&name, 1, 1, 200)];
        let rows: Vec<_> = effects.rows.iter().map(|(_, row)| row.clone()).collect();
        effects.journals = vec![close(&rows[..1]), close(&rows[1..])];
        book.apply_unfenced(&effects).await.expect("applied");
        let move_on = async |part: usize| {
            let mut effects = Effects::new(format!("post/{round}/{part}"));
            let ready = journal(&rows[part..=part]);
            let (key, from, to) = (ready.key, ready.state, posted(&format!("JE-{part}")));
            effects.journals = vec![JournalChange::Move { key, from, to }];
            book.apply_unfenced(&effects).await
        };
        let (one, other) = tokio::join!(move_on(0), move_on(1));
        one.expect("posted");
        other.expect("posted");
        let entries = book.inbox(&[event_id(&name, 1)]).await.expect("an inbox");
        assert_eq!(entries[0].state, EventState::Posted, "round {round}");
    }
}

#[tokio::test]
async fn one_row_taken_away_breaks_the_sums_of_its_journal() {
    let world = World::new().await;
    let book = with_journal(&world).await;
    let rows = [row("doc", 1, 0, 100).1, row("doc", 2, 0, 200).1];
    let ready = journal(&rows);
    let mut effects = Effects::new("post");
    let (key, from, to) = (ready.key, ready.state, posted("JE-1"));
    effects.journals = vec![JournalChange::Move { key, from, to }];
    book.apply_unfenced(&effects).await.expect("posted");
    assert_eq!(book.events_without_their_rows(None, 10).await, Ok(vec![]));

    world.run(&process(), "update row_batch set ids[array_position(amounts, 200)] = null").await;
    let sums = book.journal_sums(None, 10).await.expect("sums");
    assert_eq!((sums[0].members, sums[0].rows), (2, 1));
    assert_eq!((sums[0].rows_total, sums[0].lines_total), (100, 300));
    let bereft = book.events_without_their_rows(None, 10).await.expect("events");
    assert_eq!(bereft.len(), 1);
    assert_eq!((bereft[0].remittance, bereft[0].ordinal), (remittance_id("doc"), 2));
}
