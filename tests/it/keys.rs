// SPDX-License-Identifier: Apache-2.0
//! Keys as an operator has them: rotated while documents come in, and shredded when their time is
//! over, with the books whole before and after.

use std::process::{Command, Output};
use std::time::Duration;

use tests::processes::{GATEWAY, INTAKE, Layout, PROCESS};
use tests::site::{Plan, Site};
use tests::{hospital, programs, wait};

mod tokens;

const BOUND: Duration = Duration::from_secs(30);

/// An order of the command line.
fn order(site: &Site, arguments: &[&str]) -> Output {
    Command::new(programs::binary("revbridge").expect("the binary"))
        .args(arguments)
        .arg("--config")
        .arg(site.config())
        .output()
        .expect("it runs")
}

fn said(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    let text = format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err));
    assert!(output.status.success(), "{text}");
    text
}

/// Every sealed body there is, in the order of its table.
fn bodies(site: &Site) -> Vec<Vec<String>> {
    let sealed = [
        "intake.raw_chunk",
        "intake.vault_batch",
        "remittance.event_batch",
        "remittance.state",
        "remittance.state_pack",
    ];
    sealed
        .map(|table| {
            let query = format!("select md5(body) from {table} where body is not null order by 1");
            site.rows(&query).expect("bodies").into_iter().flatten().collect()
        })
        .to_vec()
}

fn hand_in(site: &Site, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let answer = site.upload(&hospital::remittance(number, 2).bytes).expect("an answer");
        assert_eq!(answer.status, 202, "{}", answer.body);
    }
}

/// A ring of the gateway with a new first line.
fn draw(site: &Site, name: &str) {
    let data = site.processes.data_of(site.home.path(), GATEWAY);
    let path = data.join("keys").join(name);
    let older = std::fs::read_to_string(&path).expect("a ring");
    let fresh = format!("{:064x}", u128::from(std::process::id()) + older.len() as u128);
    std::fs::write(&path, format!("{fresh}\n{older}")).expect("written");
}

/// So many secrets have changed since its start for a process.
fn follows(site: &Site, role: &str, changes: usize) -> Option<()> {
    let log = std::fs::read_to_string(site.processes.log_of(role)?).ok()?;
    (log.matches("a secret has changed and is in force").count() >= changes).then_some(())
}

#[test]
fn keys_rotate_while_documents_come_in_and_no_sealed_body_changes() {
    keys_rotate(Layout::Embedded);
}

#[test]
fn keys_rotate_with_roles_apart() {
    keys_rotate(Layout::Split);
}

fn keys_rotate(layout: Layout) {
    let plan = Plan::new("native-key").in_layout(layout);
    let mut site = Site::start(plan).expect("the site starts");
    hand_in(&site, 1..4);
    site.settled().expect("it settles");
    let page = site.get("/v1/documents?limit=1").expect("a page")["next"].clone();
    let before = bodies(&site);
    let keys = said(&order(&site, &["keys", "list"]));
    assert!(keys.contains(" raw ") && keys.contains(" canonical "), "{keys}");

    said(&order(&site, &["keys", "draw"]));
    draw(&site, "cursor.key");
    draw(&site, "session.key");
    let changes: &[(&str, usize)] = match layout {
        Layout::Embedded => &[(GATEWAY, 3)],
        Layout::Split | Layout::Replicas(_) => &[(GATEWAY, 2), (INTAKE, 1), (PROCESS, 1)],
    };
    for (role, changes) in changes {
        let what = format!("{role} has the new keys");
        wait::until(&what, BOUND, || follows(&site, role, *changes)).expect("followed");
    }
    hand_in(&site, 4..6);
    site.settled().expect("it settles");
    let next = format!("/v1/documents?limit=1&cursor={}", page.as_str().expect("more"));
    site.get(&next).expect("a page that began before goes on");
    let rotated = said(&order(&site, &["keys", "rotate"]));
    assert!(rotated.contains("4 data keys were wrapped anew"), "{rotated}");
    for (table, (old, new)) in before.iter().zip(bodies(&site)).take(3).enumerate() {
        assert!(old.iter().all(|body| new.contains(body)), "table {table}: a body has changed");
    }

    // The older key is needed by nobody: without it the server starts and reads everything.
    let ring = site.home.path().join("data/keys/encryption.keys");
    let text = std::fs::read_to_string(&ring).expect("a ring");
    let newest = text.lines().next().expect("a line").to_owned();
    std::fs::write(&ring, newest).expect("written");
    site.kill_server().expect("it starts");
    hand_in(&site, 6..8);
    let completeness = site.settled().expect("it settles");
    assert_eq!(completeness["ties"], true, "{completeness}");
    let event = site.rows("select event::text from remittance.inbox where kind = 'claim' limit 1");
    let event = event.expect("an event")[0][0].clone();
    site.get(&format!("/v1/events/{event}")).expect("sealed before the rotation, and readable");
}

