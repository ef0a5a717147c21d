// SPDX-License-Identifier: Apache-2.0
//! An independent count of a file for the intake: what came in, counted without the reader.
//! It finds delimiters, segments and amounts by its own means; on sound files both must agree.

/// What a file holds, counted over all its interchanges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct ControlTotals {
    pub interchanges: u64,
    /// Transaction sets of every kind.
    pub sets: u64,
    /// Those that are 835.
    pub remittances: u64,
    /// CLP segments of 835 sets.
    pub claims: u64,
    /// Σ CLP04 in cents.
    pub claim_payments: i128,
    /// Readable PLB amounts.
    pub provider_adjustment_entries: u64,
    /// Σ PLB amounts in cents.
    pub provider_adjustments: i128,
    /// Σ BPR02 in cents, debits negative.
    pub totals: i128,
    /// Amounts that could not be read; the sums leave them out.
    pub unreadable: u64,
}

impl ControlTotals {
    /// Payments less provider adjustments are the totals, and every amount was read.
    pub fn agree(&self) -> bool {
        self.unreadable == 0 && self.claim_payments - self.provider_adjustments == self.totals
    }
}

/// Elements that matter are within the first of a segment; PLB amounts may be in any.
const ELEMENT_BYTES_MAX: usize = 64;
const IDENTIFIER_BYTES_MAX: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Looking for `ISA`, separator, two digits.
    Outside,
    /// Inside ISA, counting separators.
    Header,
    /// After ISA16: the terminator is next.
    Terminator,
    /// The terminator is CR, or LF if that follows.
    CarriageReturn,
    Segments,
}

/// Counts a file pushed in chunks, byte by byte, in constant memory.
#[derive(Debug)]
pub struct Counter {
    totals: ControlTotals,
    step: Step,
    window: [u8; 6],
    element_separator: u8,
    terminator: u8,
    separators: u32,
    element: [u8; ELEMENT_BYTES_MAX],
    element_len: usize,
    element_index: u32,
    identifier: [u8; IDENTIFIER_BYTES_MAX],
    identifier_len: usize,
    remittance: bool,
    has_total: bool,
    total: Option<i128>,
}

impl Default for Counter {
    fn default() -> Self {
        Self {
            totals: ControlTotals::default(),
            step: Step::Outside,
            window: [0; 6],
            element_separator: b'*',
            terminator: b'~',
            separators: 0,
            element: [0; ELEMENT_BYTES_MAX],
            element_len: 0,
            element_index: 0,
            identifier: [0; IDENTIFIER_BYTES_MAX],
            identifier_len: 0,
            remittance: false,
            has_total: false,
            total: None,
        }
    }
}

impl Counter {
    pub fn push(&mut self, chunk: &[u8]) {
        for &byte in chunk {
            self.byte(byte);
        }
    }

    /// The same, telling where within the chunk segments end: offsets behind their terminators.
    pub fn push_telling_ends(&mut self, chunk: &[u8], ends: &mut Vec<usize>) {
        for (place, &byte) in chunk.iter().enumerate() {
            let inside = !matches!(self.step, Step::Outside | Step::Header);
            self.byte(byte);
            if inside && byte == self.terminator {
                ends.push(place + 1);
            }
        }
    }

    /// The counts at the end of the file; an unterminated last segment counts.
    pub fn finish(mut self) -> ControlTotals {
        if self.step == Step::Segments {
            self.end_segment();
        }
        self.totals
    }

    fn byte(&mut self, byte: u8) {
        match self.step {
            Step::Outside => self.look_for_header(byte),
            Step::Header => self.header(byte),
            Step::Terminator if byte == b'\r' => self.step = Step::CarriageReturn,
            Step::Terminator => self.begin_segments(byte),
            Step::CarriageReturn if byte == b'\n' => self.begin_segments(b'\n'),
            Step::CarriageReturn => {
                self.begin_segments(b'\r');
                self.byte(byte);
            }
            Step::Segments => self.segments(byte),
        }
    }

    fn look_for_header(&mut self, byte: u8) {
        self.window.rotate_left(1);
        self.window[5] = byte;
        let [i, s, a, separator, first, second] = self.window;
        let bare = separator.is_ascii_alphanumeric() || separator.is_ascii_whitespace();
        let digits = first.is_ascii_digit() && second.is_ascii_digit();
        if [i, s, a] != *b"ISA" || bare || !digits {
            return;
        }
        self.totals.interchanges += 1;
        self.element_separator = self.window[3];
        self.window = [0; 6];
        self.separators = 1;
        self.element_len = 0;
        self.step = Step::Header;
    }

