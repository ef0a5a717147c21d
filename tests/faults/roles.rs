// SPDX-License-Identifier: Apache-2.0
//! Roles in processes of their own: cut off from each other, killed in the middle of calls, ended in
//! order, started in the wrong order. Nothing that was acknowledged is lost, and nothing posts twice.

use std::time::{Duration, Instant};

use tests::hospital::{self, Sound};
use tests::judge;
use tests::processes::{ERP, GATEWAY, IDENTITY, INTAKE, Layout, OVERSIGHT, PROCESS, ROLES};
use tests::sender::Sender;
use tests::site::{Plan, Site};
use tests::wait;

use crate::kills::decide_in_doubt;

const SETTLE_BOUND: Duration = Duration::from_secs(120);
/// After a fault has gone, documents are taken again within this time.
const HEAL_BOUND: Duration = Duration::from_secs(30);
/// Longer than a connection is believed that nothing is heard of.
const CUT: Duration = Duration::from_secs(8);
/// A process that is asked to end has ended by then.
const END_BOUND: Duration = Duration::from_secs(40);

fn site(layout: Layout) -> Site {
    Site::start(Plan::new("create-then-post").in_layout(layout)).expect("the site starts")
}

fn sender(site: &Site) -> Sender {
    Sender::start(&site.url, &site.token, 2, Duration::from_millis(50))
}

/// Documents are acknowledged again, from now on.
fn heals(sender: &Sender, what: &str) -> Duration {
    let (before, started) = (sender.acknowledged(), Instant::now());
    wait::until(what, HEAL_BOUND, || (sender.acknowledged() > before + 2).then_some(()))
        .unwrap_or_else(|error| panic!("{error}"));
    started.elapsed()
}

/// Everything acknowledged is in the ERP's book, once, and nothing else is.
fn everything_is_posted_once(site: &mut Site, acknowledged: &[Sound], what: &str) {
    let clean = wait::until("every acknowledged payment is in the ERP", SETTLE_BOUND, || {
        decide_in_doubt(site);
        judge::judge(&site.book(), acknowledged).ok()?.is_clean().then_some(())
    });
    if let Err(error) = clean {
        let last = judge::judge(&site.book(), acknowledged);
        panic!("{what}: {error}: {last:?}; kept in {:?}", site.keep());
    }
    tests::say!("{what}: {} documents acknowledged, 0 lost, 0 doubled", acknowledged.len());
}

#[test]
fn a_line_that_is_cut_between_two_roles_heals_by_itself() {
    let mut site = site(Layout::Split);
    let sender = sender(&site);
    for (asker, asked) in
        [(GATEWAY, INTAKE), (GATEWAY, IDENTITY), (INTAKE, PROCESS), (PROCESS, ERP)]
    {
        heals(&sender, "documents are taken before the cut");
        let line = site.processes.line(asker, asked).expect("a line");
        line.cut();
        std::thread::sleep(CUT);
        line.mend();
        let took =
            heals(&sender, &format!("documents are taken after {asker} – {asked} is mended"));
        tests::say!("{asker} – {asked}: taken again {} ms after the line", took.as_millis());
    }
    let (acknowledged, _) = sender.finish();
    everything_is_posted_once(&mut site, &acknowledged, "four cuts");
}

#[test]
fn a_role_that_is_killed_in_the_middle_of_calls_neither_loses_nor_doubles() {
    let mut site = site(Layout::Split);
    let sender = sender(&site);
    for round in 0..2 {
        for (role, _) in ROLES {
            heals(&sender, &format!("documents are taken before {role} is killed, round {round}"));
            site.kill_role(role).expect("it starts again");
        }
    }
    heals(&sender, "documents are taken after the last kill");
    let (acknowledged, _) = sender.finish();
    site.wait_ready().expect("all are ready again");
    everything_is_posted_once(&mut site, &acknowledged, "fourteen kills of one role at a time");
}

#[test]
fn roles_that_are_asked_to_end_finish_what_they_have_begun() {
    let mut site = site(Layout::Split);
    let sender = sender(&site);
    for (index, (role, _)) in ROLES.into_iter().enumerate() {
        heals(&sender, &format!("documents are taken before {role} is asked to end"));
        let program = site.processes.all[index].program.as_mut().expect("it runs");
        program.ask_to_end().expect("it is asked");
        let ended = wait::until(&format!("{role} ends"), END_BOUND, || program.ended());
        assert_eq!(ended.expect("it ends in time"), 0, "{role} ends in order");
        site.kill_one(index).expect("it starts again");
    }
    heals(&sender, "documents are taken at the end");
    let (acknowledged, _) = sender.finish();
    everything_is_posted_once(&mut site, &acknowledged, "each role ended in order once");
}

#[test]
fn roles_start_in_any_order_and_take_documents_before_the_erp_is_there() {
    let mut site = site(Layout::Split);
    site.processes.kill();
    let sound = hospital::remittance(1, 2);
    // From whoever asks to whoever is asked: each starts before what it needs.
    site.with_erp_stopped_while(|site| {
        site.launch_server()?;
        wait::until("the document is taken without an ERP", HEAL_BOUND, || {
            let answer = site.upload(&sound.bytes).ok()?;
            (answer.status == 202).then_some(())
        })?;
        wait::until("the document is read without an ERP", HEAL_BOUND, || {
            let document = &site.get("/v1/documents").ok()?["items"][0];
            (document["state"] == "delivered").then_some(())
        })?;
        let without = site.ask("/v1/completeness", Some(&site.token))?;
        anyhow::ensure!(without.status == 503, "completeness needs the ERP: {without:?}");
        Ok(())
    })
    .expect("documents are taken");
    everything_is_posted_once(&mut site, &[sound], "started without an ERP");
    let completeness = site.settled().expect("it settles");
    assert_eq!(completeness["ties"], true, "{completeness}");
}

#[test]
fn one_process_starts_and_takes_documents_before_the_erp_is_there() {
    let mut site = site(Layout::Embedded);
    site.processes.kill();
    let sound = hospital::remittance(1, 2);
    site.with_erp_stopped_while(|site| {
        site.start_server()?;
        let answer = site.upload(&sound.bytes)?;
        anyhow::ensure!(answer.status == 202, "{answer:?}");
        Ok(())
    })
    .expect("documents are taken");
    everything_is_posted_once(&mut site, &[sound], "one process started without an ERP");
}

#[test]
fn roles_without_a_book_never_open_a_database() {
    let mut site = site(Layout::Split);
    let ours = site.rows(
        "select distinct application_name from pg_stat_activity
         where backend_type = 'client backend' and pid <> pg_backend_pid()",
    );
    assert!(!ours.expect("the database answers").is_empty(), "those with a book have opened it");
    for role in [INTAKE, PROCESS] {
        site.processes.of(role).expect("a process").kill();
    }
    wait::until("nobody is connected to the database", HEAL_BOUND, || {
        let left = site.rows(
            "select pid::text from pg_stat_activity
             where backend_type = 'client backend' and pid <> pg_backend_pid()",
        );
        left.ok()?.is_empty().then_some(())
    })
    .expect("gateway, oversight, erp, rcm and identity have no connection");
    let still_there = [GATEWAY, OVERSIGHT, ERP, IDENTITY];
    for role in still_there {
        let program = site.processes.of(role).expect("a process").program.as_mut();
        assert_eq!(program.expect("it runs").ended(), None, "{role} runs on");
    }
}
