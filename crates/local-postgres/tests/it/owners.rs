// SPDX-License-Identifier: Apache-2.0
//! Who stops the server: its owner, the watchdog of a dead owner, never a borrower. The owner that
//! dies is this test program, run once more as another process.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use local_postgres::{Cluster, Settings, Tenure, private_directory};

use crate::value;

const PLACE: &str = "LOCAL_POSTGRES_TEST_PLACE";
const WAIT_MAX: Duration = Duration::from_secs(30);
const HOUR: Duration = Duration::from_secs(3600);

/// Not a test of its own: holds a cluster open until it is killed, when another test asks for it.
#[test]
fn holder_for_the_tests_beside_it() {
    let Some(place) = std::env::var_os(PLACE) else { return };
    let cluster = match place.to_str() {
        Some("temporary") => Cluster::temporary().unwrap(),
        _ => Cluster::open(Settings::at(PathBuf::from(place))).unwrap(),
    };
    println!("\nholding {} {}", cluster.postmaster_pid().unwrap(), cluster.directory().display());
    loop {
        std::thread::park();
    }
}

struct Holder {
    process: Child,
    postmaster: u32,
    directory: PathBuf,
}

impl Holder {
    fn start(place: &Path) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "owners::holder_for_the_tests_beside_it", "--nocapture"])
            .env(PLACE, place)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = lines.find_map(|line| line.unwrap().strip_prefix("holding ").map(str::to_owned));
        let line = line.expect("the holder says what it holds");
        let (pid, directory) = line.split_once(' ').unwrap();
        Holder { process, postmaster: pid.parse().unwrap(), directory: directory.into() }
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < WAIT_MAX, "{what} did not come about");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_cluster_that_another_process_owns_is_borrowed_and_goes_on_when_given_back() {
    let place = private_directory("rb-test-").unwrap();
    let directory = place.path().join("postgres");
    let mut holder = Holder::start(&directory);
    let borrowed = Cluster::open(Settings::at(&directory)).unwrap();
    assert_eq!(borrowed.tenure(), Tenure::Borrowed);
    assert_eq!(value(&borrowed, "postgres", "select 1"), "1");
    borrowed.stop().unwrap();

    let again = Cluster::open(Settings::at(&directory)).unwrap();
    assert_eq!(again.tenure(), Tenure::Borrowed);
    assert!(again.answers());
    holder.kill();
    wait_until("the end of the dead owner's server", || !again.answers());
}

#[test]
fn after_its_owner_was_killed_a_cluster_can_be_opened_at_once_and_has_every_row() {
    let place = private_directory("rb-test-").unwrap();
    let directory = place.path().join("postgres");
    let mut holder = Holder::start(&directory);
    let borrowed = Cluster::open(Settings::at(&directory)).unwrap();
    borrowed.execute("postgres", "create table t as select 42 as n").unwrap();
    holder.kill();
    // The watchdog may still be stopping the server: opening waits for that.
    let cluster = Cluster::open(Settings::at(&directory)).unwrap();
    assert_eq!(cluster.tenure(), Tenure::Owned);
    assert_eq!(value(&cluster, "postgres", "select n from t"), "42");
}

#[test]
fn a_temporary_cluster_goes_with_its_killed_owner() {
    let mut holder = Holder::start(Path::new("temporary"));
    assert!(holder.directory.exists());
    holder.kill();
    wait_until("the removal of the directory", || !holder.directory.exists());
    if Path::new("/proc/self").exists() {
        let process = PathBuf::from(format!("/proc/{}", holder.postmaster));
        wait_until("the end of the server", || !process.exists());
    }
}

#[test]
fn what_a_power_cut_left_behind_goes_at_the_next_call_and_what_is_in_use_stays() {
    // The place where temporary clusters are made.
    let in_use = Cluster::temporary().unwrap();
    let place = in_use.directory().parent().unwrap();
    let made_long_ago = |directory: &Path| {
        let lock = File::create(directory.join("owner.lock")).unwrap();
        lock.set_modified(SystemTime::now() - HOUR).unwrap();
        lock
    };
    let left_behind = tempfile::Builder::new().prefix("rb-pg-").tempdir_in(place).unwrap().keep();
    drop(made_long_ago(&left_behind));
    let empty = tempfile::Builder::new().prefix("rb-pg-").tempdir_in(place).unwrap().keep();
    File::open(&empty).unwrap().set_modified(SystemTime::now() - HOUR).unwrap();
    let locked = tempfile::Builder::new().prefix("rb-pg-").tempdir_in(place).unwrap();
    let lock = made_long_ago(locked.path());
    lock.try_lock().unwrap();
    File::open(in_use.directory().join("owner.lock"))
        .and_then(|lock| lock.set_modified(SystemTime::now() - HOUR))
        .unwrap();

    let another = Cluster::temporary().unwrap();
    assert!(!left_behind.exists());
    assert!(!empty.exists());
    assert!(locked.path().exists());
    assert!(in_use.answers() && another.answers());
}
