// SPDX-License-Identifier: Apache-2.0
//! The same with each role in a process of its own: its listener for operators has its own health and
//! its own part of the documented metrics, and what passes from role to role can be followed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tests::processes::{ERP, GATEWAY, INTAKE, Layout, OVERSIGHT, PROCESS, Process, ROLES};
use tests::site::Site;
use tests::{hospital, wait};

use super::collector::Collector;
use super::{BOUND, check, documented, plan, types};

/// Who has to do with a transaction from its upload to the ERP's confirmation.
const ON_THE_WAY: [&str; 4] = [GATEWAY, INTAKE, PROCESS, ERP];

/// A trace that the caller began, the document's own and the journal's lead through these processes.
pub fn every_role_on_the_way_told_of_it(collector: &Collector, layout: Layout, traces: [&str; 3]) {
    wait::until("every role on the way has told of it", BOUND, || {
        let told = collector.roles(&traces);
        let is_there = match layout {
            Layout::Embedded => told == BTreeSet::from(["all".to_owned()]),
            Layout::Split | Layout::Replicas(_) => ON_THE_WAY.iter().all(|own| told.contains(*own)),
        };
        is_there.then_some(())
    })
    .unwrap_or_else(|_| panic!("only these did: {:?}", collector.roles(&traces)));
}

#[test]
fn each_role_apart_has_its_own_health_and_its_part_of_the_metrics() {
    let environment = [
        ("REVBRIDGE_METRICS__SAMPLE_MS", "100"),
        ("REVBRIDGE_METRICS__COMPLETENESS_MS", "200"),
        ("REVBRIDGE_LOG", "json"),
    ];
    let mut site = Site::start(plan(Layout::Split, &environment)).expect("the site starts");
    let sound = hospital::remittance(1, 2);
    for status in [202, 200] {
        assert_eq!(site.upload(&sound.bytes).expect("an answer").status, status);
    }
    let held = crate::held::unknown_facility(2, 1);
    assert_eq!(site.upload(&held.bytes).expect("an answer").status, 202);
    site.settled().expect("it settles");

    every_process_is_alive_and_names_what_it_asks(&site);
    metrics_are_the_documented_ones_together(&site);
    one_id_is_in_the_lines_of_every_role_on_the_way(&site);
    what_is_lost_is_missed_where_it_is_needed(&mut site);
}

fn of<'a>(site: &'a Site, role: &str) -> &'a Process {
    let found = site.processes.all.iter().find(|process| process.role == role);
    found.expect("a process of each role")
}

fn ready(process: &Process) -> Option<(u16, Value)> {
    let answer = process.ask("/health/ready").ok()?;
    Some((answer.status, answer.json().ok()?))
}

fn every_process_is_alive_and_names_what_it_asks(site: &Site) {
    for (role, asks) in ROLES {
        let process = of(site, role);
        let alive = process.ask("/health/live").expect("an answer");
        assert_eq!((alive.status, alive.body.as_str()), (200, &*format!("live: {role}\n")));
        let mut needs: BTreeSet<String> =
            asks.iter().map(|own| format!("the role {own}")).collect();
        match role {
            INTAKE => needs.insert("the database of intake".to_owned()),
            PROCESS => needs.insert("the database of the process".to_owned()),
            _ => false,
        };
        let (status, body) = ready(process).expect("an answer");
        assert_eq!((status, &body["ready"], &body["roles"]), (200, &true.into(), &role.into()));
        let checks = body["checks"].as_array().expect("a list");
        let needed = checks.iter().filter(|own| own["need"] == "needed");
        let named = needed.filter_map(|own| Some(own["name"].as_str()?.to_owned()));
        assert_eq!(named.collect::<BTreeSet<_>>(), needs, "{role}");
        assert!(checks.iter().all(|own| own["ok"] == true), "{role}: {body}");
    }
}

/// The page of metrics of each role.
fn pages(site: &Site) -> BTreeMap<&'static str, String> {
    let page = |process: &Process| {
        let page = process.ask("/metrics").expect("an answer");
        assert_eq!(page.status, 200, "{}: {}", process.role, page.body);
        (process.role, page.body)
    };
    site.processes.all.iter().map(page).collect()
}

fn has(page: &str, series: &str) -> bool {
    page.lines().any(|line| line.starts_with(series))
}

