// SPDX-License-Identifier: Apache-2.0
//! The reference scan of an 835: one streaming pass that balances and builds nothing.
//! It trusts its input and bounds what a reader can reach on this machine; only benchmarks use it.

use std::io::{self, Read};

/// What the scan counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scan {
    pub bytes: u64,
    pub segments: u64,
    pub sets: u64,
    pub claims: u64,
    pub lines: u64,
    pub lines_off: u64,
    pub claims_off: u64,
    pub sets_off: u64,
}

#[derive(Default)]
struct Balance {
    charge: i64,
    paid: i64,
    adjusted: i64,
}

impl Balance {
    fn off(&self) -> u64 {
        u64::from(self.charge - self.adjusted != self.paid)
    }
}

#[derive(Default)]
struct Scanner {
    scan: Scan,
    set_segments: i64,
    total: i64,
    paid: i64,
    provider_adjusted: i64,
    claim: Option<Balance>,
    line: Option<Balance>,
    ends: Vec<usize>,
}

/// Scans one file with a buffer of this many bytes. Delimiters are those of its first interchange.
pub fn scan(mut input: impl Read, buffer_bytes: usize) -> io::Result<Scan> {
    let mut buffer = vec![0; buffer_bytes.max(4096)];
    let mut scanner = Scanner::default();
    let mut held = 0;
    let mut delimiters = None;
    loop {
        let read = input.read(&mut buffer[held..])?;
        if read == 0 {
            return Ok(scanner.scan);
        }
        scanner.scan.bytes += read as u64;
        held += read;
        let &mut (element, terminator) = delimiters.get_or_insert((buffer[3], buffer[105]));
        let mut start = 0;
        for end in memchr::memchr_iter(terminator, &buffer[..held]) {
            scanner.segment(buffer[start..end].trim_ascii_start(), element);
            start = end + 1;
        }
        if start == 0 && held == buffer.len() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "no terminator in the buffer"));
        }
        buffer.copy_within(start..held, 0);
        held -= start;
    }
}

impl Scanner {
    fn segment(&mut self, segment: &[u8], separator: u8) {
        self.scan.segments += 1;
        self.set_segments += 1;
        self.ends.clear();
        self.ends.extend(memchr::memchr_iter(separator, segment));
        self.ends.push(segment.len());
        match &segment[..self.ends[0]] {
            b"ST" => {
                self.scan.sets += 1;
                (self.set_segments, self.total, self.paid, self.provider_adjusted) = (1, 0, 0, 0);
            }
            b"BPR" => {
                let debit = self.element(segment, 3) == b"D";
                self.total = self.cents(segment, 2) * if debit { -1 } else { 1 };
            }
            b"CLP" => {
                self.end_claim();
                self.scan.claims += 1;
                let (charge, paid) = (self.cents(segment, 3), self.cents(segment, 4));
                self.paid += paid;
                self.claim = Some(Balance { charge, paid, adjusted: 0 });
            }
            b"SVC" => {
                self.end_line();
                self.scan.lines += 1;
                let (charge, paid) = (self.cents(segment, 2), self.cents(segment, 3));
                self.line = Some(Balance { charge, paid, adjusted: 0 });
            }
            b"CAS" => {
                let sum = self.sum(segment, 3, 3);
                let parts = self.claim.iter_mut().chain(&mut self.line);
                parts.for_each(|balance| balance.adjusted += sum);
            }
            b"PLB" => {
                self.end_claim();
                self.provider_adjusted += self.sum(segment, 4, 2);
            }
            b"SE" => {
                self.end_claim();
                let counted = self.cents(segment, 1) / 100 == self.set_segments;
                let agrees = self.total == self.paid - self.provider_adjusted;
                self.scan.sets_off += u64::from(!(counted && agrees));
            }
            _ => {}
        }
    }

    fn end_line(&mut self) {
        self.scan.lines_off += self.line.take().map_or(0, |line| line.off());
    }

    fn end_claim(&mut self) {
        self.end_line();
        self.scan.claims_off += self.claim.take().map_or(0, |claim| claim.off());
    }

    fn element<'a>(&self, segment: &'a [u8], position: usize) -> &'a [u8] {
        match (self.ends.get(position.wrapping_sub(1)), self.ends.get(position)) {
            (Some(&before), Some(&end)) => &segment[before + 1..end],
            _ => &[],
        }
    }

    fn cents(&self, segment: &[u8], position: usize) -> i64 {
        cents(self.element(segment, position))
    }

    fn sum(&self, segment: &[u8], first: usize, step: usize) -> i64 {
        (first..self.ends.len()).step_by(step).map(|position| self.cents(segment, position)).sum()
    }
}

/// An amount in cents without any check of its form.
fn cents(bytes: &[u8]) -> i64 {
    let (mut value, mut decimals) = (0i64, None);
    for &byte in bytes {
        if byte.is_ascii_digit() {
            value = value.wrapping_mul(10).wrapping_add(i64::from(byte - b'0'));
            decimals = decimals.map(|count: u32| count + 1);
        } else if byte == b'.' {
            decimals = Some(0);
        }
    }
    let scale = match decimals {
        None | Some(0) => 100,
        Some(1) => 10,
        Some(_) => 1,
    };
    let cents = value.wrapping_mul(scale);
    if bytes.first() == Some(&b'-') { -cents } else { cents }
}
