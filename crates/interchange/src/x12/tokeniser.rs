// SPDX-License-Identifier: Apache-2.0
//! Chunks of bytes in, segments out, each interchange read with the delimiters of its own ISA.
//! It keeps at most one unfinished segment, whatever the size of the file or of the chunks.

use super::delimiters::Delimiters;
use super::finding::{Code, Finding, Place, Refusal};
use super::limits::Limits;
use super::segment::Segment;

mod search;

use search::Search;

/// What is told of a file while it streams past.
pub trait Receive {
    /// An interchange begins; its segments follow.
    fn interchange(&mut self, header: &Segment<'_>) -> Result<(), Refusal>;
    fn segment(&mut self, segment: &Segment<'_>) -> Result<(), Refusal>;
    fn finding(&mut self, finding: Finding);
}

/// Recognised start of an interchange: `ISA`, a separator, and the two digits of ISA01.
const HEADER_START: usize = 6;
const HEADER_SEPARATORS: u32 = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first interchange or after one: looking for the next.
    Search,
    /// Inside an ISA whose delimiters are not all known yet.
    Header,
    Body,
}

/// The tokeniser of one file.
pub struct Tokeniser {
    limits: Limits,
    state: State,
    search: Search,
    /// An unfinished segment that began in an earlier chunk, from its first byte that is not blank.
    carry: Vec<u8>,
    carry_offset: u64,
    separators: u32,
    separator_last: usize,
    delimiters: Delimiters,
    /// File offset of the next byte to look at.
    offset: u64,
    segments: u64,
    interchanges: u64,
    refused: Option<Refusal>,
}

impl Tokeniser {
    pub fn new(limits: Limits) -> Self {
        let delimiters =
            Delimiters { element: b'*', component: b':', repetition: None, terminator: b'~' };
        Self {
            search: Search::new(limits.preamble_bytes_max),
            limits,
            state: State::Search,
            carry: Vec::new(),
            carry_offset: 0,
            separators: 0,
            separator_last: 0,
            delimiters,
            offset: 0,
            segments: 0,
            interchanges: 0,
            refused: None,
        }
    }

    /// Bytes this tokeniser holds on the heap.
    pub fn capacity_bytes(&self) -> usize {
        self.carry.capacity()
    }

    /// Bytes seen so far.
    pub fn bytes(&self) -> u64 {
        self.offset
    }

    pub fn segments(&self) -> u64 {
        self.segments
    }

    /// Reads one more chunk. After a refusal every further call repeats it.
    pub fn push(&mut self, chunk: &[u8], receive: &mut impl Receive) -> Result<(), Refusal> {
        self.guarded(|tokeniser| tokeniser.advance(chunk, receive))
    }

    /// Ends the file: an unterminated last segment is handed over with a warning.
    pub fn finish(&mut self, receive: &mut impl Receive) -> Result<(), Refusal> {
        self.guarded(|tokeniser| tokeniser.end(receive))
    }

    fn guarded(
        &mut self,
        step: impl FnOnce(&mut Self) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        if let Some(refusal) = &self.refused {
            return Err(refusal.clone());
        }
        let result = step(self);
        if let Err(refusal) = &result {
            self.refused = Some(refusal.clone());
            self.carry = Vec::new();
        }
        result
    }

    fn advance(&mut self, mut chunk: &[u8], receive: &mut impl Receive) -> Result<(), Refusal> {
        while !chunk.is_empty() {
            let used = match self.state {
                State::Search => self.search(chunk, receive)?,
                State::Header => self.header(chunk, receive)?,
                State::Body if self.carry.is_empty() => self.body(chunk, receive)?,
                State::Body => self.complete_carry(chunk, receive)?,
            };
            self.offset += used as u64;
            chunk = &chunk[used..];
        }
        Ok(())
    }

    fn here(&self, offset: u64) -> Place {
        Place { segment: self.segments + 1, offset }
    }

    /// Reads until the start of an interchange is recognised.
    fn search(&mut self, chunk: &[u8], receive: &mut impl Receive) -> Result<usize, Refusal> {
        for (at, &byte) in chunk.iter().enumerate() {
            let place = Place { segment: self.segments, offset: self.offset + at as u64 };
            if !self.search.step(byte, place)? {
                continue;
            }
            self.report_prose(receive);
            self.carry.clear();
            self.carry.extend_from_slice(&self.search.matched());
            self.carry_offset = (self.offset + at as u64 + 1).saturating_sub(HEADER_START as u64);
            self.begin_header()?;
            return Ok(at + 1);
        }
        Ok(chunk.len())
    }

