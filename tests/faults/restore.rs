// SPDX-License-Identifier: Apache-2.0
//! The database is restored from an older backup while the ERP has gone on. The server finds out by
//! itself, posts nothing, and after the recovery nothing is lost and nothing is there twice.

use std::process::{Command, Output};
use std::time::Duration;

use tests::hospital::{self, Sound};
use tests::judge;
use tests::processes::Layout;
use tests::programs;
use tests::site::{Plan, Site};
use tests::wait;

use crate::kills::decide_in_doubt;

const SETTLE_BOUND: Duration = Duration::from_secs(120);

#[test]
fn native_key_survives_an_old_backup() {
    survive("native-key", Layout::Embedded);
}

#[test]
fn create_then_post_survives_an_old_backup() {
    survive("create-then-post", Layout::Embedded);
}

#[test]
fn keyless_survives_an_old_backup() {
    survive("keyless", Layout::Embedded);
}

#[test]
fn roles_apart_survive_an_old_backup() {
    survive("create-then-post", Layout::Split);
}

/// The checkpoints may be a little older than the backup; what was sent since is written down, too.
#[test]
fn what_only_the_outside_knows_holds_posting_back_until_a_person_answers_for_it() {
    let mut site = Site::start(Plan::new("native-key")).expect("the site starts");
    let mut sent = hand_in(&site, 1..=2);
    posted(&site, &sent, "before the backup");
    stop(&mut site);
    site.cluster.copy_database("revbridge", "backup").expect("a backup");
    site.start_server().expect("the server starts");
    sent.extend(hand_in(&site, 3..=4));
    posted(&site, &sent, "in the time that will be lost");
    let standing = documents(&site);
    stop(&mut site);
    site.cluster.drop_database("revbridge").expect("the database is lost");
    site.cluster.copy_database("backup", "revbridge").expect("the backup is restored");
    for room in ["intake", "remittance"] {
        let witnessed = site.home.path().join("data/checkpoints").join(room);
        // A server that was killed early has not witnessed anything yet.
        let _ = std::fs::remove_dir_all(witnessed);
    }
    site.start_server().expect("the server starts");
    let ready = site.ask("/health/ready", None).expect("an answer");
    assert!(ready.body.contains("of which the database knows nothing"), "{}", ready.body);

    assert_eq!(recover(&site, &[]).status.code(), Some(1), "the files are not here");
    assert_eq!(recover(&site, &["--accept", " "]).status.code(), Some(2), "no reason is none");
    let accepted = recover(&site, &["--accept", "the files are lost"]);
    assert_eq!(accepted.status.code(), Some(0), "{accepted:?}");
    whole_again(&site);
    let told = site
        .rows(
            "select body ->> 'accepted', jsonb_array_length(body -> 'unmatched')::text \
               from remittance.log where kind = 'log.recovered'",
        )
        .expect("the log is readable");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0][0], "the files are lost");
    assert_ne!(told[0][1], "0", "the keys that a person answers for are named");
    assert_eq!(documents(&site), standing, "nothing was posted anew");
}

fn survive(mode: &'static str, layout: Layout) {
    let mut plan = Plan::new(mode).in_layout(layout);
    plan.settle_ms = 1_000;
    let mut site = Site::start(plan).expect("the site starts");
    let mut sent = hand_in(&site, 1..=6);
    posted(&site, &sent, "before the backup");
    let before = documents(&site);

    stop(&mut site);
    site.cluster.copy_database("revbridge", "backup").expect("a backup");
    site.start_server().expect("the server starts");
    sent.extend(hand_in(&site, 7..=14));
    posted(&site, &sent, "in the time that will be lost");
    let known = documents(&site);
    assert!(known > before, "{mode}: something was posted after the backup");
    witnessed(&site);
    // In the middle of the flow: some of these are taken in, and perhaps sent, and then forgotten.
    sent.extend(hand_in(&site, 15..=18));

    stop(&mut site);
    site.cluster.drop_database("revbridge").expect("the database is lost");
    site.cluster.copy_database("backup", "revbridge").expect("the backup is restored");
    site.start_server().expect("the server starts");
    let ready = site.processes.health().expect("an answer");
    assert!(ready.contains("in recovery, posting stands still"), "{ready}");

    let early = recover(&site, &[]);
    assert_eq!(early.status.code(), Some(1), "{early:?}");
    let told = String::from_utf8_lossy(&early.stdout).into_owned();
    assert!(told.contains("hand in the files of the lost time again"), "{told}");
    // The ERP may still have been answering when the server ended.
    let standing = wait::until("the ERP is quiet", SETTLE_BOUND, || {
        let now = documents(&site);
        std::thread::sleep(Duration::from_millis(500));
        (documents(&site) == now).then_some(now)
    })
    .expect("the ERP is quiet");

    // The sender hands in everything of the day again; what the backup knows is a repeat.
    for sound in &sent {
        let answer = site.upload(&sound.bytes).expect("an answer");
        assert!(matches!(answer.status, 200 | 202), "{mode}: intake goes on: {answer:?}");
    }
    let ended = wait::until("the recovery ends", SETTLE_BOUND, || {
        let now = documents(&site);
        let output = recover(&site, &[]);
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code() == Some(0)).then_some((told, now))
    });
    let (told, just_before) = ended.unwrap_or_else(|error| {
        panic!("{mode}: {error}: {:?}; kept in {:?}", recover(&site, &[]), site.keep())
    });
    assert_eq!(just_before, standing, "{mode}: nothing was posted before the recovery ended");
    tests::say!("{mode}: {}", told.replace('\n', "; "));
    posted(&site, &sent, "after the recovery");
    let verdict = judge::judge(&site.book(), &sent).expect("the book is readable");
    tests::say!(
        "{mode}: {} documents in the ERP ({before} before the backup, {known} known to be lost), \
         {} remittances, clearing {} = source {}, 0 lost, 0 doubled",
        verdict.documents,
        sent.len(),
        verdict.clearing,
        verdict.source
    );
    whole_again(&site);
    proven(&site);
}

