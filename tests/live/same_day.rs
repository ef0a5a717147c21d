// SPDX-License-Identifier: Apache-2.0
//! The generated day through the real server: once on the simulated ERP and once on the real one, with
//! one configuration line between them.

use std::collections::{BTreeMap, BTreeSet};

use model::journal::Journal;
use model::row::Row;
use tests::wait;

use crate::booked::{self, Booked};
use crate::installation::{Installation, LOOK, Route, SETTLE_BOUND};
use crate::lossy::{Loss, Lossy};
use crate::reader::{self, Trial};

#[test]
fn the_same_day_goes_to_another_erp_by_one_line_and_the_journals_are_the_same() {
    let books = crate::erp::books("same_day");
    let mut site = Installation::prepare(Route::Simulated, &books, &books.url).expect("prepared");
    site.configure("window_ms = 1000", "window_ms = 3600000").expect("a window of an hour");
    site.serve().expect("it starts");
    let files = site.files().expect("the day");
    site.post_in_order(&files).expect("the day is posted");
    let first = Booked::read(&site).expect("its record");
    assert_tied(&site);
    assert_eq!(reader::moves(&books.rpc), [], "the other one has nothing of it");
    let simulated = std::fs::read(site.path("erp.book")).expect("the simulated ERP's book");

    let changed = site.begin_anew(Route::Real).expect("it starts on the other ERP");
    let line = |name: &str| format!("route = \"{name}\"");
    assert_eq!(changed, [(line("simulated"), line("real"))], "one line differs");
    site.post_in_order(&files).expect("the day is posted");
    let second = Booked::read(&site).expect("its record");
    let untouched = std::fs::read(site.path("erp.book")).expect("the simulated ERP's book");
    assert_eq!(untouched, simulated, "nothing went to the simulated ERP");

    // The same rows, in other windows: an ERP says how many lines a journal may have.
    let different = first.rows.iter().filter(|(id, row)| second.rows.get(id) != Some(row));
    assert_eq!(different.collect::<Vec<_>>(), []);
    assert_eq!(first.rows.len(), second.rows.len());
    for (journal, members) in &first.journals {
        let rows: Vec<Row> = members.iter().map(|id| second.rows[id].clone()).collect();
        let body = posting::aggregate(&rows).expect("it balances");
        let again = Journal { body, ..journal.clone() };
        assert_eq!(again.canonical_hash(), journal.canonical_hash(), "journal {}", journal.key);
    }
    let lines = |booked: &Booked| {
        booked.journals.iter().map(|(journal, _)| journal.body.lines().len()).sum::<usize>()
    };
    tests::say!(
        "{} rows in {} journals of {} lines on the simulated ERP and {} of {} on the real one",
        first.rows.len(),
        first.journals.len(),
        lines(&first),
        second.journals.len(),
        lines(&second)
    );

    assert_whole(&site, &books.rpc);
    let trial = reader::trial(&books.rpc);
    assert_eq!(nets(&trial), booked::truth().expect("the generator's truth"));
    let companies: BTreeSet<&str> = trial.keys().map(|place| place[0].as_str()).collect();
    assert_eq!(companies, BTreeSet::from(["LVH", "LVP", "RVH"]), "each entity has its company");

    // Killed, started again and handed the whole day once more: nothing is added.
    let before = reader::moves(&books.rpc);
    site.kill();
    site.serve().expect("it starts again");
    site.drop_in(&files, "again-").expect("the day once more");
    site.settled().expect("it settles again");
    assert_eq!(reader::moves(&books.rpc), before);
}

/// Each posted journal of ours is there once, nothing else is, and the books agree to the cent by
/// account and dimensions.
pub fn assert_whole(site: &Installation, rpc: &tests::tryton::Rpc) {
    let keys = booked::posted_keys(site).expect("keys");
    let ours: BTreeMap<String, usize> = keys.into_iter().map(|key| (key, 1)).collect();
    // A draft too many is swept once no late request can land any more.
    wait::until_asking_each(LOOK, "drafts are swept", SETTLE_BOUND, || {
        let (posted, drafts) = reader::counts(rpc);
        assert_eq!(posted, ours);
        (drafts == 0).then_some(())
    })
    .expect("no draft is left");
    assert_eq!(reader::trial(rpc), booked::trial(site).expect("our own sums"));
    assert_tied(site);
}

/// The equation holds with what the ERPs' own books say.
pub fn assert_tied(site: &Installation) {
    let completeness = site.get("/v1/completeness").expect("the equation");
    assert_eq!(completeness["ties"], true, "{completeness}");
}

/// Net by entity, account, facility and payer.
pub fn nets(trial: &Trial) -> BTreeMap<[String; 4], i64> {
    let mut nets = BTreeMap::new();
    for ([entity, account, facility, _, _, payer], (debit, credit)) in trial {
        let place = [entity, account, facility, payer].map(String::clone);
        *nets.entry(place).or_default() += debit - credit;
    }
    nets.retain(|_, net| *net != 0);
    nets
}

#[test]
fn an_answer_that_is_lost_after_the_commit_makes_no_second_move() {
    let books = crate::erp::books("lost");
    let lossy = Lossy::before(&books.url).expect("it listens");
    let mut site = Installation::prepare(Route::Real, &books, &lossy.url).expect("prepared");
    // What is never answered is given up sooner.
    site.configure("_ms_max = 20000", "_ms_max = 6000").expect("it is there");
    site.configure("settle_ms = 20000", "settle_ms = 6000").expect("it is there");
    site.serve().expect("it starts");
    lossy.lose(&["/rest/model/account.move?", "/post?"], &[Loss::Silence, Loss::Cut]);
    let files = site.files().expect("the day");
    site.post(&files[..8]).expect("they are posted");
    let mut lost = lossy.lost();
    lost.sort();
    let wanted = [Loss::Silence, Loss::Silence, Loss::Cut, Loss::Cut];
    assert_eq!(lost, wanted, "two drafts and two postings went unanswered");
    assert_whole(&site, &books.rpc);
}