    fn report_prose(&mut self, receive: &mut impl Receive) {
        if let Some(finding) = self.search.prose(self.interchanges) {
            receive.finding(finding);
        }
    }

    /// `carry` holds the first six bytes of an ISA.
    fn begin_header(&mut self) -> Result<(), Refusal> {
        let place = self.here(self.carry_offset);
        if self.interchanges == self.limits.interchanges_max {
            return Err(Refusal::limit(place, "interchanges_max", self.limits.interchanges_max));
        }
        self.interchanges += 1;
        self.state = State::Header;
        self.separators = 1;
        self.separator_last = 3;
        Ok(())
    }

    /// Collects the ISA byte by byte: padded or not, it has sixteen separators.
    fn header(&mut self, chunk: &[u8], receive: &mut impl Receive) -> Result<usize, Refusal> {
        for (at, &byte) in chunk.iter().enumerate() {
            let known = self.separators == HEADER_SEPARATORS;
            if known && self.carry.len() == self.separator_last + 3 {
                let newline = byte == b'\n';
                self.end_header(if newline { b'\n' } else { b'\r' }, receive)?;
                return Ok(at + usize::from(newline));
            }
            if self.carry.len() >= self.limits.segment_bytes_max {
                return Err(self.segment_too_long());
            }
            self.carry.push(byte);
            if !known && byte == self.carry[3] {
                self.separators += 1;
                self.separator_last = self.carry.len() - 1;
            }
            if known && self.carry.len() == self.separator_last + 3 && byte != b'\r' {
                self.end_header(byte, receive)?;
                return Ok(at + 1);
            }
        }
        Ok(chunk.len())
    }

    fn end_header(&mut self, terminator: u8, receive: &mut impl Receive) -> Result<(), Refusal> {
        let place = self.next_place(self.carry_offset)?;
        let mut header = std::mem::take(&mut self.carry);
        let element = header[3];
        let component = header[self.separator_last + 1];
        header.truncate(self.separator_last + 2);
        let isa11 = header.split(|&byte| byte == element).nth(11).unwrap_or_default();
        let delimiters = Delimiters::checked(element, component, terminator, isa11, place)?;
        self.delimiters = delimiters;
        receive.interchange(&Segment { bytes: &header, place, delimiters })?;
        let declares = matches!(*isa11, [byte] if byte.is_ascii_punctuation());
        if declares && delimiters.repetition.is_none() {
            let message = "ISA11 repeats another delimiter: no element is read as repeated";
            receive.finding(Finding::new(place, Code::Repetition, message));
        }
        header.clear();
        self.carry = header;
        self.state = State::Body;
        Ok(())
    }

    /// Reads whole segments straight from the chunk and keeps what is left of the last.
    fn body(&mut self, chunk: &[u8], receive: &mut impl Receive) -> Result<usize, Refusal> {
        let terminator = self.delimiters.terminator;
        let mut start = 0;
        for end in memchr::memchr_iter(terminator, chunk) {
            start += self.blanks(&chunk[start..end]);
            let bytes = &chunk[start..end];
            if bytes.first() == Some(&b'I') {
                if begins_header(&chunk[start..]) {
                    return self.header_in_chunk(chunk, start);
                }
                if is_interchange_end(bytes, self.delimiters.element) {
                    self.emit(bytes, self.offset + start as u64, receive)?;
                    self.state = State::Search;
                    return Ok(end + 1);
                }
            }
            self.emit(bytes, self.offset + start as u64, receive)?;
            start = end + 1;
        }
        start += self.blanks(&chunk[start..]);
        let rest = &chunk[start..];
        if begins_header(rest) {
            return self.header_in_chunk(chunk, start);
        }
        if rest.len() > self.limits.segment_bytes_max {
            self.carry_offset = self.offset + start as u64;
            return Err(self.segment_too_long());
        }
        self.carry.extend_from_slice(rest);
        self.carry_offset = self.offset + start as u64;
        Ok(chunk.len())
    }

    fn header_in_chunk(&mut self, chunk: &[u8], start: usize) -> Result<usize, Refusal> {
        self.carry.extend_from_slice(&chunk[start..start + HEADER_START]);
        self.carry_offset = self.offset + start as u64;
        self.begin_header()?;
        Ok(start + HEADER_START)
    }

