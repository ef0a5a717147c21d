// SPDX-License-Identifier: Apache-2.0
//! What a layer must not reach for, beyond what its manifest can say: files, sockets, the vault.
//! A crate gets at these over a port, or has no business with them.

use crate::source::{Parts, numbered, words};
use crate::tree::{File, HERE, assert_bites, assert_none};

/// Names that mean a file, a process, the environment or a connection of one's own.
const OUTSIDE: [&str; 11] = [
    "std::fs",
    "std::net",
    "std::process",
    "std::env",
    "tokio::fs",
    "tokio::net",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "UnixStream",
    "UnixListener",
];

fn source_of(files: &[File], is_meant: impl Fn(&str) -> bool) -> impl Iterator<Item = &File> {
    files.iter().filter(move |file| {
        file.has_extension("rs")
            && file.path.contains("/src/")
            && file.package().is_some_and(&is_meant)
    })
}

/// The pure crates read and write nothing; tests beside them may read their own cases.
fn reaching_outside(files: &[File]) -> Vec<String> {
    let pure = |package: &str| matches!(package, "model" | "interchange" | "ports");
    let mut complaints = Vec::new();
    for file in source_of(files, pure).filter(|file| !file.path.contains("tests")) {
        for (number, line) in numbered(&Parts::of(&file.text).code) {
            let tight = line.replace(' ', "");
            if let Some(name) = OUTSIDE.iter().find(|name| tight.contains(*name)) {
                complaints.push(format!("{}:{number}: pure, and reaches for {name}", file.path));
            }
        }
    }
    complaints
}

/// Connections to somebody else's system belong to `outbound`; the database's to `store`.
fn own_connections(files: &[File]) -> Vec<String> {
    let inside = |package: &str| {
        package.starts_with("process-")
            || package.starts_with("experience-")
            || package.starts_with("system-")
            || matches!(package, "posting" | "intake")
    };
    let mut complaints = Vec::new();
    for file in source_of(files, inside).filter(|file| !file.path.contains("tests")) {
        for (number, line) in numbered(&Parts::of(&file.text).code) {
            let sockets = ["TcpStream", "UdpSocket", "UnixStream", "ToSocketAddrs"];
            if let Some(socket) = words(line).find(|word| sockets.contains(word)) {
                complaints.push(format!("{}:{number}: a connection: {socket}", file.path));
            }
        }
    }
    complaints
}

/// A process sees tokens alone: it does not name the vault that turns them back.
fn processes_at_the_vault(files: &[File]) -> Vec<String> {
    let blind = |package: &str| {
        package.starts_with("process-")
            || matches!(package, "posting" | "workflow" | "system-erp" | "outbound")
    };
    let mut complaints = Vec::new();
    for file in source_of(files, blind) {
        for (number, line) in numbered(&Parts::of(&file.text).code) {
            let names = ["vault", "Vault", "reveal", "Clear"];
            if let Some(name) = words(line).find(|word| names.contains(word)) {
                complaints.push(format!("{}:{number}: at the vault: {name}", file.path));
            }
        }
    }
    complaints
}

/// Where something of a patient may be looked at: made a token, sealed, shown to who may see it.
const EXPOSING: [&str; 6] = [
    "crates/model/src/token.rs",
    "crates/intake/src/tokens.rs",
    "crates/intake/src/screen.rs",
    "crates/store/src/vault.rs",
    "crates/rpc/src/api/reveal.rs",
    "crates/experience-gateway/src/desk/reveal.rs",
];

/// `Phi::expose` is called where the map of patient data says, and by tests.
fn exposing_elsewhere(files: &[File]) -> Vec<String> {
    let is_test = |path: &str| path.contains("/tests/") || path.contains("/tests.rs");
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.has_extension("rs")) {
        let path = file.path.as_str();
        if path.starts_with("tests/") || is_test(path) || EXPOSING.contains(&path) {
            continue;
        }
        for (number, line) in numbered(&Parts::of(&file.text).code) {
            if words(line).any(|word| word == "expose") {
                complaints.push(format!("{path}:{number}: exposes what is of a patient"));
            }
        }
    }
    complaints
}

#[test]
fn the_pure_crates_reach_for_no_file_socket_process_or_environment() {
    assert_none(&reaching_outside(&HERE.files));
}

#[test]
fn nothing_but_outbound_opens_a_connection_to_the_outside() {
    assert_none(&own_connections(&HERE.files));
}

#[test]
fn a_process_sees_no_patient() {
    assert_none(&processes_at_the_vault(&HERE.files));
}

#[test]
fn what_is_of_a_patient_is_exposed_where_it_may_be_and_nowhere_else() {
    assert_none(&exposing_elsewhere(&HERE.files));
}

#[test]
fn a_planted_look_at_a_patient_is_named() {
    let text = "tracing::info!(\"{}\", claim.patient.expose(Reason::Test));\n";
    let file = File::new("crates/intake/src/read_document.rs", text);
    assert_bites(&exposing_elsewhere(&[file]), &["crates/intake/src/read_document.rs:1"]);
}

#[test]
fn a_planted_file_read_in_the_model_is_named() {
    let file = File::new("crates/model/src/chart.rs", "\nlet t = std::fs::read(\"chart.csv\");\n");
    assert_bites(&reaching_outside(&[file]), &["crates/model/src/chart.rs:2", "std::fs"]);
}

#[test]
fn a_planted_socket_in_an_adapter_is_named() {
    let text = "let peer = tokio::net::TcpStream::connect(address).await;\n";
    let file = File::new("crates/system-erp/src/fusion/client.rs", text);
    assert_bites(&own_connections(&[file]), &["fusion/client.rs:1", "TcpStream"]);
}

#[test]
fn a_planted_look_into_the_vault_by_a_process_is_named() {
    let file = File::new("crates/process-oversight/src/search.rs", "use ports::vault::Vault;\n");
    assert_bites(&processes_at_the_vault(&[file]), &["process-oversight/src/search.rs:1"]);
}
