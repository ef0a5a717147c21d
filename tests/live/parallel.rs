// SPDX-License-Identifier: Apache-2.0
//! Several servers on one database, and the one that posts is frozen in the middle for longer than its
//! lease: another goes on, it comes back, and every journal is in the real ERP once.

use tests::wait;

use crate::installation::{Installation, LOOK, Route, SETTLE_BOUND, signal};
use crate::reader;
use crate::same_day::assert_whole;

/// The process that may post now.
fn poster(site: &Installation) -> Option<u32> {
    let query = "select holder from remittance.lane where name = 'posting' and until > now()";
    let holder = site.rows(query).ok()?.into_iter().flatten().next()?;
    holder.split('-').next()?.parse().ok()
}

#[test]
fn four_servers_of_which_the_posting_one_is_frozen_make_each_move_once() {
    let books = crate::erp::books("parallel");
    let mut site = Installation::start(Route::Real, &books, &books.url).expect("it starts");
    for number in 2..=4 {
        site.serve_beside(number).expect("one more");
    }
    let files = site.files().expect("the day");
    site.drop_in(&files, "").expect("dropped");
    site.taken().expect("every file is taken");
    let frozen = wait::until_asking_each(LOOK, "the first move is there", SETTLE_BOUND, || {
        if reader::moves(&books.rpc).is_empty() { None } else { poster(&site) }
    });
    let frozen = frozen.expect("they post");
    signal("-STOP", frozen).expect("frozen");
    let before = reader::moves(&books.rpc).len();
    site.settled().expect("another goes on");
    let another = wait::until("somebody may post", SETTLE_BOUND, || poster(&site));
    assert_ne!(another.expect("a poster"), frozen);

    signal("-CONT", frozen).expect("it goes on");
    site.all_ready().expect("it is back");
    site.settled().expect("nothing is left to do");
    assert_whole(&site, &books.rpc);
    let moves = reader::moves(&books.rpc).len();
    tests::say!("{moves} moves by four servers; the poster was frozen after {before}");
    assert!(before < moves, "it was frozen in the middle: {before} of {moves}");
}
