// SPDX-License-Identifier: Apache-2.0
//! The report of a file: one JSON line per remittance, and a table a cash poster can read.
//! Neither ever names a patient.

use interchange::inspect::{FileReport, SetReport, Table, file as inspect_file};
use interchange::x12::Limits;
use serde_json::{Value, json};

use crate::writer::{SEGMENTS, Style, file, file_with, interchange, set};

pub fn inspect(name: &str, bytes: &[u8]) -> (Vec<SetReport>, FileReport) {
    let mut reports = Vec::new();
    let whole = inspect_file(name, bytes, &Limits::default(), &mut |report| reports.push(report))
        .expect("a slice reads");
    (reports, whole)
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    let (reports, _) = inspect("a.835", bytes);
    reports.iter().map(|report| serde_json::from_str(&report.json()).expect("JSON")).collect()
}

#[test]
fn a_sound_remittance_is_one_line_of_json() {
    let expected = json!({
        "file": "a.835", "st": "0001", "balanced": true, "envelope": true, "bpr02": "185.00",
        "sum_clp04": "180.00", "sum_plb": "-5.00", "claims": 2, "lines": 2, "findings": [],
    });
    assert_eq!(lines(file().as_bytes()), [expected]);
    assert!(inspect("a.835", file().as_bytes()).1.sound());
}

#[test]
fn findings_carry_code_segment_and_message() {
    let reports = lines(file_with("HC:36415*50*40", "HC:36415*50*41").as_bytes());
    assert_eq!(reports[0]["balanced"], false);
    let message = "line 2: charge 50.00 less adjustments 10.00 is 40.00, paid 41.00";
    let finding = json!({ "code": "BAL-L1", "segment": 28, "message": message });
    assert_eq!(reports[0]["findings"], json!([finding]));
}

#[test]
fn the_envelope_of_a_set_is_also_that_of_its_group_and_interchange() {
    let sets = [set("0001", SEGMENTS), set("0002", SEGMENTS)];
    let text = interchange(1, Style::default(), &sets);
    for (broken, code) in [
        (text.replace("GE*2*", "GE*3*"), "STRUCT-GE-COUNT"),
        (text.replace("IEA*1*", "IEA*3*"), "STRUCT-IEA-COUNT"),
        (text.replace("IEA*1*000000001~", ""), "STRUCT-NO-IEA"),
    ] {
        let reports = lines(broken.as_bytes());
        assert_eq!(reports.len(), 2);
        for report in reports {
            assert_eq!((&report["envelope"], &report["balanced"]), (&json!(false), &json!(true)));
            assert_eq!(report["findings"][0]["code"], code);
        }
    }
    let one = lines(text.replacen("SE*33*", "SE*9*", 1).as_bytes());
    assert_eq!((&one[0]["envelope"], &one[1]["envelope"]), (&json!(false), &json!(true)));
}

#[test]
fn what_cannot_be_read_is_told_in_a_line_without_a_set() {
    for (bytes, code, word) in [
        (&b"PK\x03\x04"[..], "STRUCT-COMPRESSED", "zip"),
        (b"\x1f\x8b\x08", "STRUCT-COMPRESSED", "gzip"),
        (b"\x00\x01", "STRUCT-BINARY", "binary"),
        (b"", "STRUCT-EMPTY", "nothing"),
        (b"hello", "STRUCT-NO-ISA", "ISA"),
    ] {
        let reports = lines(bytes);
        assert_eq!(reports.len(), 1, "{code}");
        assert_eq!((&reports[0]["st"], &reports[0]["balanced"]), (&Value::Null, &json!(false)));
        assert_eq!(reports[0]["findings"][0]["code"], code);
        let message = reports[0]["findings"][0]["message"].as_str().expect("a message");
        assert!(message.contains(word), "{message}");
        assert!(!inspect("a.835", bytes).1.sound());
    }
}

#[test]
fn a_claim_file_is_named_and_prose_is_told_with_the_first_set() {
    let claim: Vec<String> =
        ["ST*837*0007", "CLM*SECRET*100", "SE*3*0007"].map(str::to_owned).into();
    let other = lines(interchange(1, Style::default(), std::slice::from_ref(&claim)).as_bytes());
    assert_eq!(other.len(), 1);
    assert_eq!(other[0]["findings"][0]["code"], "STRUCT-OTHER-SET");
    assert!(other[0]["findings"][0]["message"].as_str().expect("text").contains("837"));
    let prose = lines(format!("Hello.\n{}", file()).as_bytes());
    assert_eq!(prose.len(), 1);
    assert_eq!(prose[0]["findings"][0]["code"], "STRUCT-PROSE");
    assert_eq!((&prose[0]["balanced"], &prose[0]["envelope"]), (&json!(true), &json!(true)));
}

#[test]
fn the_table_says_what_is_wrong_below_the_remittance() {
    let bad = file_with("BPR*I*185*C", "BPR*I*186*C");
    let mut out = Vec::new();
    let mut table = Table::new(&mut out);
    for (name, text) in [("good.835", file()), ("bad.835", bad)] {
        for report in inspect(name, text.as_bytes()).0 {
            table.add(&report).expect("a vector writes");
        }
    }
    let text = String::from_utf8(out).expect("text");
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "good.835");
    assert!(lines[1].starts_with("Remittance") && lines[1].contains("Claims paid"));
    let cells: Vec<_> = lines[2].split_whitespace().collect();
    assert_eq!(cells, ["0001", "balanced", "whole", "185.00", "180.00", "-5.00", "2", "2"]);
    assert_eq!((lines[3], lines[4]), ("", "bad.835"));
    assert!(lines[6].contains("NOT BALANCED"));
    assert!(lines[7].contains("BAL-L3") && lines[7].contains("the total is 186.00"));
}

#[test]
fn no_report_names_a_patient() {
    let names = ["DOE", "JANE", "POE", "JOHN", "ACCT", "MEMBER1", "ICN000"];
    for at in (0..file().len()).step_by(7) {
        let mut bytes = file().into_bytes();
        bytes[at] = b'?';
        for report in inspect("a.835", &bytes).0 {
            let told = serde_json::to_string(&report.findings).expect("JSON");
            assert!(names.iter().all(|name| !told.contains(name)), "{told}");
        }
    }
}
