// SPDX-License-Identifier: Apache-2.0
//! A thousand random tampers with a log, each found, by the library and, for each kind, by the program
//! itself; and the log that nobody tampered with, which is proven.

use std::fs;
use std::process::{Command, Output};

use proof::entry::line;
use proof::verify::{Difference, LINE_BYTES_MAX, Report, Witnessed, verify};
use serde_json::Value;

use crate::world::{Lines, checkpoints, entry, joined, lines, signer, written};

const ENTRIES: u64 = 600;
/// The last one covers every entry.
const SIZES: [u64; 5] = [1, 100, 257, 513, ENTRIES];

struct Dice(u64);

impl Dice {
    fn below(&mut self, below: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    fn place(&mut self, below: usize) -> usize {
        usize::try_from(self.below(below as u64)).expect("small")
    }
}

const KINDS: [&str; 9] = [
    "bit flipped",
    "entry dropped",
    "entries swapped",
    "tail cut",
    "rewritten with its hash",
    "rewritten with every hash after it",
    "entry put in",
    "dropped and renumbered",
    "body edited",
];

/// The log after a tamper of this kind, or `None` where the dice made it the same log.
fn tampered(kind: usize, log: &Lines, dice: &mut Dice) -> Option<Vec<u8>> {
    let mut lines = log.clone();
    let place = dice.place(lines.len());
    let number = place as u64 + 1;
    match kind {
        0 => {
            let mut bytes = joined(&lines);
            // The end of the last line is no part of the log.
            let byte = dice.place(bytes.len() - 1);
            bytes[byte] ^= 1 << dice.below(8);
            return Some(bytes);
        }
        1 => drop(lines.remove(place)),
        2 => {
            let other = dice.place(lines.len());
            if other == place {
                return None;
            }
            lines.swap(place, other);
        }
        3 => lines.truncate(place),
        4 | 5 => {
            // Whoever can write the database can write the hash that stands beside the entry, too.
            let (bytes, leaf) = written(number, -1 - i64::try_from(dice.below(1_000)).ok()?);
            lines[place] = line(&bytes, &leaf);
            if kind == 5 {
                for (later, slot) in lines.iter_mut().enumerate().skip(place + 1) {
                    let (bytes, leaf) = written(later as u64 + 1, -5);
                    *slot = line(&bytes, &leaf);
                }
            }
        }
        6 | 7 => {
            lines.truncate(place);
            if kind == 6 {
                let (bytes, leaf) = written(number, -7);
                lines.push(line(&bytes, &leaf));
            }
            // What follows gets the numbers and hashes that fit.
            let (mut next, skipped) = (lines.len() as u64 + 1, if kind == 6 { 0 } else { 1 });
            for old in number + skipped..=ENTRIES {
                let (bytes, leaf) = written(next, i64::try_from(old).ok()? * 17);
                lines.push(line(&bytes, &leaf));
                next += 1;
            }
        }
        _ => {
            let text = String::from_utf8(lines[place].clone()).expect("text");
            lines[place] = text.replacen("\"rows\":3", "\"rows\":4", 1).into_bytes();
        }
    }
    Some(joined(&lines))
}

fn judged(log: &[u8], sizes: &[u64]) -> Report {
    let witnessed = Witnessed::new(checkpoints(sizes)).expect("checkpoints of one log");
    verify(log, &witnessed, LINE_BYTES_MAX).expect("a slice can be read")
}

#[test]
fn a_thousand_tampers_are_found_and_the_log_itself_is_proven() {
    let log = lines(ENTRIES);
    let whole = joined(&log);
    let control = judged(&whole, &SIZES);
    assert_eq!((control.difference, control.proven, control.unproven), (None, ENTRIES, 0));
    assert_eq!(control.checkpoints, SIZES.len() as u64);
    let witnessed = Witnessed::new(checkpoints(&SIZES)).expect("checkpoints of one log");
    let mut dice = Dice(20_261_102);
    let mut found = [0_u32; KINDS.len()];
    let mut tampers = 0;
    while tampers < 1_000 {
        let kind = tampers % KINDS.len();
        let Some(bytes) = tampered(kind, &log, &mut dice) else { continue };
        if bytes == whole {
            continue;
        }
        let report = verify(bytes.as_slice(), &witnessed, LINE_BYTES_MAX).expect("readable");
        assert!(report.difference.is_some(), "{} ({tampers}): {report:?}", KINDS[kind]);
        found[kind] += 1;
        tampers += 1;
    }
    let told: Vec<String> =
        KINDS.iter().zip(found).map(|(kind, times)| format!("{times} {kind}")).collect();
    println!("1,000 of 1,000 tampers found: {}", told.join(", "));
}

#[test]
fn the_place_of_the_first_difference_is_said() {
    let log = lines(ENTRIES);
    let sizes = [100, 300, ENTRIES];
    let mut edited = log.clone();
    let text = String::from_utf8(edited[149].clone()).expect("text");
    edited[149] = text.replacen("\"rows\":3", "\"rows\":4", 1).into_bytes();
    let altered = Some(Difference::Altered { number: 150 });
    assert_eq!(judged(&joined(&edited), &sizes).difference, altered);

    let mut rewritten = log.clone();
    let (bytes, leaf) = written(150, -1);
    rewritten[149] = line(&bytes, &leaf);
    let between = Some(Difference::Rewritten { first: 101, last: 300 });
    assert_eq!(judged(&joined(&rewritten), &sizes).difference, between);

    let mut dropped = log.clone();
    dropped.remove(149);
    let number = Some(Difference::Number { line: 150, expected: 150, found: 151 });
    assert_eq!(judged(&joined(&dropped), &sizes).difference, number);

    let cut = Some(Difference::CutOff { entries: 400, expected: ENTRIES });
    assert_eq!(judged(&joined(&log[..400]), &sizes).difference, cut);

    let mut two = checkpoints(&sizes);
    two.push(two[1].clone());
    two[1].head.root[0] ^= 1;
    let forked = Witnessed::new(two).expect("checkpoints of one log");
    let report = verify(joined(&log).as_slice(), &forked, LINE_BYTES_MAX).expect("readable");
    assert_eq!(report.difference, Some(Difference::Forked { size: 300 }));
}

#[test]
fn a_line_beyond_the_limit_is_refused_and_never_held() {
    let mut bytes = joined(&lines(2));
    bytes.extend(std::iter::repeat_n(b'x', 1 << 20));
    let witnessed = Witnessed::new(checkpoints(&[3])).expect("a checkpoint");
    let report = verify(bytes.as_slice(), &witnessed, 10_000).expect("readable");
    let why = "it is longer than --line-bytes-max";
    assert_eq!(report.difference, Some(Difference::Unreadable { line: 3, why }));
}

/// A folder as an auditor gets it.
struct Case {
    folder: tempfile::TempDir,
}

impl Case {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("checkpoints")).expect("a folder");
        for checkpoint in checkpoints(&SIZES) {
            let note = checkpoint.sign(&signer()).expect("signed");
            let name = format!("{}.note", checkpoint.head.size);
            fs::write(folder.path().join("checkpoints").join(name), note).expect("written");
        }
        let key = signer().verifier().to_string();
        fs::write(folder.path().join("log.key"), key).expect("written");
        Self { folder }
    }

    fn judge(&self, log: &[u8], more: &[&str]) -> Output {
        fs::write(self.folder.path().join("log.ndjson"), log).expect("written");
        Command::new(env!("CARGO_BIN_EXE_revbridge-verify"))
            .args(["log", "--log", "log.ndjson", "--checkpoints", "checkpoints"])
            .args(["--key", "log.key"])
            .args(more)
            .current_dir(self.folder.path())
            .output()
            .expect("the program runs")
    }
}

