// SPDX-License-Identifier: Apache-2.0
//! What `cargo xtask fuzz` runs: any bytes, in any cut, never panic, never hold more memory than the
//! limits allow, open what they close, and mean the same as when they came in one piece.
#![no_main]

use interchange::x12::Limits;
use interchange::x12::remittance::{
    BodyHashing, FileSummary, Group, GroupEnd, Interchange, InterchangeEnd, Remittance835, SetEnd,
    SetStart, Sink,
};

/// Twice what the limits below add up to, since a growing buffer doubles.
const CAPACITY_BYTES_MAX: usize = 1 << 20;

/// How many envelopes of each kind are open; none may end that has not begun.
#[derive(Default)]
struct Open {
    interchanges: u64,
    groups: u64,
    sets: u64,
}

impl Sink for Open {
    fn interchange_start(&mut self, _: &Interchange<'_>) {
        self.interchanges += 1;
    }
    fn group_start(&mut self, _: &Group<'_>) {
        self.groups += 1;
    }
    fn set_start(&mut self, _: &SetStart<'_>) {
        self.sets += 1;
    }
    fn set_end(&mut self, _: &SetEnd<'_>) {
        self.sets -= 1;
    }
    fn group_end(&mut self, _: &GroupEnd) {
        self.groups -= 1;
    }
    fn interchange_end(&mut self, _: &InterchangeEnd) {
        self.interchanges -= 1;
    }
}

fn read<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> (FileSummary, bool) {
    let limits = Limits {
        preamble_bytes_max: 4 << 10,
        segment_bytes_max: 4 << 10,
        header_bytes_max: 8 << 10,
        claim_bytes_max: 64 << 10,
        claim_lines_max: 50,
        findings_max: 100,
        ..Limits::default()
    };
    let mut reader = Remittance835::new(limits, BodyHashing::Sha256);
    let mut open = Open::default();
    let mut refused = false;
    for chunk in chunks {
        refused = reader.push(chunk, &mut open).is_err();
        if refused {
            break;
        }
    }
    if !refused {
        refused = reader.finish(&mut open).is_err();
    }
    assert_eq!((open.interchanges, open.groups, open.sets), (0, 0, 0), "all that began has ended");
    assert!(reader.capacity_bytes() <= CAPACITY_BYTES_MAX, "{} bytes", reader.capacity_bytes());
    let mut summary = reader.summary();
    if refused {
        // How far a refused file was read is a matter of how it was cut, not of what it means.
        summary.bytes = 0;
    }
    (summary, refused)
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    // The last byte says how the rest is cut, so that a seed file stays one.
    let Some((cut, bytes)) = input.split_last() else { return };
    let whole = read(std::iter::once(bytes));
    let pieces = read(bytes.chunks(usize::from(*cut) + 1));
    assert_eq!(whole.1, pieces.1, "refused in one cut only");
    assert_eq!(whole.0, pieces.0, "another meaning in pieces of {}", usize::from(*cut) + 1);
});
