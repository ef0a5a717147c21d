// SPDX-License-Identifier: Apache-2.0
//! Envelopes: counts, control numbers, and trailers that never come.
//! A broken envelope leaves the balance as it is.

use interchange::x12::Code;

use crate::outcome::{Outcome, read};
use crate::writer::{file, file_with};

fn assert_broken(outcome: &Outcome, codes: &[Code]) {
    let codes: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
    assert_eq!(outcome.codes, codes);
    assert!(!outcome.summary.envelope);
    assert!(outcome.sets[0].balanced, "the balance is a question of its own");
}

#[test]
fn each_count_and_each_control_number_is_checked() {
    for (from, to, code, set_whole) in [
        ("SE*33*", "SE*34*", Code::SetCount, false),
        ("SE*33*", "SE**", Code::SetCount, false),
        ("SE*33*0001", "SE*33*0002", Code::SetControl, false),
        ("SE*33*0001", "SE*33*1", Code::SetControl, false),
        ("GE*1*1", "GE*2*1", Code::GroupCount, true),
        ("GE*1*1", "GE*1*2", Code::GroupControl, true),
        ("IEA*1*000000001", "IEA*0*000000001", Code::InterchangeCount, true),
        ("IEA*1*000000001", "IEA*1*000000002", Code::InterchangeControl, true),
        ("IEA*1*000000001", "IEA*1*", Code::InterchangeControl, true),
    ] {
        let outcome = read(file_with(from, to).as_bytes());
        assert_broken(&outcome, &[code]);
        assert_eq!(outcome.sets[0].envelope, set_whole, "{to}");
    }
}

#[test]
fn numeric_control_numbers_may_differ_in_leading_zeros() {
    let outcome =
        read(file_with("GE*1*1", "GE*1*0001").replace("IEA*1*000000001", "IEA*1*1").as_bytes());
    assert!(outcome.summary.envelope, "{:?}", outcome.codes);
}

#[test]
fn missing_trailers_are_told_one_by_one() {
    assert_broken(&read(file_with("GE*1*1~", "").as_bytes()), &[Code::NoGroupEnd]);
    assert_broken(&read(file_with("IEA*1*000000001~", "").as_bytes()), &[Code::NoInterchangeEnd]);
    let text = file();
    let cut = &text[..text.find("GE*").expect("GE")];
    assert_broken(&read(cut.as_bytes()), &[Code::NoGroupEnd, Code::NoInterchangeEnd]);
    let next = read(format!("{cut}{text}").as_bytes());
    assert_eq!((next.sets.len(), next.summary.interchanges), (2, 2));
    assert_broken(&next, &[Code::NoGroupEnd, Code::NoInterchangeEnd]);
}

#[test]
fn a_set_outside_its_group_and_stray_envelope_segments_break_the_envelope() {
    let gs = "GS*HP*SENDER*RECEIVER*20260301*0900*1*X*005010X221A1~";
    let outcome = read(file_with(gs, "").as_bytes());
    assert!(outcome.found(Code::EnvelopeOrder) && !outcome.sets[0].envelope);
    for stray in ["SE*1*0001~", "GE*0*1~", "AMT*B6*5~"] {
        let outcome = read(file_with("IEA*", &format!("{stray}IEA*")).as_bytes());
        assert!(!outcome.summary.envelope, "{stray}");
        assert!(outcome.sets[0].envelope && outcome.sets[0].balanced, "{stray}");
    }
}

#[test]
fn a_lost_terminator_shows_as_a_segment_that_is_none() {
    let outcome = read(
        file_with("AMT*B6*80~", "AMT*B6*80~lorem ipsum~").replace("SE*33", "SE*34").as_bytes(),
    );
    assert_eq!(outcome.codes, [Code::NotASegment.as_str()]);
    assert!(!outcome.sets[0].envelope);
}
