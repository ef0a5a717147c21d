// SPDX-License-Identifier: Apache-2.0
//! Created, used, stopped, killed, recovered.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use local_postgres::{Cluster, Error, Settings, Tenure, private_directory};

use crate::value;

#[test]
fn a_new_cluster_answers_and_keeps_its_rows_over_a_stop_and_a_start() {
    let place = private_directory("rb-test-").unwrap();
    let settings = Settings::at(place.path().join("postgres"));
    let cluster = Cluster::open(settings.clone()).unwrap();
    assert_eq!(cluster.tenure(), Tenure::Owned);
    cluster.ensure_database("books").unwrap();
    cluster.ensure_database("books").unwrap();
    cluster
        .execute("books", "create table entry (cents bigint); insert into entry values (12345)")
        .unwrap();
    cluster.stop().unwrap();

    let cluster = Cluster::open(settings).unwrap();
    assert_eq!(value(&cluster, "books", "select cents from entry"), "12345");
    cluster.stop().unwrap();
}

#[test]
fn commits_wait_for_the_disk_and_no_tcp_port_is_opened() {
    let cluster = Cluster::temporary().unwrap();
    assert_eq!(value(&cluster, "postgres", "show fsync"), "on");
    assert_eq!(value(&cluster, "postgres", "show listen_addresses"), "");
    assert_eq!(value(&cluster, "postgres", "show server_encoding"), "UTF8");
    let mode = fs::metadata(cluster.socket_directory()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn the_log_shows_no_statement_and_no_value() {
    let cluster = Cluster::temporary().unwrap();
    cluster.execute("postgres", "create table t (id text primary key)").unwrap();
    cluster.execute("postgres", "insert into t values ('canary-7731')").unwrap();
    let again = cluster.execute("postgres", "insert into t values ('canary-7731')");
    assert!(matches!(again, Err(Error::Refused { sqlstate, .. }) if sqlstate == "23505"));
    let log = fs::read_to_string(cluster.log_path()).unwrap();
    assert!(log.contains("duplicate key"), "the error itself is logged: {log}");
    assert!(!log.contains("canary-7731"), "{log}");
}

#[test]
fn a_killed_server_recovers_with_every_confirmed_row() {
    let place = private_directory("rb-test-").unwrap();
    let cluster = Cluster::open(Settings::at(place.path().join("postgres"))).unwrap();
    cluster.execute("postgres", "create table entry (n int)").unwrap();
    for round in 1..=3 {
        cluster.execute("postgres", &format!("insert into entry values ({round})")).unwrap();
        let url = cluster.database_url("postgres");
        cluster.kill().unwrap();
        assert!(!cluster.answers());
        cluster.recover().unwrap();
        assert_eq!(cluster.database_url("postgres"), url);
        assert_eq!(value(&cluster, "postgres", "select count(*) from entry"), round.to_string());
    }
}

#[test]
fn data_of_another_major_version_is_refused_with_the_cure() {
    let place = private_directory("rb-test-").unwrap();
    let settings = Settings::at(place.path().join("postgres"));
    Cluster::open(settings.clone()).unwrap().stop().unwrap();
    fs::write(settings.directory.join("data/PG_VERSION"), "9\n").unwrap();
    let error = Cluster::open(settings).unwrap_err();
    assert!(matches!(error, Error::MajorMismatch { created_by: 9, .. }), "{error}");
    assert!(error.to_string().contains("Install Postgres 9"), "{error}");
}

#[test]
fn a_directory_with_something_else_in_it_is_left_alone() {
    let place = private_directory("rb-test-").unwrap();
    fs::write(place.path().join("letter.txt"), "not yours").unwrap();
    let error = Cluster::open(Settings::at(place.path())).unwrap_err();
    assert!(matches!(error, Error::NotOurs { .. }), "{error}");
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
}

#[test]
fn a_path_too_long_for_a_socket_gets_one_elsewhere() {
    let place = private_directory("rb-test-").unwrap();
    let long = place.path().join("a long name, with a comma ".repeat(5)).join("postgres");
    let cluster = Cluster::open(Settings::at(&long)).unwrap();
    let socket_directory = cluster.socket_directory().to_path_buf();
    assert!(!socket_directory.starts_with(&long), "{}", socket_directory.display());
    assert_eq!(value(&cluster, "postgres", "select 1"), "1");
    cluster.stop().unwrap();
    assert!(!socket_directory.exists());
}

#[test]
fn clusters_run_side_by_side_and_know_nothing_of_each_other() {
    let (left, right) = std::thread::scope(|scope| {
        let left = scope.spawn(|| Cluster::temporary().unwrap());
        let right = scope.spawn(|| Cluster::temporary().unwrap());
        (left.join().unwrap(), right.join().unwrap())
    });
    left.execute("postgres", "create table only_left (n int)").unwrap();
    let answer = right.execute("postgres", "select * from only_left");
    assert!(matches!(answer, Err(Error::Refused { sqlstate, .. }) if sqlstate == "42P01"));
}

#[test]
fn a_temporary_cluster_leaves_nothing_behind() {
    let cluster = Cluster::temporary().unwrap();
    let directory = cluster.directory().to_path_buf();
    let pid = cluster.postmaster_pid().unwrap();
    assert!(directory.exists());
    drop(cluster);
    assert!(!directory.exists());
    assert!(!fs::exists(format!("/proc/{pid}")).unwrap());
}

#[test]
fn a_database_is_copied_and_dropped_while_connected() {
    let cluster = Cluster::shared_for_tests().unwrap();
    cluster.ensure_database("template \"odd\" name").unwrap();
    cluster.execute("template \"odd\" name", "create table t as select 7 as n").unwrap();
    cluster.copy_database("template \"odd\" name", "copy_of_odd").unwrap();
    assert_eq!(value(cluster, "copy_of_odd", "select n from t"), "7");
    cluster.drop_database("copy_of_odd").unwrap();
    assert!(cluster.query("copy_of_odd", "select 1").is_err());
}

#[test]
fn a_throw_away_cluster_begins_as_a_copy_of_a_stopped_one() {
    let place = private_directory("rb-test-").unwrap();
    let directory = place.path().join("postgres");
    let cluster = Cluster::open(Settings::at(&directory)).unwrap();
    cluster
        .execute("postgres", "create table entry (n int); insert into entry values (7)")
        .unwrap();
    cluster.stop().unwrap();

    let one = Cluster::temporary_copy(&directory.join("data")).unwrap();
    let other = Cluster::temporary_copy(&directory.join("data")).unwrap();
    one.execute("postgres", "update entry set n = 8").unwrap();
    assert_eq!(value(&one, "postgres", "select n from entry"), "8");
    assert_eq!(value(&other, "postgres", "select n from entry"), "7");
    let copied = one.directory().to_path_buf();
    one.stop().unwrap();
    assert!(!copied.exists(), "a copy goes when it ends");
    assert!(directory.join("data/PG_VERSION").is_file(), "what was copied stays");
}
