// SPDX-License-Identifier: Apache-2.0
//! The simulated ERP as a process: what it answered is still there after it was killed.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

const REFERENCE: &str = r#"
entities = [{ code = "E1", name = "North", currency = "USD" }]
accounts = [{ code = "1090", name = "Clearing", nature = "asset" }]
periods = [{ entity = "E1", period = "P1", from = "2026-11-01", to = "2026-11-30", status = "open" }]
[dimensions]
"#;

struct Erp {
    process: Child,
    address: String,
}

impl Drop for Erp {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn start(folder: &Path) -> Erp {
    let reference = folder.join("reference.toml");
    std::fs::write(&reference, REFERENCE).expect("reference data");
    let mut process = Command::new(env!("CARGO_BIN_EXE_revbridge-simulator-erp"))
        .args(["--mode", "keyless", "--book"])
        .arg(folder.join("erp.book"))
        .arg("--reference")
        .arg(reference)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    let output = process.stdout.take().expect("an output");
    BufReader::new(output).read_line(&mut line).expect("a first line");
    let address = line.trim().strip_prefix("listening on ").expect("an address").to_string();
    Erp { process, address }
}

fn post(erp: &Erp, reference: &str) -> String {
    let body = format!(
        r#"{{"reference":"{reference}","entity":"E1","date":"2026-11-20","period":"P1",
        "currency":"USD","lines":[{{"account":"1090","debit":"1.00"}},
        {{"account":"1090","credit":"1.00"}}]}}"#
    );
    let mut stream = TcpStream::connect(&erp.address).expect("a connection");
    let head = "POST /api/journals HTTP/1.1\r\nhost: erp\r\nconnection: close\r\n";
    write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len()).expect("it is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[test]
fn what_was_answered_survives_a_kill() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut erp = start(folder.path());
    assert!(post(&erp, "R1").starts_with("HTTP/1.1 201"));
    erp.process.kill().expect("killed");
    erp.process.wait().expect("gone");
    let erp = start(folder.path());
    assert!(post(&erp, "R2").starts_with("HTTP/1.1 201"));
    let book = simulator::erp::book::read(&folder.path().join("erp.book")).expect("a book");
    let references: Vec<&str> =
        book.posted.iter().map(|document| document.journal.reference.as_str()).collect();
    assert_eq!(references, ["R1", "R2"]);
}

#[test]
fn it_ends_by_itself_when_it_is_asked_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut erp = start(folder.path());
    let asked = Command::new("kill").arg(erp.process.id().to_string()).status();
    assert!(asked.expect("kill runs").success());
    assert!(erp.process.wait().expect("it ends").success());
}