#[test]
fn the_program_finds_a_dozen_tampers_and_proves_the_rest() {
    let case = Case::new();
    let log = lines(ENTRIES);
    let sound = case.judge(&joined(&log), &["--json"]);
    assert_eq!(sound.status.code(), Some(0), "{sound:?}");
    let told: Value = serde_json::from_slice(&sound.stdout).expect("JSON");
    assert_eq!((&told["proven"], &told["difference"]), (&ENTRIES.into(), &Value::Null));
    let mut dice = Dice(7);
    let mut found = 0;
    for kind in (0..KINDS.len()).chain(0..KINDS.len()) {
        let Some(bytes) = tampered(kind, &log, &mut dice) else { continue };
        let output = case.judge(&bytes, &["--json"]);
        let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert!(told["difference"]["kind"].is_string(), "{}: {told}", KINDS[kind]);
        assert_eq!(output.status.code(), Some(1), "{}", KINDS[kind]);
        found += 1;
    }
    assert!(found >= 12, "only {found}");
}

#[test]
fn what_cannot_be_read_is_neither_proven_nor_called_altered() {
    let case = Case::new();
    let log = joined(&lines(ENTRIES));
    fs::write(case.folder.path().join("log.key"), "no key").expect("written");
    assert_eq!(case.judge(&log, &[]).status.code(), Some(2), "a key that is none");
    let other = proof::note::Signer::new("revbridge/test", &[6; 32]).expect("a key").verifier();
    fs::write(case.folder.path().join("log.key"), other.to_string()).expect("written");
    let refused = case.judge(&log, &[]);
    assert_eq!(refused.status.code(), Some(2), "another key");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("not signed by"), "{refused:?}");
    let (bytes, leaf) = entry(1);
    assert_eq!(leaf, proof::tree::leaf(&bytes));
}