fn metrics_are_the_documented_ones_together(site: &Site) {
    // Both documents in one journal or each in its own, as their windows fall.
    let journals = site.rows("select count(*)::text from remittance.journal").expect("a count");
    let posted = format!("revbridge_posting_journals_posted_total {}", journals[0][0]);
    let own = [
        (GATEWAY, "revbridge_gateway_requests_total{"),
        (INTAKE, "revbridge_intake_documents_total 2"),
        (INTAKE, "revbridge_intake_repeats_total 1"),
        (PROCESS, posted.as_str()),
        (PROCESS, "revbridge_exceptions_open{code=\"MDM-FACILITY\"} 1"),
        (ERP, "revbridge_outbound_calls_total{"),
        (OVERSIGHT, "revbridge_completeness_cents{part=\"residual\"} 0"),
        (OVERSIGHT, "revbridge_completeness_documents{part=\"received\"} 2"),
    ];
    let pages = wait::until("the figures are in", BOUND, || {
        let pages = pages(site);
        own.iter().all(|(role, series)| has(&pages[role], series)).then_some(pages)
    })
    .unwrap_or_else(|_| {
        let pages = pages(site);
        let missing = own.iter().filter(|(role, series)| !has(&pages[role], series));
        panic!("missing: {:?} in {pages:#?}", missing.collect::<Vec<_>>())
    });
    for (role, series) in own {
        let name = series.split(['{', ' ']).next().unwrap_or(series);
        let elsewhere = pages.iter().filter(|(other, page)| **other != role && has(page, name));
        let elsewhere: Vec<_> = elsewhere.map(|(other, _)| other).collect();
        assert_eq!(elsewhere, Vec::<&&str>::new(), "{name} is told by {role} alone");
    }
    let together: BTreeSet<_> = pages.values().flat_map(|page| types(page)).collect();
    assert_eq!(together, documented(), "the roles together serve what deploy/metrics.md says");
}

fn one_id_is_in_the_lines_of_every_role_on_the_way(site: &Site) {
    let documents = site.rows("select id::text from intake.document where repeats = 1");
    let document = documents.expect("documents")[0][0].clone();
    let keys = site.rows("select key from remittance.journal").expect("journals");
    let (trace, journal) = (document.replace('-', ""), keys[0][0].trim_start_matches("RB-"));
    for role in [INTAKE, PROCESS] {
        assert!(tells(site, role, &trace), "{role} has no line of {document}");
    }
    assert!(tells(site, PROCESS, journal), "no line of journal {journal}");
}

/// Whether a line of the role's log belongs to a trace.
fn tells(site: &Site, role: &str, trace: &str) -> bool {
    let log = std::fs::read_to_string(&of(site, role).log).expect("its log");
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.into_iter().any(|line| line["trace_id"] == trace)
}

fn what_is_lost_is_missed_where_it_is_needed(site: &mut Site) {
    site.erp.kill();
    wait::until("the ERP is missed", BOUND, || {
        let (status, body) = ready(of(site, ERP))?;
        (status == 200 && check(&body, "erp gl") == Some(false)).then_some(())
    })
    .expect("it is told, and documents are taken meanwhile");
    for (role, _) in ROLES {
        assert_eq!(ready(of(site, role)).expect("an answer").0, 200, "{role}");
    }

    site.processes.of(PROCESS).expect("the process").kill();
    wait::until("the process is missed by those who ask it", BOUND, || {
        let missed = |role: &str| {
            let (status, body) = ready(of(site, role))?;
            let name = format!("the role {PROCESS}");
            (status == 503 && check(&body, &name) == Some(false)).then_some(())
        };
        [GATEWAY, INTAKE, OVERSIGHT].into_iter().try_for_each(missed)
    })
    .expect("they are not ready");
    for role in [ERP, tests::processes::IDENTITY] {
        assert_eq!(ready(of(site, role)).expect("an answer").0, 200, "{role} asks nobody");
    }
    assert!(of(site, PROCESS).ask("/health/live").is_err(), "nothing answers there");

    site.cluster.kill().expect("the database ends");
    wait::until("the database is missed", BOUND, || {
        let (status, body) = ready(of(site, INTAKE))?;
        (status == 503 && check(&body, "the database of intake") == Some(false)).then_some(())
    })
    .expect("it is told");
}
