// SPDX-License-Identifier: Apache-2.0
//! Memory does not grow with the file: the reader's own account of its buffers stays small.
//! Input is made while it is read and never held.

use interchange::x12::Limits;
use interchange::x12::remittance::{BodyHashing, Claim, FileSummary, Remittance835, Sink};

use crate::writer::{SEGMENTS, Style, interchange, set};

const CAPACITY_BYTES_MAX: usize = 256 << 10;

#[derive(Default)]
struct Counts {
    claims: u64,
    lines: usize,
}

impl Sink for Counts {
    fn claim(&mut self, claim: &Claim<'_>) {
        self.claims += 1;
        self.lines += claim.line_count();
    }
}

/// Reads `before`, `middle` so many times, and `after`, watching the reader's buffers.
fn stream(before: &str, middle: &str, times: usize, after: &str) -> (Counts, FileSummary) {
    let mut counts = Counts::default();
    let mut reader = Remittance835::new(Limits::default(), BodyHashing::Off);
    reader.push(before.as_bytes(), &mut counts).expect("the start reads");
    for _ in 0..times {
        reader.push(middle.as_bytes(), &mut counts).expect("the middle reads");
        assert!(reader.capacity_bytes() < CAPACITY_BYTES_MAX, "{}", reader.capacity_bytes());
    }
    reader.push(after.as_bytes(), &mut counts).expect("the end reads");
    let summary = reader.finish(&mut counts).expect("it ends");
    (counts, summary)
}

fn split_at(text: &str, mark: &str) -> (String, String) {
    let at = text.find(mark).expect("the mark");
    (text[..at].to_owned(), text[at..].to_owned())
}

#[test]
fn one_transaction_of_two_hundred_thousand_claims_streams() {
    let text = interchange(1, Style::default(), &[set("0001", SEGMENTS)]);
    let (before, after) = split_at(&text, "PLB*");
    let claim = "CLP*A*1*10*10~SVC*HC:1*10*10~DTM*472*20260101~";
    let after = after.replace("SE*33*", &format!("SE*{}*", 33 + 3 * 200_000));
    let before = before.replace("BPR*I*185*", "BPR*I*2000185*");
    let (counts, summary) = stream(&before, &claim.repeat(100), 2_000, &after);
    assert_eq!((counts.claims, counts.lines), (200_002, 200_002));
    assert!(summary.balanced && summary.envelope, "{summary:?}");
}

#[test]
fn ten_million_segments_stream() {
    let text = interchange(1, Style::default(), &[set("0001", SEGMENTS)]);
    let (before, after) = split_at(&text, "LX*1");
    let after = after.replace("SE*33*", &format!("SE*{}*", 33 + 10_000_000));
    let (_, summary) = stream(&before, &"LX*7~".repeat(1_000), 10_000, &after);
    assert!(summary.segments > 10_000_000);
    assert!(summary.balanced && summary.envelope, "{summary:?}");
}

#[test]
fn many_interchanges_and_blank_bytes_stream() {
    let text = interchange(1, Style::default(), &[set("0001", SEGMENTS)]);
    let (_, summary) = stream("", &(text + &"\r\n".repeat(500)), 5_000, "");
    assert_eq!((summary.interchanges, summary.remittances), (5_000, 5_000));
    assert!(summary.balanced && summary.envelope, "{summary:?}");
}
