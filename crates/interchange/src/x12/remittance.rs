// SPDX-License-Identifier: Apache-2.0
//! The 835: push bytes, receive header, claims, provider adjustments and verdicts as they complete.
//! One pass, integer cents, and buffers that never grow with the file or with a transaction set.

use super::finding::{Finding, Refusal};
use super::limits::Limits;
use super::text::Text;
use super::tokeniser::Tokeniser;

mod amounts;
mod arena;
mod body_hash;
mod claim;
mod claim_buffer;
mod closing;
mod detail;
mod envelope;
mod events;
mod header;
mod state;

pub use claim::{Adjustment, Claim, ClaimVerdict, Line, Name};
pub use events::{
    CreditDebit, FileSummary, Group, GroupEnd, Interchange, InterchangeEnd, ProviderAdjustment,
    SetEnd, SetStart,
};
pub use header::{Header, Party, Reference};

use state::{Driver, State};

/// Receives a remittance file as it streams past. Every method may be left out.
///
/// Order: `interchange_start`, `group_start`, and per 835 `set_start`, `header`, `claim`s and
/// `provider_adjustment`s, `set_end`; then `group_end`, `interchange_end`. Every start has its end,
/// also in a damaged or refused file. A finding between `set_start` and `set_end` belongs to the set.
pub trait Sink {
    fn interchange_start(&mut self, _interchange: &Interchange<'_>) {}
    fn group_start(&mut self, _group: &Group<'_>) {}
    fn set_start(&mut self, _set: &SetStart<'_>) {}
    fn header(&mut self, _header: &Header<'_>) {}
    /// Claims of one group follow (LX, TS3): the facility's identifier (TS301), empty where none
    /// is given.
    fn claim_group(&mut self, _facility: Text<'_>) {}
    /// A claim is complete and judged; its findings came just before.
    fn claim(&mut self, _claim: &Claim<'_>) {}
    fn provider_adjustment(&mut self, _adjustment: &ProviderAdjustment<'_>) {}
    fn set_end(&mut self, _end: &SetEnd<'_>) {}
    fn group_end(&mut self, _end: &GroupEnd) {}
    fn interchange_end(&mut self, _end: &InterchangeEnd) {}
    fn finding(&mut self, _finding: &Finding) {}
}

/// Discards everything; the verdicts are in the summary.
impl Sink for () {}

/// Whether the reader hashes each transaction set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyHashing {
    /// `SetEnd::body_hash` is filled.
    Sha256,
    Off,
}

/// The reader of one file of remittances.
pub struct Remittance835 {
    tokeniser: Tokeniser,
    state: State,
}

impl Remittance835 {
    pub fn new(limits: Limits, hashing: BodyHashing) -> Self {
        Self { tokeniser: Tokeniser::new(limits.clone()), state: State::new(limits, hashing) }
    }

    /// Reads one more chunk. A refusal closes what is open, is also told as a finding, and repeats
    /// on every further call.
    pub fn push(&mut self, chunk: &[u8], sink: &mut impl Sink) -> Result<(), Refusal> {
        let mut driver = Driver { state: &mut self.state, sink };
        let result = self.tokeniser.push(chunk, &mut driver);
        if let Err(refusal) = &result {
            driver.abandon(refusal);
        }
        result
    }

    /// Ends the file and closes what is open.
    pub fn finish(&mut self, sink: &mut impl Sink) -> Result<FileSummary, Refusal> {
        let mut driver = Driver { state: &mut self.state, sink };
        let result = self.tokeniser.finish(&mut driver);
        match &result {
            Ok(()) => driver.end_of_file(),
            Err(refusal) => driver.abandon(refusal),
        }
        result.map(|()| self.summary())
    }

    /// What the file held so far; complete after `finish` or a refusal.
    pub fn summary(&self) -> FileSummary {
        let mut summary = self.state.summary();
        summary.bytes = self.tokeniser.bytes();
        summary.segments = self.tokeniser.segments();
        summary
    }

    /// Bytes the reader's buffers hold on the heap.
    pub fn capacity_bytes(&self) -> usize {
        self.tokeniser.capacity_bytes() + self.state.capacity_bytes()
    }
}
