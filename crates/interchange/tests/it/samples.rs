// SPDX-License-Identifier: Apache-2.0
//! Public 835 files beside the workspace, judged by an independent checker, when they are there.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::outcome::{Set, read};

/// A folder beside the workspace, or one line that says it is absent.
pub fn beside_workspace(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(name);
    if !path.exists() {
        // Past the test runner, which keeps what a passing test prints to itself.
        let _ = writeln!(std::io::stderr(), "absent: {name} is not beside the workspace");
        return None;
    }
    Some(path)
}

/// Two decimals and no superfluous ones, so that texts of equal amounts are equal.
pub fn canonical(amount: &str) -> String {
    let minor = model::money::parse_minor(amount.as_bytes()).expect("an amount of the judge");
    model::money::decimal(minor)
}

fn text<'a>(verdict: &'a Value, key: &str) -> Option<&'a str> {
    verdict.get(key).and_then(Value::as_str)
}

/// Panics where the reader's set is not what the judge says of it.
pub fn assert_same(context: &str, judged: &Value, read: &Set) {
    let problems = judged["problems"].as_array().expect("problems");
    assert_eq!(text(judged, "st").unwrap_or_default(), read.st, "{context}: control number");
    assert_eq!(problems.is_empty(), read.balanced, "{context}: {problems:?} {:?}", read.codes);
    for (key, ours) in [("bpr02", &read.total), ("sumclp", &read.sum_clp04), ("plb", &read.sum_plb)]
    {
        if let Some(theirs) = text(judged, key) {
            assert_eq!(Some(&canonical(theirs)), ours.as_ref(), "{context}: {key}");
        }
    }
    for (key, ours) in [("claims", read.claims), ("lines", read.lines)] {
        if let Some(theirs) = judged.get(key).and_then(Value::as_u64) {
            assert_eq!(theirs, ours, "{context}: {key}");
        }
    }
    for (key, code) in [("L1", "BAL-L1"), ("L2", "BAL-L2")] {
        if let Some(theirs) = judged.get(key).and_then(Value::as_u64) {
            let ours = read.codes.iter().filter(|&&found| found == code).count();
            assert_eq!(theirs, ours as u64, "{context}: {code}");
        }
    }
}

#[test]
fn every_public_sample_is_judged_like_the_independent_checker_does() {
    let (Some(samples), Some(verdicts)) =
        (beside_workspace("samples/835"), beside_workspace("oracle/verdicts-835.json"))
    else {
        return;
    };
    let judged: Vec<Value> =
        serde_json::from_slice(&std::fs::read(verdicts).expect("verdicts")).expect("JSON");
    let files: std::collections::BTreeSet<_> =
        judged.iter().filter_map(|verdict| text(verdict, "file")).collect();
    assert!(files.len() > 40, "all samples are compared");
    for file in files {
        let name = Path::new(file).file_name().expect("a name");
        let outcome = read(&std::fs::read(samples.join(name)).expect("a sample"));
        assert_eq!(outcome.refusal, None, "{file}");
        let theirs: Vec<_> =
            judged.iter().filter(|verdict| text(verdict, "file") == Some(file)).collect();
        assert_eq!(theirs.len(), outcome.sets.len(), "{file}: sets");
        for (theirs, ours) in theirs.iter().zip(&outcome.sets) {
            assert_same(file, theirs, ours);
        }
        assert!(outcome.summary.envelope, "{file}: {:?}", outcome.codes);
    }
}