#[test]
fn what_is_shredded_answers_expired_and_the_books_still_tie() {
    shredded_answers_expired(Layout::Embedded);
}

#[test]
fn what_is_shredded_answers_expired_with_roles_apart() {
    shredded_answers_expired(Layout::Split);
}

fn shredded_answers_expired(layout: Layout) {
    let plan = Plan::new("native-key").in_layout(layout);
    let site = Site::start(plan).expect("the site starts");
    hand_in(&site, 1..3);
    let mut held = String::from_utf8(hospital::remittance(3, 1).bytes).expect("text");
    held = held.replace(hospital::NPI, "1999999984");
    assert_eq!(site.upload(held.as_bytes()).expect("an answer").status, 202);
    site.settled().expect("it settles");
    let item = site.exceptions().expect("exceptions").first().expect("a held item").clone();
    for schema in ["intake", "remittance"] {
        let moved = "update SCHEMA.data_key set month = '2025-12-01' where month is not null";
        site.sql(&moved.replace("SCHEMA", schema)).expect("as if it were long ago");
    }
    // The month goes on: what comes in now is sealed under keys of its own.
    let mut numbers = 4..;
    wait::until("keys of this month", BOUND, || {
        let number = numbers.next()?;
        hand_in(&site, number..number + 1);
        let drawn = "select class from intake.data_key where month <> '2025-12-01'";
        (site.rows(drawn).ok()?.len() == 2).then_some(())
    })
    .expect("keys of this month");
    let completeness = site.settled().expect("it settles");
    let plan = said(&order(&site, &["shred", "--class", "canonical", "--before", "2026-01"]));
    assert!(plan.contains("canonical 2025-12") && plan.contains("Nothing was done"), "{plan}");
    for class in ["raw", "vault", "canonical"] {
        let arguments = ["shred", "--class", class, "--before", "2026-01", "--yes"];
        let done = said(&order(&site, &arguments));
        assert!(done.contains("Shredded"), "{done}");
        let again = said(&order(&site, &arguments));
        assert!(again.contains("There is no"), "{again}");
    }
    let event = site.rows(
        "select event::text
         from remittance.inbox
         join remittance.remittance on remittance.id = inbox.remittance
         where kind = 'claim'
           and trace = 'TRACE000001'
         limit 1",
    );
    let event = event.expect("an event")[0][0].clone();
    let path = format!("/v1/events/{event}");
    wait::until("the server has noticed", BOUND, || {
        let answer = site.ask(&path, Some(&site.token)).ok()?;
        (answer.status == 410).then_some(())
    })
    .expect("expired");
    let answer = site.ask(&path, Some(&site.token)).expect("an answer");
    assert!(answer.body.contains("EXPIRED") && answer.body.contains("2025-12"), "{}", answer.body);
    let remittance = site.get("/v1/remittances?limit=1").expect("a list")["items"][0].clone();
    let id = remittance["id"].as_str().expect("an id");
    site.get(&format!("/v1/remittances/{id}")).expect("its figures stay");

    let (id, version) = (item["id"].as_str().expect("an id"), &item["version"]);
    let replay = site.decide(id, &format!("\"{version}\""), "again").expect("an answer");
    assert_eq!(replay.status, 410, "{}", replay.body);
    let after = site.settled().expect("it settles");
    assert_eq!(after["ties"], completeness["ties"], "{after}");
    assert_eq!(after["received"], completeness["received"]);
    // At one moment: entries go from the one to the other.
    let log = site.rows(
        "select subject
         from (
           select kind, subject from intake.log
           union all
           select kind, subject from intake.log_pending
         ) as entry
         where kind = 'retention.shredded'
         order by subject",
    );
    let subjects: Vec<String> = log.expect("the log").into_iter().flatten().collect();
    assert_eq!(subjects, ["raw/2025-12", "vault/2025-12"]);
}
