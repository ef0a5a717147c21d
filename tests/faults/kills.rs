// SPDX-License-Identifier: Apache-2.0
//! Random kills of the server and of Postgres under load, while the ERP answers badly. Nothing that
//! was acknowledged may be lost, nothing may post twice, in any posting mode.

use std::time::{Duration, Instant};

use serde_json::json;
use tests::judge::{self, Verdict};
use tests::sender::Sender;
use tests::site::{Plan, Site};
use tests::wait;

/// Settling after the last fault, a look-up of every doubt included.
const SETTLE_BOUND: Duration = Duration::from_secs(120);

/// Acknowledged payments that may wait for the ERP before the senders pause: a run of any length
/// ends with a backlog that is settled within the bound.
const BACKLOG_MAX: usize = 400;

fn kills() -> u32 {
    if std::env::var_os("REVBRIDGE_TEST_LONG").is_some() { 167 } else { 7 }
}

/// A small deterministic generator: the seed is printed, so that a run can be repeated.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, below: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

#[test]
fn native_key_survives_kills() {
    survive("native-key", 11);
}

#[test]
fn create_then_post_survives_kills() {
    survive("create-then-post", 12);
}

#[test]
fn keyless_survives_kills() {
    survive("keyless", 13);
}

fn survive(mode: &'static str, seed: u64) {
    let mut site = Site::start(Plan::new(mode)).expect("the site starts");
    site.faults(&faults(seed)).expect("the faults are installed");
    let mut dice = Dice(seed);
    let sender = Sender::start(&site.url, &site.token, 4, Duration::from_millis(20));
    let (mut server_kills, mut database_kills, mut people) = (0, 0, 0);
    for _ in 0..kills() {
        let before = sender.acknowledged();
        let posted = judge::traces(&site.book()).unwrap_or_default();
        let held = before.saturating_sub(posted) > BACKLOG_MAX;
        sender.hold(held);
        if held {
            people += decide_in_doubt(&site);
        }
        let pause = Duration::from_millis(300 + dice.roll(900));
        let started = Instant::now();
        wait::until("documents are acknowledged between two kills", SETTLE_BOUND, || {
            let loaded = held || sender.acknowledged() > before;
            (loaded && started.elapsed() > pause).then_some(())
        })
        .expect("the service takes documents");
        if dice.roll(3) == 0 {
            site.kill_postgres().expect("Postgres recovers");
            database_kills += 1;
        } else {
            site.kill_server().expect("the server starts again");
            server_kills += 1;
        }
    }
    let (acknowledged, unanswered) = sender.finish();
    let verdict = wait::until("every acknowledged payment is in the ERP", SETTLE_BOUND, || {
        people += decide_in_doubt(&site);
        let verdict = judge::judge(&site.book(), &acknowledged).ok()?;
        verdict.is_clean().then_some(verdict)
    });
    let verdict = verdict.unwrap_or_else(|error| {
        let last = judge::judge(&site.book(), &acknowledged);
        panic!("{mode}, seed {seed}: {error}: {last:?}; kept in {:?}", site.keep());
    });
    let told = site.fault_counters().expect("the ERP counts its faults");
    report(mode, seed, &verdict, acknowledged.len(), unanswered);
    tests::say!(
        "{mode}: {server_kills} server kills, {database_kills} Postgres kills, {people} decided by \
         a person, faults {told}"
    );
    let (calls, doubts) = calls_in_doubt(&told);
    assert!(calls > 0 && doubts * 100 >= calls * 15, "{doubts} of {calls} calls were in doubt");
}

/// At least 15 % of the calls must end in doubt, or the run proves little.
fn faults(seed: u64) -> serde_json::Value {
    json!({
        "seed": seed,
        "late_ms": 900,
        "resend_wait_ms_max": 1_500,
        "rates": {
            "commit_and_drop": 0.10,
            "commit_then_500": 0.05,
            "commit_after_timeout": 0.04,
            "commit_after_resend": 0.03,
            "drop_before_commit": 0.03,
            "fail_before_commit": 0.03,
            "html_inside_200": 0.02,
            "truncated_json": 0.02,
            "wrong_document_id": 0.02,
            "too_many_requests": 0.02,
        },
    })
}

fn report(mode: &str, seed: u64, verdict: &Verdict, acknowledged: usize, unanswered: u32) {
    tests::say!(
        "{mode}, seed {seed}: {acknowledged} documents acknowledged ({unanswered} attempts \
         unanswered), {} ERP documents, {} drafts left, 0 lost, 0 doubled, debits {} = credits {}, \
         clearing {} = source {}",
        verdict.documents,
        verdict.drafts_left,
        verdict.debits,
        verdict.credits,
        verdict.clearing,
        verdict.source
    );
}

/// What a person does with `POST-UNKNOWN`: look again, and send what is really not there.
pub fn decide_in_doubt(site: &Site) -> u32 {
    let Ok(list) = site.get("/v1/exceptions?code=POST-UNKNOWN&state=open") else { return 0 };
    let mut decided = 0;
    for item in list["items"].as_array().into_iter().flatten() {
        let id = item["id"].as_str().unwrap_or_default();
        let version = item["version"].as_u64().unwrap_or_default();
        decided += u32::from(site.replay(id, version).is_ok());
    }
    decided
}

/// Calls that wrote, and those of them whose answer told nothing, or nothing to be believed.
fn calls_in_doubt(told: &serde_json::Value) -> (u64, u64) {
    let count = |of: &str, name: &str| told[of][name].as_u64().unwrap_or(0);
    let calls = count("requests", "create") + count("requests", "post");
    let doubtful = [
        "commit_and_drop",
        "commit_then_500",
        "commit_after_timeout",
        "commit_after_resend",
        "drop_before_commit",
        "fail_before_commit",
        "html_inside_200",
        "truncated_json",
    ];
    (calls, doubtful.iter().map(|name| count("fired", name)).sum())
}
