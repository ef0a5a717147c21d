// SPDX-License-Identifier: Apache-2.0
//! The password of an external database changes while the server runs: what holds a connection goes on,
//! and new connections use the URL as its place has it now.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use tests::hospital;
use tests::processes::{INTAKE, Layout, PROCESS, Process};
use tests::site::{Plan, Site};
use tests::wait;

const BOUND: Duration = Duration::from_secs(30);
const USER: &str = "revbridge_service";

/// From now on the database asks the service's own role for its password.
fn ask_for_a_password(site: &Site) {
    site.sql(&format!("create role {USER} login superuser password 'first'")).expect("a role");
    let rules = site.cluster.directory().join("data/pg_hba.conf");
    let others = std::fs::read_to_string(&rules).expect("its rules");
    let ours = format!("local all {USER} scram-sha-256\nhost all {USER} all scram-sha-256\n");
    std::fs::write(&rules, ours + &others).expect("written");
    site.sql("select pg_reload_conf()").expect("in force");
}

/// Puts the URL with this password where the configuration says.
fn write_url(site: &Site, password: &str) {
    let url = site.cluster.database_url("revbridge");
    let (_, rest) = url.split_once('@').expect("a user");
    let (place, fresh) =
        (site.home.path().join("database.url"), site.home.path().join("fresh.url"));
    std::fs::write(&fresh, format!("postgres://{USER}:{password}@{rest}")).expect("written");
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(&fresh, mode).expect("for us alone");
    std::fs::rename(fresh, place).expect("whole at once");
}

/// Starts the site anew as the role whose password is in a file.
fn start_with_a_password(site: &mut Site) {
    ask_for_a_password(site);
    write_url(site, "first");
    let text = std::fs::read_to_string(site.config()).expect("a configuration");
    let plain = format!("url = {:?}", site.cluster.database_url("revbridge"));
    assert!(text.contains(&plain), "{text}");
    let text = text.replace(&plain, "url = { file = \"database.url\" }");
    std::fs::write(site.config(), text).expect("written");
    site.kill_server().expect("it starts with a password");
}

fn hand_in(site: &Site, number: u32) {
    let answer = site.upload(&hospital::remittance(number, 2).bytes).expect("an answer");
    assert_eq!(answer.status, 202, "{}", answer.body);
    let completeness = site.settled().expect("it settles");
    assert_eq!(completeness["ties"], true, "{completeness}");
}

/// Those that keep a book.
fn keepers(site: &Site) -> Vec<&Process> {
    let all = site.processes.all.iter();
    all.filter(|process| [INTAKE, PROCESS, "all"].contains(&process.role)).collect()
}

fn pids(site: &Site) -> Vec<u32> {
    let running = site.processes.all.iter().filter_map(|process| process.program.as_ref());
    running.map(tests::programs::Program::pid).collect()
}

#[test]
fn a_database_password_changes_while_the_server_runs() {
    password_changes(Layout::Embedded);
}

#[test]
fn a_database_password_changes_with_roles_apart() {
    password_changes(Layout::Split);
}

fn password_changes(layout: Layout) {
    let mut site = Site::start(Plan::new("native-key").in_layout(layout)).expect("it starts");
    start_with_a_password(&mut site);
    let started = pids(&site);
    hand_in(&site, 1);

    site.sql(&format!("alter role {USER} password 'second'")).expect("another password");
    hand_in(&site, 2);
    let ended =
        format!("select pg_terminate_backend(pid) from pg_stat_activity where usename = '{USER}'");
    assert!(!site.rows(&ended).expect("the database answers").is_empty(), "it was connected");
    wait::until("the database lets nobody in", BOUND, || {
        keepers(&site).into_iter().all(|process| !process.is_ready()).then_some(())
    })
    .expect("the older password is refused");

    write_url(&site, "second");
    site.wait_ready().expect("it is let in with the new one");
    hand_in(&site, 3);
    assert_eq!(pids(&site), started, "nothing was started again");
    let parked = site.rows("select code from remittance.item").expect("items");
    assert!(parked.is_empty(), "nothing was given to a person: {parked:?}");
}
