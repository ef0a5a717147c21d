// SPDX-License-Identifier: Apache-2.0
//! A claim whose facility nobody knows is held with its money on clearing; once master data knows it,
//! a person sends it through again and it posts.

use std::io::Write as _;

use model::role::Role;
use tests::hospital::{self, Sound};
use tests::processes::Layout;
use tests::site::{Plan, Site};

const UNKNOWN_NPI: &str = "1987654328";

/// A sound remittance whose claims name a facility that is not in the reference data.
pub fn unknown_facility(number: u32, claims: u32) -> Sound {
    let mut sound = hospital::remittance(number, claims);
    let text = String::from_utf8(sound.bytes).expect("it is text");
    let before = 7 + 6 * claims;
    let named = format!("LX*1~TS3*{UNKNOWN_NPI}*11*20261231*{claims}*1000~");
    let text = text
        .replace("LX*1~", &named)
        .replace(&format!("SE*{before}*"), &format!("SE*{}*", before + 1));
    sound.bytes = text.into_bytes();
    sound
}

#[test]
fn a_held_claim_posts_after_its_facility_is_known_and_it_is_replayed() {
    held_until_known(Layout::Embedded);
}

#[test]
fn a_held_claim_posts_when_it_is_replayed_with_roles_apart() {
    held_until_known(Layout::Split);
}

fn held_until_known(layout: Layout) {
    let plan = Plan::new("native-key").in_layout(layout);
    let mut site = Site::start(plan).expect("the site starts");
    let sound = unknown_facility(1, 1);
    assert_eq!(site.upload(&sound.bytes).expect("an answer").status, 202);
    let completeness = site.settled().expect("it settles");
    assert_eq!(completeness["ties"], true, "{completeness}");
    assert_eq!(site.net(Role::Clearing), sound.cents, "the whole payment is on clearing");
    assert_eq!(site.net(Role::Quarantine), -sound.cents, "against what is held");
    let item = site.exception("MDM-FACILITY").expect("one exception");
    assert_eq!(item["state"], "open");
    assert_eq!(item["claims"], 1);

    let facilities = site.home.path().join("reference/facilities.csv");
    let mut file = std::fs::OpenOptions::new().append(true).open(facilities).expect("the file");
    writeln!(file, "{UNKNOWN_NPI},F1,E1,D1,Example Hospital West").expect("a line more");
    drop(file);
    site.kill_server().expect("the server starts again");

    let id = item["id"].as_str().expect("an id");
    let version = item["version"].as_u64().expect("a version");
    site.replay(id, version).expect("the replay is taken");
    let completeness = site.settled().expect("it settles");
    assert_eq!(completeness["ties"], true, "{completeness}");
    let states =
        site.rows("select state, bookings::text from remittance.inbox where kind = 'claim'");
    let states = states.expect("the inbox");
    assert_eq!(states, [["posted", "2"]], "the claim posted on its second booking");
    assert_eq!(site.net(Role::Clearing), sound.cents, "clearing is the payment, once");
    assert_eq!(site.net(Role::Quarantine), 0, "nothing is held any longer");
    let item = site.get(&format!("/v1/exceptions/{id}")).expect("the exception");
    assert_eq!(item["exception"]["state"], "replayed");
    assert_eq!(item["exception"]["by"], "cash-poster");
}
