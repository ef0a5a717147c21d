// SPDX-License-Identifier: Apache-2.0
//! A log of a few thousand entries with checkpoints that were kept as it grew.

use proof::checkpoint::Checkpoint;
use proof::entry::{Entry, line};
use proof::note::Signer;
use proof::path::Head;
use proof::tree::{Frontier, Hash};
use serde_json::json;

pub const ORIGIN: &str = "revbridge/test/remittance";

pub fn signer() -> Signer {
    Signer::new("revbridge/test", &[5; 32]).expect("a key")
}

/// Canonical bytes and leaf of the entry that the log has under this number.
pub fn entry(number: u64) -> (Vec<u8>, Hash) {
    written(number, i64::try_from(number).expect("small") * 17)
}

/// The same entry with another total, under a number of one's choice.
pub fn written(number: u64, total: i64) -> (Vec<u8>, Hash) {
    let at = format!("2026-11-02T08:{:02}:{:02}.{number:06}Z", number / 60 % 60, number % 60);
    let body = json!({ "total": total, "target": "gl", "rows": 3 });
    let subject = format!("RB-{total:032x}");
    let entry = Entry {
        number,
        at: &at,
        kind: "journal.posted",
        subject: &subject,
        by: "submit-journal",
        body: &body,
    };
    (entry.canonical(), entry.leaf())
}

/// An exported log, line by line.
pub type Lines = Vec<Vec<u8>>;

pub fn lines(entries: u64) -> Lines {
    (1..=entries).map(entry).map(|(bytes, leaf)| line(&bytes, &leaf)).collect()
}

pub fn joined(lines: &[Vec<u8>]) -> Vec<u8> {
    let mut all = lines.join(&b'\n');
    all.push(b'\n');
    all
}

/// Checkpoints at these sizes.
pub fn checkpoints(sizes: &[u64]) -> Vec<Checkpoint> {
    let mut frontier = Frontier::new();
    let mut all = Vec::new();
    for size in sizes {
        while frontier.size() < *size {
            frontier.push(entry(frontier.size() + 1).1);
        }
        let head = Head { size: *size, root: frontier.root() };
        all.push(Checkpoint { origin: ORIGIN.to_owned(), head });
    }
    all
}
