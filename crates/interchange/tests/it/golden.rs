// SPDX-License-Identifier: Apache-2.0
//! The ways in which real files are written: delimiters, newlines, padding, marks, prose.
//! Each must be read as the same remittance.

use interchange::x12::Code;

use crate::outcome::{Outcome, read};
use crate::writer::{SEGMENTS, Style, file, interchange, set};

fn assert_usual(outcome: &Outcome, context: &str) {
    assert_eq!(outcome.refusal, None, "{context}");
    assert_eq!(outcome.sets.len(), 1, "{context}");
    let set = &outcome.sets[0];
    assert!(set.balanced && set.envelope, "{context}: {:?}", outcome.codes);
    assert!(outcome.summary.envelope, "{context}: {:?}", outcome.codes);
    assert_eq!((set.claims, set.lines), (2, 2), "{context}");
    let amounts =
        [&set.total, &set.sum_clp04, &set.sum_plb].map(|amount| amount.clone().expect("read"));
    assert_eq!(amounts, ["185.00", "180.00", "-5.00"], "{context}");
    assert!(outcome.story.iter().any(|line| line.contains("HC/99213/25")), "{context}");
    assert!(
        outcome.story.iter().any(|line| line.starts_with("plb 1") && line.contains("L6 REF-9"))
    );
}

#[test]
fn delimiters_are_those_of_the_interchange_whatever_they_are() {
    for element in ['*', '+', '|', '\u{1d}'] {
        for component in [':', '>', '^', '\u{1f}'] {
            for terminator in ["~", "~\n", "~\r\n", "\n", "\r\n", "\r", "'", "\u{1e}", "~\r\n\t  "]
            {
                for padded in [true, false] {
                    let repetition = if component == '^' { '!' } else { '^' };
                    let style = Style { element, component, repetition, terminator, padded };
                    let text = interchange(1, style, &[set("0001", SEGMENTS)]);
                    let outcome = read(text.as_bytes());
                    assert_usual(&outcome, &format!("{style:?}"));
                    assert_eq!(outcome.summary.findings, 0, "{style:?}");
                }
            }
        }
    }
}

#[test]
fn a_header_line_that_ends_otherwise_than_the_rest_is_read() {
    let style = Style { terminator: "\n", ..Style::default() };
    let text = interchange(1, style, &[set("0001", SEGMENTS)]);
    assert_usual(&read(text.replacen('\n', "\r\n", 1).as_bytes()), "only the header has CR LF");
}

#[test]
fn an_older_interchange_without_repetition_separator_is_read() {
    let text = file().replace("*^*00501*", "*U*00401*").replace("005010X221A1", "004010X091A1");
    let outcome = read(text.as_bytes());
    assert_usual(&outcome, "4010");
    assert_eq!(outcome.summary.findings, 0);
}

#[test]
fn a_repetition_separator_that_repeats_another_delimiter_is_only_a_warning() {
    let style = Style { repetition: ':', ..Style::default() };
    let outcome = read(interchange(1, style, &[set("0001", SEGMENTS)]).as_bytes());
    assert_usual(&outcome, "repetition");
    assert_eq!(outcome.codes, [Code::Repetition.as_str()]);
}

#[test]
fn a_byte_order_mark_and_blanks_before_the_file_say_nothing() {
    for before in ["\u{feff}", " \r\n\t", "\u{feff}\n\n"] {
        let outcome = read(format!("{before}{}", file()).as_bytes());
        assert_usual(&outcome, before);
        assert_eq!(outcome.summary.findings, 0);
    }
}

#[test]
fn prose_before_the_interchange_is_a_warning_and_the_file_is_read() {
    let prose = "Dear ISA reader, IISA*ab\nplease find the remittance below.\n\n";
    let outcome = read(format!("{prose}{}", file()).as_bytes());
    assert_usual(&outcome, "prose");
    assert_eq!(outcome.codes, [Code::Prose.as_str()]);
    assert!(outcome.story[0].contains("at segment 0, byte 0"), "{}", outcome.story[0]);
}

#[test]
fn blanks_and_an_end_of_file_mark_after_the_last_segment_say_nothing() {
    let outcome = read(format!("{}\r\n\u{1a}\n", file()).as_bytes());
    assert_usual(&outcome, "trailer");
    assert_eq!(outcome.summary.findings, 0);
}

#[test]
fn text_after_an_interchange_breaks_the_file_and_not_the_set() {
    let outcome = read(format!("{}ST*835*0002~", file()).as_bytes());
    assert!(outcome.sets[0].envelope && outcome.sets[0].balanced);
    assert!(!outcome.summary.envelope, "a set may be lost there");
    assert!(outcome.found(Code::TextAfter));
}

#[test]
fn two_identical_interchanges_are_both_read() {
    let outcome = read(format!("{}\n{}", file(), file()).as_bytes());
    assert_eq!((outcome.summary.interchanges, outcome.sets.len()), (2, 2));
    assert!(outcome.summary.envelope && outcome.summary.balanced);
    assert_eq!(outcome.sets[0], outcome.sets[1]);
}

#[test]
fn each_interchange_has_delimiters_of_its_own() {
    let other = Style { element: '|', component: '>', terminator: "!", ..Style::default() };
    let second = interchange(2, other, &[set("0002", SEGMENTS)]);
    let outcome = read(format!("{}{second}{}", file(), file()).as_bytes());
    assert_eq!(outcome.sets.len(), 3);
    assert!(outcome.sets.iter().all(|set| set.balanced && set.envelope && set.claims == 2));
    assert!(outcome.summary.envelope);
}

#[test]
fn several_sets_of_a_group_and_several_groups_are_counted() {
    let sets: Vec<_> = ["0001", "0002", "0003"].map(|st| set(st, SEGMENTS)).into();
    let text = interchange(1, Style::default(), &sets);
    let outcome = read(text.as_bytes());
    assert_eq!((outcome.sets.len(), outcome.summary.sets), (3, 3));
    assert!(outcome.summary.envelope && outcome.summary.balanced);
    let second = "GE*3*1~GS*HP*S*R*20260301*0900*2*X*005010X221A1~";
    let groups = text.replace("GE*3*1~", &format!("{second}GE*0*2~")).replace("IEA*1*", "IEA*2*");
    let outcome = read(groups.as_bytes());
    assert!(outcome.summary.envelope, "{:?}", outcome.codes);
    assert_eq!(outcome.summary.groups, 2);
}

#[test]
fn a_last_segment_without_terminator_is_read_with_a_warning() {
    let text = file();
    let outcome = read(text.trim_end_matches('~').as_bytes());
    assert_usual(&outcome, "unterminated");
    assert_eq!(outcome.codes, [Code::Unterminated.as_str()]);
}

#[test]
fn other_transaction_sets_are_named_and_not_read() {
    let claim = ["ST*837*0007", "BHT*0019*00", "CLM*SECRET*100", "SE*4*0007"].map(str::to_owned);
    let text = interchange(1, Style::default(), &[claim.into(), set("0001", SEGMENTS)]);
    let outcome = read(text.as_bytes());
    assert_usual(&outcome, "mixed");
    assert_eq!(outcome.codes, [Code::OtherSet.as_str()]);
    assert!(outcome.story.iter().any(|line| line.contains("set 837 is not a remittance")));
    let only =
        interchange(1, Style::default(), &[["ST*820*1", "SE*2*1"].map(str::to_owned).into()]);
    let outcome = read(only.as_bytes());
    assert_eq!(outcome.codes, [Code::OtherSet.as_str(), Code::NoRemittance.as_str()]);
    assert!(!outcome.summary.balanced && outcome.summary.envelope);
}
