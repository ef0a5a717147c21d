// SPDX-License-Identifier: Apache-2.0
//! A newcomer's path into the real ERP, as the manual has it: from an empty folder to a move with our
//! key. Afterwards the ERP is asked over another way in than the page and the adapter use.

use tests::manual;
use tests::tryton::{Rpc, Tryton};

use crate::peers::Peer;
use crate::reader::{self, Move, Place, Trial};

/// What the page has the newcomer paste: `export NAME=value NAME=value`.
fn pasted(printed: &[String]) -> Vec<(String, String)> {
    let line = printed.iter().find_map(|line| line.trim().strip_prefix("export "));
    let words = line.expect("a line to paste").split(' ');
    let pairs = words.map(|word| word.split_once('=').expect("NAME=value"));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Where the lines of the page's remittance have to be, by hand.
fn place(account: &str, payer: &str) -> Place {
    ["LVH", account, "LKM", "6010", "unassigned", payer].map(str::to_owned)
}

#[test]
fn the_commands_of_the_tryton_day_end_in_one_move_with_our_key() {
    // Its periods are those of today, as they are for whoever reads the page.
    let (_peer, printed) = Peer::tryton(&[]);
    let environment = pasted(&printed);
    let names: Vec<&str> = environment.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["TRYTON_URL", "TRYTON_KEY"]);
    let home = local_postgres::private_directory("rb-m-").expect("a private folder");
    let told = manual::run("tryton-day", home.path(), &environment).expect("what the page says");

    let held = told.lines().find_map(|line| line.split_once(",held,")).expect("it was held");
    let (user, password) = Tryton::ADMINISTRATOR;
    let rpc = Rpc::login(&environment[0].1, user, password).expect("the administrator is let in");
    let moves = reader::moves(&rpc);
    let [Move { key, state, .. }] = &moves[..] else { panic!("one move: {moves:?}") };
    assert_eq!((key.as_str(), state.as_str()), (held.0, "posted"));
    // 490.00 paid, 115.00 contractual and 45.00 for the patients, of 650.00 billed. What patients owe
    // is no payer's.
    let expected = Trial::from([
        (place("109000", "CEDR"), (49_000, 0)),
        (place("120000", "CEDR"), (0, 65_000)),
        (place("121000", ""), (4_500, 0)),
        (place("410000", "CEDR"), (11_500, 0)),
    ]);
    assert_eq!(reader::trial(&rpc), expected);
}
