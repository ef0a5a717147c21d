// SPDX-License-Identifier: Apache-2.0
//! Finds the start of the next interchange in whatever stands before it.
//! Prose is tolerated up to a limit; a file that cannot be X12 is refused by name.

use crate::x12::finding::{Code, Finding, Place, Refusal};

use super::HEADER_START;

/// Whether a byte fits `ISA`, separator, digit, digit at that position.
pub(super) fn fits(at: usize, byte: u8) -> bool {
    match at {
        0 => byte == b'I',
        1 => byte == b'S',
        2 => byte == b'A',
        3 => !byte.is_ascii_alphanumeric() && !byte.is_ascii_whitespace(),
        4 | 5 => byte.is_ascii_digit(),
        _ => false,
    }
}

/// The search before the first interchange or after an interchange's end.
pub(super) struct Search {
    bytes_max: usize,
    matched: [u8; HEADER_START],
    matched_len: usize,
    /// Bytes that are neither blank nor part of the interchange found.
    prose: usize,
    prose_at: Place,
    head: [u8; 4],
    head_len: usize,
    found_any: bool,
}

impl Search {
    pub fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            matched: [0; HEADER_START],
            matched_len: 0,
            prose: 0,
            prose_at: Place::default(),
            head: [0; 4],
            head_len: 0,
            found_any: false,
        }
    }

    /// Takes one byte; true once the start of an interchange is complete.
    pub fn step(&mut self, byte: u8, place: Place) -> Result<bool, Refusal> {
        if self.head_len < self.head.len() {
            self.head[self.head_len] = byte;
            self.head_len += 1;
        }
        if !self.found_any {
            self.refuse_foreign(byte, place)?;
        }
        if fits(self.matched_len, byte) {
            self.matched[self.matched_len] = byte;
            self.matched_len += 1;
            if self.matched_len == HEADER_START {
                self.matched_len = 0;
                self.found_any = true;
                return Ok(true);
            }
            return Ok(false);
        }
        self.count(self.matched_len, place)?;
        self.matched_len = 0;
        if byte == b'I' {
            self.matched[0] = byte;
            self.matched_len = 1;
        } else if !self.is_blank(byte) {
            self.count(1, place)?;
        }
        Ok(false)
    }

    fn count(&mut self, bytes: usize, place: Place) -> Result<(), Refusal> {
        if self.prose == 0 && bytes > 0 {
            self.prose_at = place;
        }
        self.prose += bytes;
        if self.prose > self.bytes_max {
            let code = if self.found_any { Code::Limit } else { Code::NoInterchange };
            let message = format!(
                "no interchange header (ISA) within preamble_bytes_max = {} bytes of text",
                self.bytes_max
            );
            return Err(Refusal::new(self.prose_at, code, message));
        }
        Ok(())
    }

    /// Blanks, the old end-of-file mark and a byte order mark are not prose.
    fn is_blank(&self, byte: u8) -> bool {
        let mark = self.head_len <= 3 && [0xef, 0xbb, 0xbf].get(self.head_len - 1) == Some(&byte);
        byte.is_ascii_whitespace() || matches!(byte, 0x0b | 0x1a) || mark && !self.found_any
    }

    fn refuse_foreign(&self, byte: u8, place: Place) -> Result<(), Refusal> {
        let refuse = |code, message: &'static str| Err(Refusal::new(place, code, message));
        match (&self.head[..self.head_len], place.offset) {
            ([0x1f], 0) => return Ok(()),
            ([0x1f, 0x8b], 1) => return refuse(Code::Compressed, "a gzip file: send it unpacked"),
            ([b'P', b'K', 1..=8], 2) => {
                return refuse(Code::Compressed, "a zip archive: send it unpacked");
            }
            ([0xff, 0xfe] | [0xfe, 0xff], 1) => {
                return refuse(Code::Encoding, "UTF-16 text: send single bytes or UTF-8");
            }
            _ => {}
        }
        let control = byte < 0x20 && !matches!(byte, b'\t' | b'\n' | 0x0b | 0x0c | b'\r' | 0x1a);
        // A control character may be the separator of an ISA that has just begun.
        if (control || byte == 0x7f) && !(self.matched_len == 3 && byte != 0) {
            return refuse(Code::Binary, "binary data, not X12");
        }
        Ok(())
    }

    /// The start that was found.
    pub fn matched(&self) -> [u8; HEADER_START] {
        self.matched
    }

    /// At the end of the file a half-recognised start is prose like the rest.
    pub fn end(&mut self) {
        self.prose += self.matched_len;
        self.matched_len = 0;
    }

    /// What stood in the gap, once.
    pub fn prose(&mut self, interchanges_before: u64) -> Option<Finding> {
        let bytes = std::mem::take(&mut self.prose);
        let (code, side) = match interchanges_before > 0 {
            true => (Code::TextAfter, "after"),
            false => (Code::Prose, "before"),
        };
        (bytes > 0).then(|| {
            Finding::new(
                self.prose_at,
                code,
                format!("{bytes} bytes of text {side} an interchange"),
            )
        })
    }

    pub fn nothing_found(&self, offset: u64) -> Refusal {
        if self.prose == 0 {
            let place = Place { segment: 0, offset };
            return Refusal::new(place, Code::Empty, "the file holds nothing but blanks");
        }
        let message = "no interchange header (ISA) in the file";
        Refusal::new(self.prose_at, Code::NoInterchange, message)
    }
}