fn hand_in(site: &Site, numbers: std::ops::RangeInclusive<u32>) -> Vec<Sound> {
    let mut sent = Vec::new();
    for number in numbers {
        let sound = hospital::remittance(number, 1 + number % 5);
        let answer = site.upload(&sound.bytes).expect("an answer");
        assert_eq!(answer.status, 202, "{answer:?}");
        sent.push(sound);
    }
    sent
}

fn posted(site: &Site, sent: &[Sound], when: &str) {
    let clean = wait::until(when, SETTLE_BOUND, || {
        decide_in_doubt(site);
        judge::judge(&site.book(), sent).ok().filter(judge::Verdict::is_clean)
    });
    if let Err(error) = clean {
        panic!("{error}: {:?} in {:?}", judge::judge(&site.book(), sent), site.home.path());
    }
}

fn documents(site: &Site) -> usize {
    simulator::erp::book::read(&site.book()).expect("the book is readable").posted.len()
}

/// SIGKILL: the lost time has no orderly end.
fn stop(site: &mut Site) {
    site.processes.kill();
    // Postgres notices broken connections one by one; a copy needs them all gone.
    let idle = "select count(*) from pg_stat_activity where datname = 'revbridge'";
    wait::until("no connection is left", SETTLE_BOUND, || {
        let rows = site.cluster.query("postgres", idle).ok()?;
        (rows.first()?.first()?.as_deref() == Some("0")).then_some(())
    })
    .expect("no connection is left");
}

/// The log is longer outside than it was at the backup. What was just posted may still be without its
/// numbers: the lane that gives them out belongs to the killed server until its lease runs out.
fn witnessed(site: &Site) {
    let left = "select (select count(*) from remittance.log_pending) + (select count(*) \
                from remittance.log where number > (select coalesce(max(size), 0) \
                from remittance.checkpoint))";
    wait::until("the whole log is witnessed", SETTLE_BOUND, || {
        let rows = site.rows(left).ok()?;
        (rows.first()?.first()?.as_str() == "0").then_some(())
    })
    .expect("the whole log is witnessed");
}

fn recover(site: &Site, more: &[&str]) -> Output {
    revbridge(site, &["recover"], more)
}

fn revbridge(site: &Site, command: &[&str], more: &[&str]) -> Output {
    Command::new(programs::binary("revbridge").expect("it is built"))
        .args(command)
        .arg("--config")
        .arg(site.config())
        .args(more)
        .output()
        .expect("it runs")
}

/// Posting came on without a restart, and nothing is complained of.
fn whole_again(site: &Site) {
    wait::until("the server has no complaint", SETTLE_BOUND, || {
        site.wait_ready().ok()?;
        (!site.processes.health().ok()?.contains("in recovery")).then_some(())
    })
    .expect("the server has no complaint");
    let again = recover(site, &[]);
    let told = String::from_utf8_lossy(&again.stdout).into_owned();
    assert!(again.status.success() && told.contains("nothing to recover"), "{told}");
}

/// Both logs are proven from outside, by the auditor's own program.
fn proven(site: &Site) {
    for room in ["intake", "remittance"] {
        let exported = revbridge(site, &["log", "export", "--room", room], &[]);
        assert!(exported.status.success(), "{exported:?}");
        let log = site.home.path().join(format!("{room}.ndjson"));
        std::fs::write(&log, &exported.stdout).expect("written");
        // Checkpoints go on once the recovery has ended: the log then is a branch of its own.
        let last = wait::until("the log goes on as a branch of its own", SETTLE_BOUND, || {
            let last = revbridge(site, &["log", "checkpoint", "--room", room], &[]);
            let last = String::from_utf8(last.stdout).ok()?;
            let branch = |line: &str| line.starts_with("folder ") && line.trim().ends_with('2');
            last.lines().any(branch).then_some(last)
        });
        let last = last.unwrap_or_else(|error| panic!("{room}: {error}"));
        let said = |name: &str| {
            let line = last.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_else(|| panic!("no {name} in {last}")).trim().to_owned()
        };
        let verified = Command::new(programs::binary("revbridge-verify").expect("it is built"))
            .arg("log")
            .arg("--log")
            .arg(&log)
            .args(["--checkpoints", &said("folder "), "--key", &said("key ")])
            .output()
            .expect("it runs");
        let told = String::from_utf8_lossy(&verified.stdout).into_owned();
        assert!(verified.status.success(), "{room}: {told} {verified:?}");
        tests::say!("{}", told.trim());
    }
}
