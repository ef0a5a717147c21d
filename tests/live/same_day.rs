// SPDX-License-Identifier: Apache-2.0
//! The generated day through the real server: once on the simulated ERP and once on the real one, with
//! one configuration line between them.

use std::collections::{BTreeMap, BTreeSet};

use model::code::Code;
use model::journal::{Journal, JournalKey};
use model::row::Row;
use ports::book::Records;
use tests::wait;

use crate::reader;
use crate::site::{Installation, Route};

#[test]
fn the_same_day_goes_to_another_erp_by_one_line_and_the_journals_are_the_same() {
    let simulated = Installation::new("simulated", Route::Simulated).expect("it starts");
    simulated.post_the_day().expect("the day is posted");
    let first = Booked::read(&simulated);

    let books = crate::erp::books("same_day");
    let real = Installation::beside(&simulated, &books).expect("it starts");
    let differing = simulated.differing_lines(&real).expect("both are readable");
    assert_eq!(differing, ["*,simulated", "*,real"], "one line differs");
    real.post_the_day().expect("the day is posted");
    let second = Booked::read(&real);

    // The same rows, whichever windows they fell into.
    let ids = |booked: &Booked| booked.rows.keys().copied().collect::<BTreeSet<_>>();
    assert_eq!(ids(&first), ids(&second));
    for (key, journal, members) in &first.journals {
        let rows: Vec<Row> = members.iter().map(|id| second.rows[id].clone()).collect();
        let body = posting::aggregate(&rows).expect("it balances");
        let again = Journal { body, ..journal.clone() };
        assert_eq!(again.canonical_hash(), journal.canonical_hash(), "journal {key}");
    }
    tests::say!(
        "{} rows in {} journals on the simulated ERP and {} on the real one",
        first.rows.len(),
        first.journals.len(),
        second.journals.len()
    );

    // Each of ours is there once, nothing else is, and the books agree to the cent.
    let ours: BTreeMap<String, usize> =
        second.journals.iter().map(|(key, _, _)| (key.to_string(), 1)).collect();
    let (posted, drafts) = reader::counts(&books.rpc);
    assert_eq!((posted, drafts), (ours.clone(), 0));
    assert_eq!(reader::trial(&books.rpc), real.trial().expect("our own sums"));
    assert_inactive_is_unused(&books);

    // Sent again by a server that was killed in between: nothing is added.
    let before = reader::moves(&books.rpc);
    real.restart_and_send_again().expect("it settles again");
    assert_eq!(reader::moves(&books.rpc), before);
}

fn assert_inactive_is_unused(books: &tests::tryton::Books) {
    let used = reader::trial(&books.rpc);
    let inactive = used.keys().filter(|place| place[3] == crate::erp::INACTIVE_DEPARTMENT);
    assert_eq!(inactive.count(), 0, "the ERP would take it, and never gets it");
    let known = books.rpc.read(
        "analytic_account.account",
        serde_json::json!([["code", "=", crate::erp::INACTIVE_DEPARTMENT], ["active", "=", false]]),
        &["code"],
    );
    assert!(!known.expect("an answer").is_empty(), "it is there and switched off");
}

/// What an installation has booked: its rows and the journals they went into.
struct Booked {
    rows: BTreeMap<model::id::RowId, Row>,
    journals: Vec<(JournalKey, Journal, Vec<model::id::RowId>)>,
}

impl Booked {
    fn read(installation: &Installation) -> Self {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let book = installation.book().await.expect("its record opens");
            let (mut rows, mut journals) = (BTreeMap::new(), Vec::new());
            for key in installation.posted_keys().expect("keys") {
                let key = JournalKey(Code::from(key));
                let journal = book.journal(&key).await.expect("an answer").expect("it is there");
                let members = book.members(&key).await.expect("an answer");
                journals.push((key, journal, members.iter().map(|row| row.id).collect()));
                rows.extend(members.into_iter().map(|row| (row.id, row)));
            }
            assert!(!journals.is_empty(), "something was posted");
            Self { rows, journals }
        })
    }
}

#[test]
fn an_answer_that_is_lost_after_the_commit_makes_no_second_move() {
    let books = crate::erp::books("lost");
    let lossy = crate::lossy::Lossy::before(&books.url).expect("it listens");
    let installation = Installation::with_real("lost", &books, &lossy.url).expect("it starts");
    lossy.lose(&["/rest/model/account.move?", "/post?"], 2);
    installation.post_the_day().expect("the day is posted");
    assert_eq!(lossy.lost(), 4, "two drafts and two postings went unanswered");
    let keys: BTreeMap<String, usize> =
        installation.posted_keys().expect("keys").into_iter().map(|key| (key, 1)).collect();
    // A draft too many is swept once no late request can land any more.
    wait::until("drafts are swept", crate::site::SETTLE_BOUND, || {
        let (posted, drafts) = reader::counts(&books.rpc);
        assert_eq!(posted, keys);
        (drafts == 0).then_some(())
    })
    .expect("no draft is left");
    assert_eq!(reader::trial(&books.rpc), installation.trial().expect("our own sums"));
}