    /// Finishes the segment that began in an earlier chunk, or finds that it is an ISA.
    fn complete_carry(
        &mut self,
        chunk: &[u8],
        receive: &mut impl Receive,
    ) -> Result<usize, Refusal> {
        let mut used = 0;
        while could_begin_header(&self.carry) && used < chunk.len() {
            if chunk[used] == self.delimiters.terminator {
                break;
            }
            self.carry.push(chunk[used]);
            used += 1;
            if begins_header(&self.carry) {
                self.begin_header()?;
                return Ok(used);
            }
        }
        let rest = &chunk[used..];
        let found = memchr::memchr(self.delimiters.terminator, rest);
        let more = &rest[..found.unwrap_or(rest.len())];
        if self.carry.len() + more.len() > self.limits.segment_bytes_max {
            return Err(self.segment_too_long());
        }
        self.carry.extend_from_slice(more);
        if found.is_none() {
            return Ok(chunk.len());
        }
        let mut segment = std::mem::take(&mut self.carry);
        if is_interchange_end(&segment, self.delimiters.element) {
            self.state = State::Search;
        }
        self.emit(&segment, self.carry_offset, receive)?;
        segment.clear();
        self.carry = segment;
        Ok(used + more.len() + 1)
    }

    fn segment_too_long(&self) -> Refusal {
        let place = self.here(self.carry_offset);
        Refusal::limit(place, "segment_bytes_max", self.limits.segment_bytes_max)
    }

    fn next_place(&mut self, offset: u64) -> Result<Place, Refusal> {
        let place = self.here(offset);
        if self.segments == self.limits.segments_max {
            return Err(Refusal::limit(place, "segments_max", self.limits.segments_max));
        }
        self.segments += 1;
        Ok(place)
    }

    /// Hands over a segment unless it is blank. `bytes` has no blanks in front.
    #[inline]
    fn emit(
        &mut self,
        bytes: &[u8],
        offset: u64,
        receive: &mut impl Receive,
    ) -> Result<(), Refusal> {
        let mut end = bytes.len();
        while end > 0 && self.is_blank(bytes[end - 1]) {
            end -= 1;
        }
        if end == 0 {
            return Ok(());
        }
        if end > self.limits.segment_bytes_max {
            self.carry_offset = offset;
            return Err(self.segment_too_long());
        }
        let place = self.next_place(offset)?;
        receive.segment(&Segment { bytes: &bytes[..end], place, delimiters: self.delimiters })
    }

    #[inline]
    fn is_blank(&self, byte: u8) -> bool {
        byte <= b' '
            && matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c)
            && byte != self.delimiters.element
    }

    #[inline]
    fn blanks(&self, bytes: &[u8]) -> usize {
        bytes.iter().take_while(|&&byte| self.is_blank(byte)).count()
    }

    fn end(&mut self, receive: &mut impl Receive) -> Result<(), Refusal> {
        match self.state {
            State::Search => {
                self.search.end();
                if self.interchanges == 0 {
                    return Err(self.search.nothing_found(self.offset));
                }
                self.report_prose(receive);
                Ok(())
            }
            State::Header => {
                let known = self.separators == HEADER_SEPARATORS;
                if known && self.carry.len() == self.separator_last + 3 {
                    return self.end_header(b'\r', receive);
                }
                let place = self.here(self.carry_offset);
                let message = "the file ends inside an interchange header";
                Err(Refusal::new(place, Code::HeaderUnreadable, message))
            }
            State::Body => {
                if self.carry.is_empty() {
                    return Ok(());
                }
                let segment = std::mem::take(&mut self.carry);
                let place = self.here(self.carry_offset);
                let message = "the last segment has no terminator";
                receive.finding(Finding::new(place, Code::Unterminated, message));
                self.emit(&segment, self.carry_offset, receive)
            }
        }
    }
}

/// Whether these bytes, however few, may still become the start of an interchange.
fn could_begin_header(bytes: &[u8]) -> bool {
    bytes.len() < HEADER_START && bytes.iter().enumerate().all(|(at, &byte)| search::fits(at, byte))
}

fn begins_header(bytes: &[u8]) -> bool {
    bytes.len() >= HEADER_START
        && bytes[..HEADER_START].iter().enumerate().all(|(at, &byte)| search::fits(at, byte))
}

fn is_interchange_end(bytes: &[u8], element: u8) -> bool {
    bytes.starts_with(b"IEA") && bytes.get(3).is_none_or(|&byte| byte == element)
}
