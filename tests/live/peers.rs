// SPDX-License-Identifier: Apache-2.0
//! The real ERP as a person starts it with `cargo xtask peers`: what it prints is true, and Ctrl-C
//! leaves nothing of it.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use system_erp::registry::Adapter;
use tests::{programs, wait};

use crate::erp::DAY;

const END_BOUND: Duration = Duration::from_secs(60);

/// Does not outlive the test, however that ends.
pub struct Peer {
    program: Child,
    /// Its last words need somebody who could read them.
    _output: BufReader<ChildStdout>,
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

impl Peer {
    /// Started as `cargo xtask peers tryton` does, and what it has printed once it answers.
    pub fn tryton(arguments: &[&str]) -> (Self, Vec<String>) {
        let program = programs::binary("revbridge-peers").expect("it is built");
        let mut command = Command::new(program);
        command.arg("tryton").args(arguments).stdout(Stdio::piped());
        let mut program = command.spawn().expect("it starts");
        let mut output = BufReader::new(program.stdout.take().expect("its output"));
        let mut printed = Vec::new();
        for line in output.by_ref().lines() {
            let line = line.expect("text");
            let is_last = line.contains("--out DIR");
            printed.push(line);
            if is_last {
                break;
            }
        }
        (Self { program, _output: output }, printed)
    }
}

#[test]
fn a_peer_for_people_says_how_it_is_reached_and_ends_with_ctrl_c() {
    let (mut peer, printed) = Peer::tryton(&["--date", &DAY.to_string()]);
    let block: Vec<&str> = printed.iter().filter_map(|line| line.strip_prefix("  ")).collect();
    let first = block.iter().position(|line| *line == "[[erp]]").expect("what to configure");
    let block = block[first..first + 7].join("\n");
    let mut config: toml::Table = toml::from_str(&block).expect("it is TOML");
    let erp = config["erp"][0].as_table_mut().expect("an instance");
    assert_eq!(erp.remove("name"), Some("tryton".into()));
    let url = erp["url"].as_str().expect("an address").to_owned();
    let key_file = erp["key"]["file"].as_str().expect("a file").to_owned();
    let adapter: Adapter = erp.clone().try_into().expect("an adapter takes it");
    assert!(matches!(adapter, Adapter::Tryton(_)));

    let key = std::fs::read_to_string(&key_file).expect("the key");
    let ask = || {
        ureq::get(&format!("{url}/rest/model/company.company"))
            .header("Authorization", &format!("Bearer {}", key.trim()))
            .call()
    };
    let companies = ask().expect("it answers").body_mut().read_to_string().expect("a body");
    assert_eq!(companies.matches("\"id\"").count(), 3, "{companies}");

    let interrupt = ["-INT", &peer.program.id().to_string()];
    assert!(Command::new("kill").args(interrupt).status().expect("kill").success());
    let status = wait::until("it ends", END_BOUND, || peer.program.try_wait().ok().flatten());
    assert!(status.expect("in time").success());
    assert!(ask().is_err(), "nothing listens any more");
    assert!(!Path::new(&key_file).exists());
}
