// SPDX-License-Identifier: Apache-2.0
//! The token key rotates while the server runs: what comes back for an older claim finds it, what is
//! new has a token of the new key, and no token changes.

use std::collections::BTreeSet;
use std::process::Command;

use model::money::decimal;
use model::role::Role;
use tests::hospital::{self, Sound};
use tests::processes::{INTAKE, Layout};
use tests::site::{Plan, Site};
use tests::{programs, wait};

use super::{BOUND, follows, said};

/// A remittance of one claim of its own that also takes back the first claim of remittance 1, paid
/// and written down as it was there.
fn taking_back_the_first(number: u32) -> Sound {
    let mut sound = hospital::remittance(number, 1);
    let first = hospital::remittance(1, 1);
    let (paid, contractual, patient) = (first.cents, first.cents / 2, 500);
    let charge = decimal(-(paid + contractual + patient));
    let (back, contractual) = (decimal(-paid), decimal(-contractual));
    let reversal = format!(
        "CLP*S000001C00000*22*{charge}*{back}**12*ICN00000100000~NM1*QC*1*DOE*JANE****MI*M00000100000~\
         DTM*232*20261101~SVC*HC:99213*{charge}*{back}~CAS*CO*45*{contractual}~CAS*PR*1*-5.00~"
    );
    let text = String::from_utf8(sound.bytes).expect("text");
    let payment = decimal(sound.cents);
    sound.cents -= paid;
    assert!(sound.cents > 0, "the payer pays more than it takes back");
    let text = text
        .replacen(&format!("BPR*I*{payment}*"), &format!("BPR*I*{}*", decimal(sound.cents)), 1)
        .replacen("LX*1~", &format!("LX*1~{reversal}"), 1)
        .replacen("SE*13*", "SE*19*", 1);
    sound.bytes = text.into_bytes();
    sound
}

/// A new key for the process that makes tokens, as an operator draws it.
fn draw(site: &Site) {
    let drawn = Command::new(programs::binary("revbridge").expect("the binary"))
        .args(["keys", "draw", "token", "--config"])
        .arg(site.config())
        .env("REVBRIDGE_DATA_DIR", site.processes.data_of(site.home.path(), INTAKE))
        .output()
        .expect("it runs");
    assert!(said(&drawn).contains("A new key is the first in"), "{drawn:?}");
}

fn hand_in(site: &Site, sound: &Sound) {
    let answer = site.upload(&sound.bytes).expect("an answer");
    assert_eq!(answer.status, 202, "{}", answer.body);
    let completeness = site.settled().expect("it settles");
    assert_eq!(completeness["ties"], true, "{completeness}");
}

/// What the vault finds its tokens by: one number each.
fn numbers(site: &Site) -> BTreeSet<String> {
    let waiting = "select encode(substring(numbers from at + 1 for 8), 'hex')
                   from intake.vault_waiting
                   cross join generate_series(0, octet_length(numbers) - 8, 8) as at";
    let numbers = site.rows(waiting);
    numbers.expect("the vault").into_iter().flatten().collect()
}

#[test]
fn the_token_key_rotates_and_what_comes_back_for_a_claim_finds_it() {
    the_token_key_rotates(Layout::Embedded);
}

#[test]
fn the_token_key_rotates_with_roles_apart() {
    the_token_key_rotates(Layout::Split);
}

fn the_token_key_rotates(layout: Layout) {
    let mut site = Site::start(Plan::new("native-key").in_layout(layout)).expect("it starts");
    let first = hospital::remittance(1, 1);
    hand_in(&site, &first);
    let before = numbers(&site);

    draw(&site);
    wait::until("intake has the new key", BOUND, || follows(&site, INTAKE, 1)).expect("followed");

    // More is paid for the new claim than is taken back.
    let later = taking_back_the_first(2);
    hand_in(&site, &later);
    // Nor is the reversal one without an original: it has found the claim under its older token.
    assert_eq!(site.exceptions().expect("exceptions"), Vec::<serde_json::Value>::new());
    let after = numbers(&site);
    assert!(before.is_subset(&after), "no token is gone");
    let fresh = after.difference(&before).count();
    assert_eq!(fresh, before.len() - 1, "those of one patient; the name is the same");
    assert_eq!(site.net(Role::Clearing), first.cents + later.cents);
    assert_eq!(site.net(Role::ReceivablePatient), 500, "the share of the first is taken back");

    // A restart with the whole ring changes nothing either.
    site.kill_server().expect("it starts again");
    hand_in(&site, &hospital::remittance(3, 1));
    assert!(after.is_subset(&numbers(&site)), "no token is gone");
}
