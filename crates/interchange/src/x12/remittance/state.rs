// SPDX-License-Identifier: Apache-2.0
//! Where the reader stands in a file, and which segment goes where.
//! Envelope segments open and close; the rest belongs to the transaction set that is open.

use model::money::Minor;

use super::BodyHashing;
use super::Sink;
use super::body_hash::BodyHash;
use super::claim_buffer::ClaimBuffer;
use super::envelope::{OpenGroup, OpenInterchange};
use super::events::{CreditDebit, FileSummary};
use super::header::HeaderBuffer;
use crate::x12::finding::{Code, Finding, Place, Refusal};
use crate::x12::limits::Limits;
use crate::x12::segment::{ElementTable, Segment, tag};
use crate::x12::tokeniser::Receive;

/// Where in a transaction set the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Not an 835: only counted.
    Foreign,
    Header,
    Detail,
}

/// The first BPR of a set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Payment {
    pub total: Option<Minor>,
    pub credit_debit: CreditDebit,
    pub place: Place,
}

/// The transaction set that is open.
pub(super) struct OpenSet {
    pub place: Place,
    pub control: Vec<u8>,
    pub phase: Phase,
    pub segments: u64,
    pub findings: u64,
    pub envelope: bool,
    pub unreadable: bool,
    pub payment: Option<Payment>,
    pub has_trace: bool,
    pub sum_clp04: i128,
    pub sum_plb: i128,
    pub claims: u64,
    pub lines: u64,
    pub provider_adjustments: u64,
    pub claims_off: u64,
    pub lines_off: u64,
    /// TS301 of a group of claims that has begun and has no claim yet.
    pub claim_group: Option<Vec<u8>>,
}

pub(super) struct State {
    pub limits: Limits,
    pub hash: Option<BodyHash>,
    pub elements: ElementTable,
    pub interchange: Option<OpenInterchange>,
    pub group: Option<OpenGroup>,
    pub set: Option<OpenSet>,
    pub header: HeaderBuffer,
    pub claim: ClaimBuffer,
    pub file: FileSummary,
    pub refused: bool,
}

impl State {
    pub fn new(mut limits: Limits, hashing: BodyHashing) -> Self {
        // Spans are 32 bits wide.
        limits.claim_bytes_max = limits.claim_bytes_max.min(u32::MAX as usize);
        limits.header_bytes_max = limits.header_bytes_max.min(u32::MAX as usize);
        Self {
            limits,
            hash: (hashing == BodyHashing::Sha256).then(BodyHash::new),
            elements: ElementTable::default(),
            interchange: None,
            group: None,
            set: None,
            header: HeaderBuffer::new(),
            claim: ClaimBuffer::new(),
            file: FileSummary { balanced: true, envelope: true, ..FileSummary::default() },
            refused: false,
        }
    }

    pub fn summary(&self) -> FileSummary {
        let mut summary = self.file;
        summary.balanced &= summary.remittances > 0 && !self.refused;
        summary.envelope &= summary.interchanges > 0 && !self.refused;
        summary
    }

    pub fn capacity_bytes(&self) -> usize {
        self.elements.capacity_bytes()
            + self.header.arena.capacity_bytes()
            + self.claim.capacity_bytes()
            + self.hash.as_ref().map_or(0, BodyHash::capacity_bytes)
    }
}

/// The state together with the sink of the current call.
pub(super) struct Driver<'a, S: Sink> {
    pub state: &'a mut State,
    pub sink: &'a mut S,
}

impl<S: Sink> Receive for Driver<'_, S> {
    fn interchange(&mut self, header: &Segment<'_>) -> Result<(), Refusal> {
        self.open_interchange(header);
        Ok(())
    }

    fn segment(&mut self, segment: &Segment<'_>) -> Result<(), Refusal> {
        const GS: u32 = tag(b"GS");
        const ST: u32 = tag(b"ST");
        const SE: u32 = tag(b"SE");
        const GE: u32 = tag(b"GE");
        const IEA: u32 = tag(b"IEA");
        let tag = segment.tag();
        match tag {
            GS => self.open_group(segment),
            ST => return self.open_set(segment),
            SE => self.set_trailer(segment),
            GE => self.group_trailer(segment),
            IEA => self.interchange_trailer(segment),
            _ => return self.body(tag, segment),
        }
        Ok(())
    }

    fn finding(&mut self, finding: Finding) {
        if finding.code == Code::TextAfter {
            self.state.file.envelope = false;
        }
        self.tell(finding);
    }
}

impl<S: Sink> Driver<'_, S> {
    /// Counts a finding and hands it over while there is room. The message is made only then.
    pub fn find(&mut self, place: Place, code: Code, message: impl FnOnce() -> String) {
        if self.count_finding() {
            self.sink.finding(&Finding::new(place, code, message()));
        }
    }

    fn tell(&mut self, finding: Finding) {
        if self.count_finding() {
            self.sink.finding(&finding);
        }
    }

    fn count_finding(&mut self) -> bool {
        self.state.file.findings += 1;
        if let Some(set) = &mut self.state.set {
            set.findings += 1;
        }
        self.state.file.findings <= self.state.limits.findings_max
    }

    /// A finding that also breaks the envelope of the set it is in, or else of the interchange and file.
    pub fn find_broken(&mut self, place: Place, code: Code, message: &'static str) {
        match &mut self.state.set {
            Some(set) => set.envelope = false,
            None => {
                self.state.file.envelope = false;
                if let Some(interchange) = &mut self.state.interchange {
                    interchange.envelope = false;
                }
            }
        }
        self.find(place, code, || message.to_owned());
    }

    /// A refusal ends everything that is open, once.
    pub fn abandon(&mut self, refusal: &Refusal) {
        if self.state.refused {
            return;
        }
        self.state.refused = true;
        // The reason is told even when findings have run out.
        self.state.file.findings += 1;
        if let Some(set) = &mut self.state.set {
            set.findings += 1;
        }
        self.sink.finding(&Finding::from(refusal.clone()));
        self.close_interchange(refusal.place);
    }

    pub fn end_of_file(&mut self) {
        let place = self.state.interchange.as_ref().map(|open| open.place).unwrap_or_default();
        self.close_interchange(place);
        if self.state.file.remittances == 0 {
            self.find(place, Code::NoRemittance, || "the file holds no 835".to_owned());
        }
    }

    /// A segment that is no envelope.
    fn body(&mut self, tag: u32, segment: &Segment<'_>) -> Result<(), Refusal> {
        let Some(set) = &mut self.state.set else {
            self.find_broken(segment.place, Code::OutsideSet, "a segment outside every set");
            return Ok(());
        };
        set.segments += 1;
        if set.phase == Phase::Foreign {
            return Ok(());
        }
        if let Some(hash) = &mut self.state.hash {
            hash.segment(segment);
        }
        self.detail(tag, segment)
    }
}
