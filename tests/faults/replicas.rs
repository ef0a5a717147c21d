// SPDX-License-Identifier: Apache-2.0
//! Several processes of each role over one database: killed at random, held still past their leases,
//! and how much they take together. One posts at a time, whatever the others believe.

use std::time::{Duration, Instant};

use tests::judge;
use tests::processes::{Layout, PROCESS};
use tests::sender::Sender;
use tests::site::{Plan, Site};
use tests::wait;

use crate::kills::{Dice, decide_in_doubt};

const SETTLE_BOUND: Duration = Duration::from_secs(180);
const TAKE_BOUND: Duration = Duration::from_secs(60);

fn is_long() -> bool {
    std::env::var_os("REVBRIDGE_TEST_LONG").is_some()
}

fn posted_once(site: &mut Site, sender: Sender, what: &str) -> usize {
    let (acknowledged, unanswered) = sender.finish();
    let clean = wait::until("every acknowledged payment is in the ERP", SETTLE_BOUND, || {
        decide_in_doubt(site);
        judge::judge(&site.book(), &acknowledged).ok()?.is_clean().then_some(())
    });
    if let Err(error) = clean {
        let last = judge::judge(&site.book(), &acknowledged);
        panic!("{what}: {error}: {last:?}; kept in {:?}", site.keep());
    }
    tests::say!(
        "{what}: {} documents acknowledged ({unanswered} attempts unanswered), 0 lost, 0 doubled",
        acknowledged.len()
    );
    acknowledged.len()
}

#[test]
fn two_of_each_role_survive_kills() {
    let kills: usize = if is_long() { 60 } else { 6 };
    let seed = 21;
    let mut dice = Dice(seed);
    let plan = Plan::new("native-key").in_layout(Layout::Replicas(2));
    let mut site = Site::start(plan).expect("the site starts");
    let sender = Sender::start(&site.url, &site.token, 3, Duration::from_millis(30));
    for kill in 0..kills {
        let before = sender.acknowledged();
        let pause = Duration::from_millis(300 + dice.roll(900));
        let started = Instant::now();
        wait::until("documents are acknowledged between two kills", TAKE_BOUND, || {
            (sender.acknowledged() > before && started.elapsed() > pause).then_some(())
        })
        .unwrap_or_else(|error| panic!("seed {seed}, kill {kill}: {error}; {:?}", site.keep()));
        let count = site.processes.all.len() as u64;
        let index = usize::try_from(dice.roll(count)).expect("a small number");
        site.kill_one(index).expect("it starts again");
    }
    posted_once(&mut site, sender, &format!("2 of each role, seed {seed}, {kills} kills"));
}

/// The process that holds the posting lane, by its place in the site.
fn poster(site: &Site) -> Option<usize> {
    let query = "select holder from remittance.lane where name = 'posting'";
    let holder = site.rows(query).ok()?.first()?.first()?.clone();
    let pid: u32 = holder.split('-').next()?.parse().ok()?;
    let mut all = site.processes.all.iter();
    all.position(|process| process.program.as_ref().is_some_and(|own| own.pid() == pid))
}

#[test]
fn a_poster_that_stood_still_past_its_lease_posts_nothing_twice() {
    let rounds = if is_long() { 20 } else { 3 };
    let plan = Plan::new("create-then-post").in_layout(Layout::Replicas(2));
    let mut site = Site::start(plan).expect("the site starts");
    let sender = Sender::start(&site.url, &site.token, 3, Duration::from_millis(20));
    for round in 0..rounds {
        let held = wait::until("somebody posts", TAKE_BOUND, || poster(&site)).expect("a poster");
        let process = &site.processes.all[held];
        assert_eq!(process.role, PROCESS);
        let program = process.program.as_ref().expect("it runs");
        program.hold().expect("it stands still");
        let other = wait::until("the other one posts", TAKE_BOUND, || {
            poster(&site).filter(|now| *now != held)
        });
        // It wakes up in the middle of whatever it was doing, and believes to hold the lane.
        program.go_on().expect("it goes on");
        other.unwrap_or_else(|error| panic!("round {round}: {error}"));
    }
    posted_once(&mut site, sender, &format!("a poster held still {rounds} times"));
}

#[test]
fn how_much_one_two_and_three_of_each_role_take() {
    let documents = if is_long() { 1_000 } else { 60 };
    for count in 1..=3 {
        let plan = Plan::new("native-key").in_layout(Layout::Replicas(count));
        let mut site = Site::start(plan).expect("the site starts");
        let started = Instant::now();
        let sender = Sender::start(&site.url, &site.token, 6, Duration::ZERO);
        wait::until("the documents are acknowledged", SETTLE_BOUND, || {
            (sender.acknowledged() >= documents).then_some(())
        })
        .unwrap_or_else(|error| panic!("{count}: {error}"));
        let taken = started.elapsed();
        let all = posted_once(&mut site, sender, &format!("{count} of each role"));
        let posted = started.elapsed();
        tests::say!(
            "{count} of each role: {documents} documents taken in {} ms, {all} posted in {} ms",
            taken.as_millis(),
            posted.as_millis()
        );
    }
}
