// SPDX-License-Identifier: Apache-2.0
//! Files that mean harm or are no X12 at all: refused with their place, never a panic.
//! Every limit is exceeded once.

use interchange::x12::{Code, Limits};

use crate::outcome::{Outcome, read, read_chunked};
use crate::writer::{SEGMENTS, Style, file, file_with, interchange, set};

fn assert_refused(outcome: &Outcome, code: Code, offset: u64, context: &str) {
    let refusal = outcome.refusal.as_ref().unwrap_or_else(|| panic!("{context}: not refused"));
    assert_eq!((refusal.code, refusal.place.offset), (code, offset), "{context}: {refusal}");
    assert!(!outcome.summary.balanced && !outcome.summary.envelope, "{context}");
    let starts = outcome.story.iter().filter(|line| line.starts_with("set ")).count();
    assert_eq!(starts, outcome.sets.len(), "{context}: every set that starts also ends");
}

#[test]
fn what_is_no_x12_is_refused_by_name_and_place() {
    for (bytes, code, offset) in [
        (&b""[..], Code::Empty, 0),
        (b" \r\n ", Code::Empty, 4),
        (b"\x1f\x8b\x08\x00rest", Code::Compressed, 1),
        (b"PK\x03\x04rest", Code::Compressed, 2),
        (b"\xff\xfeI\x00S\x00A\x00", Code::Encoding, 1),
        (b"%PDF-1.4 \x00", Code::Binary, 9),
        (b"\x7fELF\x02", Code::Binary, 0),
        (b"ISA\x0000", Code::Binary, 3),
        (b"Dear reader, no interchange here.", Code::NoInterchange, 0),
        (b"ISA*00*          *00*", Code::HeaderUnreadable, 0),
    ] {
        for chunk in [1, 3, usize::MAX] {
            let outcome = read_chunked(bytes, &Limits::default(), chunk);
            assert_refused(&outcome, code, offset, &String::from_utf8_lossy(bytes));
        }
    }
}

#[test]
fn delimiters_that_cannot_delimit_are_refused_at_their_interchange() {
    let text = file();
    let isa_end = text.find("~GS").expect("the first terminator");
    for (component, terminator) in [
        (b'A', b'~'),
        (b'7', b'~'),
        (b'*', b'~'),
        (b':', b':'),
        (b':', b'*'),
        (b':', b'Q'),
        (b':', 0),
        (0, b'~'),
        (b' ', b'~'),
        (b':', b' '),
        (b':', b'-'),
        (b':', b'.'),
        (0xc3, b'~'),
    ] {
        let mut bytes = text.clone().into_bytes();
        bytes[isa_end - 1] = component;
        bytes[isa_end] = terminator;
        assert_refused(&read(&bytes), Code::Delimiters, 0, &format!("{component} {terminator}"));
        let second = [text.as_bytes(), &bytes].concat();
        let outcome = read(&second);
        assert_refused(&outcome, Code::Delimiters, text.len() as u64, "second");
        assert_eq!(outcome.sets.len(), 1, "what came before stands");
    }
}

#[test]
fn every_cut_of_a_file_ends_in_order_and_never_whole() {
    let text = file();
    for end in 0..text.len() - 1 {
        let outcome = read(&text.as_bytes()[..end]);
        assert!(!outcome.summary.envelope, "cut at {end}");
        let count =
            |start: &str| outcome.story.iter().filter(|line| line.starts_with(start)).count();
        assert_eq!(count("set "), count("end "), "cut at {end}");
        assert_eq!(count("interchange "), count("InterchangeEnd"), "cut at {end}");
    }
}

#[test]
fn each_limit_is_kept_and_named() {
    let text = interchange(1, Style::default(), &[set("0001", SEGMENTS), set("0002", SEGMENTS)]);
    let twice = format!("{text}{text}");
    let usual = Limits::default();
    for (name, limits) in [
        ("segment_bytes_max", Limits { segment_bytes_max: 110, ..usual.clone() }),
        ("segments_max", Limits { segments_max: 20, ..usual.clone() }),
        ("elements_max", Limits { elements_max: 12, ..usual.clone() }),
        ("interchanges_max", Limits { interchanges_max: 1, ..usual.clone() }),
        ("sets_max", Limits { sets_max: 1, ..usual.clone() }),
        ("header_bytes_max", Limits { header_bytes_max: 100, ..usual.clone() }),
        ("claim_bytes_max", Limits { claim_bytes_max: 200, ..usual.clone() }),
        ("claim_lines_max", Limits { claim_lines_max: 1, ..usual.clone() }),
    ] {
        let long = "N3*".to_owned() + &"x".repeat(120) + "~N4*SPRING";
        let input = twice.replacen("N4*SPRING", &long, 1);
        for chunk in [1, 50, usize::MAX] {
            let outcome = read_chunked(input.as_bytes(), &limits, chunk);
            let refusal = outcome.refusal.clone().unwrap_or_else(|| panic!("{name} is no limit"));
            assert_eq!(refusal.code, Code::Limit, "{name}");
            assert!(refusal.message.contains(name), "{name}: {refusal}");
            assert!(refusal.place.segment > 0, "{name}: {refusal}");
            assert!(outcome.found(Code::Limit) && !outcome.summary.envelope, "{name}");
        }
        let outcome = read_chunked(input.as_bytes(), &usual, 50);
        assert_eq!(outcome.refusal, None, "the usual limits leave room");
    }
}

#[test]
fn prose_beyond_its_limit_is_refused() {
    let limits = Limits { preamble_bytes_max: 10, ..Limits::default() };
    let outcome = read_chunked(format!("0123456789 {}", file()).as_bytes(), &limits, 4);
    assert_eq!(outcome.refusal, None);
    let outcome = read_chunked(format!("0123456789x {}", file()).as_bytes(), &limits, 4);
    assert_refused(&outcome, Code::NoInterchange, 0, "before");
    let after = format!("{}abcdefghijklmnop", file());
    let outcome = read_chunked(after.as_bytes(), &limits, 4);
    assert_refused(&outcome, Code::Limit, file().len() as u64, "after");
}

#[test]
fn findings_past_their_limit_are_counted_and_not_handed_over() {
    let limits = Limits { findings_max: 3, ..Limits::default() };
    let off = "CLP*X*1*5*4~".repeat(50);
    let text = file_with("PLB*", &format!("{off}PLB*"));
    let outcome = read_chunked(text.as_bytes(), &limits, usize::MAX);
    assert_eq!(outcome.codes.len(), 3);
    assert_eq!(outcome.summary.findings, 52, "50 claims, the total, the count");
    assert!(!outcome.sets[0].balanced && !outcome.sets[0].envelope);
}

#[test]
fn a_refusal_repeats_and_changes_nothing_more() {
    use interchange::x12::remittance::{BodyHashing, Remittance835};
    let mut outcome = Outcome::default();
    let mut reader = Remittance835::new(Limits::default(), BodyHashing::Off);
    let first = reader.push(b"\x00", &mut outcome).expect_err("binary");
    let told = outcome.story.len();
    assert_eq!(reader.push(file().as_bytes(), &mut outcome), Err(first.clone()));
    assert_eq!(reader.finish(&mut outcome), Err(first));
    assert_eq!(outcome.story.len(), told);
}
