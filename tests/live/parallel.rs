// SPDX-License-Identifier: Apache-2.0
//! Several servers on one database, all of them posting, and one of them killed in the middle: every
//! journal is in the real ERP once.

use tests::wait;

use crate::installation::{Installation, Route, SETTLE_BOUND};
use crate::reader;
use crate::same_day::assert_whole;

#[test]
fn four_servers_that_post_at_once_make_each_move_once() {
    let books = crate::erp::books("parallel");
    let mut site = Installation::start(Route::Real, &books, &books.url).expect("it starts");
    for number in 2..=4 {
        site.serve_beside(number).expect("one more");
    }
    let files = site.files().expect("the day");
    site.drop_in(&files[..8], "").expect("dropped");
    wait::until("the first moves are there", SETTLE_BOUND, || {
        (!reader::moves(&books.rpc).is_empty()).then_some(())
    })
    .expect("they post");
    site.kill_last();
    site.settled().expect("the others go on");
    assert_whole(&site, &books.rpc);
    let moves = reader::moves(&books.rpc).len();
    tests::say!("{moves} moves by four servers, of which one was killed");
    assert!(moves >= 4, "enough for each: {moves}");
}
