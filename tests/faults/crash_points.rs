// SPDX-License-Identifier: Apache-2.0
//! The server ends by itself at every named place, once in each test run and three times in a long
//! one, and is started again. What the sender had acknowledged is in the ERP once each time.

use std::time::Duration;

use anyhow::ensure;
use serde_json::json;
use tests::hospital::Sound;
use tests::judge;
use tests::sender::Sender;
use tests::site::{Plan, Site};
use tests::wait;
use workflow::crash_points;

use crate::kills::decide_in_doubt;

/// Until the place is reached, from the start of the server on.
const REACH_BOUND: Duration = Duration::from_secs(30);
/// Until everything is in the ERP again.
const SETTLE_BOUND: Duration = Duration::from_secs(60);
/// Every visit sends remittances of its own numbers.
const NUMBERS_PER_VISIT: u32 = 1_000;
/// More faults than the requests that come before any place.
const FAULTS: usize = 20;

/// A kind of work that no step handles.
const UNFAMILIAR: &str = "unfamiliar";

const NATIVE_KEY: &str = "native-key";
const CREATE_THEN_POST: &str = "create-then-post";
const KEYLESS: &str = "keyless";

/// The mode in which a place is visited: the first prefix that fits.
const MODES: [(&str, &str); 8] = [
    ("intake.", KEYLESS),
    ("workflow.sequence.", CREATE_THEN_POST),
    ("workflow.unit.", CREATE_THEN_POST),
    ("workflow.", NATIVE_KEY),
    ("posting.draft.", CREATE_THEN_POST),
    ("posting.sweep.", CREATE_THEN_POST),
    ("posting.park.", KEYLESS),
    ("posting.", NATIVE_KEY),
];

fn mode_of(name: &str) -> &'static str {
    let found = MODES.iter().find(|(prefix, _)| name.starts_with(prefix));
    found
        .map(|(_, mode)| *mode)
        .unwrap_or_else(|| panic!("{name}: say in which mode it is visited"))
}

fn rounds() -> u32 {
    if std::env::var_os("REVBRIDGE_TEST_LONG").is_some() { 3 } else { 1 }
}

/// What has to go wrong for the server to come to a place.
enum Weather {
    Fair,
    /// Each of the next journals meets this fault.
    Next(&'static str),
    /// Work of a version that is not there any more: nobody can do it.
    Unfamiliar,
}

fn weather(name: &str) -> Weather {
    match name {
        "workflow.put_back.before" | "workflow.put_back.after" | "posting.lookup.answered" => {
            Weather::Next("create@commit_and_drop")
        }
        "posting.resend.before" | "posting.park.before" => {
            Weather::Next("create@drop_before_commit")
        }
        // A first draft that lands beside the second one is there to be swept.
        "posting.sweep.before" => Weather::Next("create@commit_after_resend"),
        "workflow.park.before" => Weather::Unfamiliar,
        _ => Weather::Fair,
    }
}

/// Places that an idle server passes too are visited once there is work; later rounds find others
/// in the same place: another lane, or another journal of the same window.
fn nth(name: &str, round: u32) -> u32 {
    let first = match name {
        "workflow.lane.leased" | "workflow.sequence.before" | "workflow.sequence.after" => 12,
        _ => 1,
    };
    first + 3 * round
}

#[test]
fn native_key_survives_its_crash_points() {
    survive(NATIVE_KEY);
}

#[test]
fn create_then_post_survives_its_crash_points() {
    survive(CREATE_THEN_POST);
}

#[test]
fn keyless_survives_its_crash_points() {
    survive(KEYLESS);
}

fn survive(mode: &'static str) {
    let mut plan = Plan::new(mode);
    plan.settle_ms = 1_000;
    let mut site = Site::start(plan).expect("the site starts");
    let mut acknowledged = Vec::new();
    let (mut places, mut visits) = (0, 0);
    for name in crash_points().iter().filter(|name| mode_of(name) == mode) {
        for round in 0..rounds() {
            let first = 1 + visits * NUMBERS_PER_VISIT;
            visit(&mut site, name, nth(name, round), first, &mut acknowledged).unwrap_or_else(
                |error| {
                    let last = judge::judge(&site.book(), &acknowledged);
                    panic!("{mode}, {name}: {error:#}: {last:?}; kept in {:?}", site.keep());
                },
            );
            visits += 1;
        }
        places += 1;
    }
    tests::say!(
        "{mode}: {places} crash points visited in {visits} visits, {} documents acknowledged, \
         0 lost, 0 doubled",
        acknowledged.len()
    );
}

/// One crash at a place, from a quiet site to a quiet site.
fn visit(
    site: &mut Site,
    name: &str,
    nth: u32,
    first: u32,
    acknowledged: &mut Vec<Sound>,
) -> anyhow::Result<()> {
    site.processes.kill();
    change(site, &weather(name))?;
    site.plan.environment = vec![("REVBRIDGE_CRASH_AT".to_owned(), format!("{name}:{nth}"))];
    site.launch_server()?;
    let sender = Sender::start_at(first, &site.url, &site.token, 2, Duration::from_millis(150));
    let ended = wait::until("the place is reached", REACH_BOUND, || site.processes.ended());
    site.plan.environment.clear();
    site.no_faults()?;
    let restarted = ended.and_then(|code| {
        ensure!(code == -1, "the server ended with code {code}, not by a crash");
        site.kill_server()
    });
    if let Err(error) = restarted {
        // The senders' last tries need somebody to answer them.
        let _ = site.kill_server();
        sender.finish();
        return Err(error);
    }
    acknowledged.extend(sender.finish().0);
    wait::until("every acknowledged payment is in the ERP", SETTLE_BOUND, || {
        decide_in_doubt(site);
        let clean = judge::judge(&site.book(), acknowledged).ok()?.is_clean();
        (clean && !unfamiliar_work_left(site).ok()?).then_some(())
    })
}

fn change(site: &Site, weather: &Weather) -> anyhow::Result<()> {
    match weather {
        Weather::Fair => Ok(()),
        Weather::Next(fault) => site.faults(&json!({ "next": vec![fault; FAULTS] })),
        Weather::Unfamiliar => {
            // At its last attempt, so that the next one hands it to a person.
            let attempts = workflow::Limits::default().attempts_max - 1;
            let put = format!(
                "insert into remittance.unit (tenant, lane, id, kind, body, due, attempts)
                 select 'test', 'remittance', gen_random_uuid()::text, '{UNFAMILIAR}', '{{}}',
                   now(), {attempts}
                 from generate_series(1, {FAULTS})"
            );
            Ok(site.cluster.execute("revbridge", &put)?)
        }
    }
}

/// Work that nobody can do waits for a person, and for nobody else.
fn unfamiliar_work_left(site: &Site) -> anyhow::Result<bool> {
    let left = format!("select id from remittance.unit where kind = '{UNFAMILIAR}'");
    Ok(!site.cluster.query("revbridge", &left)?.is_empty())
}