    fn header(&mut self, byte: u8) {
        if self.separators == 16 {
            // This byte is ISA16, the component separator, which nothing here needs.
            self.step = Step::Terminator;
        } else if byte == self.element_separator {
            self.separators += 1;
        }
    }

    fn begin_segments(&mut self, terminator: u8) {
        self.terminator = terminator;
        self.step = Step::Segments;
        self.remittance = false;
        self.begin_segment();
    }

    fn begin_segment(&mut self) {
        self.element_index = 0;
        self.element_len = 0;
        self.identifier_len = 0;
        self.total = None;
    }

    fn segments(&mut self, byte: u8) {
        if byte == self.terminator {
            self.end_segment();
            return;
        }
        if byte == self.element_separator {
            self.end_element();
            self.element_index += 1;
            self.element_len = 0;
            return;
        }
        let leading = self.element_index == 0 && self.element_len == 0;
        if leading && byte.is_ascii_whitespace() {
            return;
        }
        if self.element_len < ELEMENT_BYTES_MAX {
            self.element[self.element_len] = byte;
        }
        self.element_len += 1;
    }

    fn end_element(&mut self) {
        let kept = &self.element[..self.element_len.min(ELEMENT_BYTES_MAX)];
        let value = kept.trim_ascii();
        if self.element_index == 0 {
            self.identifier_len = value.len();
            for (kept, &byte) in self.identifier.iter_mut().zip(value) {
                *kept = byte;
            }
            return;
        }
        let identifier = &self.identifier[..self.identifier_len.min(IDENTIFIER_BYTES_MAX)];
        if self.identifier_len > IDENTIFIER_BYTES_MAX {
            return;
        }
        let truncated = self.element_len > ELEMENT_BYTES_MAX;
        match (identifier, self.element_index) {
            (b"ST", 1) => {
                self.totals.sets += 1;
                self.remittance = value == b"835";
                self.totals.remittances += u64::from(self.remittance);
                self.has_total = false;
            }
            (b"CLP", 4) | (b"BPR", 2) if self.remittance => {
                let read = if truncated { None } else { cents(value) };
                self.count_amount(read);
            }
            (b"BPR", 3) if self.remittance && value == b"D" => {
                self.total = self.total.map(|total| -total);
            }
            (b"PLB", index) if self.remittance && index >= 4 && index % 2 == 0 => {
                match cents(value).filter(|_| !truncated) {
                    Some(_) if self.element_len == 0 => {}
                    Some(amount) => {
                        self.totals.provider_adjustment_entries += 1;
                        self.totals.provider_adjustments += amount;
                    }
                    None => self.totals.unreadable += 1,
                }
            }
            _ => {}
        }
    }

    fn count_amount(&mut self, read: Option<i128>) {
        let claim = self.identifier[0] == b'C';
        if !claim && self.has_total {
            return;
        }
        match read {
            Some(amount) if claim => self.totals.claim_payments += amount,
            Some(amount) => self.total = Some(amount),
            None => self.totals.unreadable += 1,
        }
    }

    fn end_segment(&mut self) {
        self.end_element();
        if self.remittance {
            match &self.identifier[..self.identifier_len.min(IDENTIFIER_BYTES_MAX)] {
                b"CLP" => self.totals.claims += 1,
                b"BPR" => {
                    self.totals.totals += self.total.unwrap_or(0);
                    self.has_total = true;
                }
                b"SE" => self.remittance = false,
                _ => {}
            }
        }
        if self.identifier == *b"IEA" && self.identifier_len == 3 {
            self.remittance = false;
            self.step = Step::Outside;
        }
        self.begin_segment();
        self.identifier = [0; IDENTIFIER_BYTES_MAX];
    }
}

/// A decimal amount in cents: sign, digits, and zeros only beyond the cents. Empty is nothing.
fn cents(text: &[u8]) -> Option<i128> {
    if text.is_empty() {
        return Some(0);
    }
    let unsigned = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    let mut halves = unsigned.splitn(2, |&byte| byte == b'.');
    let (whole, fraction) = (halves.next()?, halves.next().unwrap_or_default());
    if whole.len() + fraction.len() == 0 || whole.len() > 17 {
        return None;
    }
    let mut value: i128 = 0;
    for &byte in whole {
        value = value * 10 + i128::from(digit(byte)?);
    }
    for place in 0..fraction.len().max(2) {
        let digit = fraction.get(place).map_or(Some(0), |&byte| digit(byte))?;
        if place < 2 {
            value = value * 10 + i128::from(digit);
        } else if digit != 0 {
            return None;
        }
    }
    Some(if text[0] == b'-' { -value } else { value })
}

fn digit(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then(|| byte - b'0')
}
