// SPDX-License-Identifier: Apache-2.0
//! Generated and damaged files against an independent judge, when it is beside the workspace.
//! Same sets, same verdicts, same sums, same envelope.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::arbitrary::{count, totals};
use crate::inspect::inspect;
use crate::outcome::{Outcome, read};
use crate::samples::{assert_same, beside_workspace};

const GENERATED: u32 = 500;
const DAMAGED: u32 = 360;

/// Generates all files in one process: the generator is a script that reads its arguments.
const DRIVER: &str = "
import runpy, sys, io, contextlib
script, folder, count, claims, spread = *sys.argv[1:3], *map(int, sys.argv[3:6])
with contextlib.redirect_stderr(io.StringIO()):
    for seed in range(1, count + 1):
        sys.argv = [script, '--bytes', '20000', '--claims', str(claims + seed % spread), '--unbalanced', '0.05',
                    '--seed', str(seed), '--newline', str(seed % 2), '-o', f'{folder}/{seed:04}.835']
        if seed % 5 == 0: sys.argv.append('--isa-per-st')
        runpy.run_path(script, run_name='__main__')
";

fn python(arguments: &[&str]) -> bool {
    let output = Command::new("python3").args(arguments).output();
    let Ok(output) = output else {
        println!("skipped: python3 is not installed");
        return false;
    };
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "python3: {error}");
    true
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

fn generate(oracle: &Path, folder: &Path, files: u32, claims: [&str; 2]) -> Option<Vec<PathBuf>> {
    let script = oracle.join("gen835.py");
    let [claims, spread] = claims;
    let arguments = [text(&script), text(folder), &files.to_string(), claims, spread];
    python(&[&["-c", DRIVER], &arguments[..]].concat()).then_some(())?;
    let names = (1..=files).map(|seed| folder.join(format!("{seed:04}.835")));
    Some(names.collect())
}

fn assert_sets(name: &str, judged: &[Value], outcome: &Outcome) {
    assert_eq!(judged.len(), outcome.sets.len(), "{name}: sets");
    for (theirs, ours) in judged.iter().zip(&outcome.sets) {
        assert_same(name, theirs, ours);
    }
}

#[test]
fn generated_files_are_judged_like_the_independent_checker_does() {
    let Some(oracle) = beside_workspace("oracle") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let Some(files) = generate(&oracle, folder.path(), GENERATED, ["15", "40"]) else { return };
    let (checker, out) = (oracle.join("check835.py"), folder.path().join("verdicts.json"));
    let json = format!("--json={}", text(&out));
    let mut arguments = vec![text(&checker), &json];
    arguments.extend(files.iter().map(|file| text(file)));
    python(&arguments);
    let verdicts: Vec<Value> =
        serde_json::from_slice(&std::fs::read(out).expect("verdicts")).expect("JSON");
    let mut judged: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for verdict in verdicts {
        let file = verdict["file"].as_str().expect("a file").to_owned();
        judged.entry(file).or_default().push(verdict);
    }
    let (mut sets, mut off) = (0, 0);
    for file in &files {
        let bytes = std::fs::read(file).expect("a file");
        let outcome = read(&bytes);
        assert_sets(text(file), &judged[text(file)], &outcome);
        assert!(outcome.summary.envelope, "{file:?}");
        assert_eq!(count(&bytes, 4096), totals(&outcome), "{file:?}: the independent count");
        sets += outcome.sets.len();
        off += outcome.sets.iter().filter(|set| !set.balanced).count();
    }
    assert!(sets > 500 && off > 100 && off < sets, "{sets} sets, {off} off");
}

#[test]
fn damaged_files_are_judged_like_the_independent_checker_does() {
    let Some(oracle) = beside_workspace("oracle") else { return };
    let Some(samples) = beside_workspace("samples/835") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    // One set per file: the judge loses a set whose SE is missing when another follows it.
    let claims = ["60", "40"];
    let Some(mut files) = generate(&oracle, folder.path(), 40, claims) else { return };
    let samples = std::fs::read_dir(samples).expect("a folder");
    files.extend(samples.map(|entry| entry.expect("an entry").path()));
    files.sort();
    let (mutator, out) = (oracle.join("mutate835.py"), folder.path().join("damaged"));
    let count = DAMAGED.to_string();
    let mut arguments = vec![text(&mutator), text(&out), "7", &count];
    arguments.extend(files.iter().map(|file| text(file)));
    python(&arguments);
    let verdicts: Vec<Value> =
        serde_json::from_slice(&std::fs::read(out.join("verdicts.json")).expect("verdicts"))
            .expect("JSON");
    assert_eq!(verdicts.len(), DAMAGED as usize);
    for verdict in verdicts {
        let name = verdict["file"].as_str().expect("a file");
        let bytes = std::fs::read(out.join(name)).expect("a file");
        let outcome = read(&bytes);
        let judged = verdict["sets"].as_array().expect("sets");
        assert_sets(name, judged, &outcome);
        let whole = verdict["envelope"] == "whole";
        assert_eq!(whole, outcome.summary.envelope, "{name}: {:?}", outcome.codes);
        let (reports, _) = inspect(name, &bytes);
        assert_eq!(whole, reports.iter().all(|report| report.envelope), "{name}: inspect");
        assert_eq!(judged.len(), reports.len(), "{name}: inspect");
    }
}
