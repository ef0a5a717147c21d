// SPDX-License-Identifier: Apache-2.0
//! What surrounds the claims of a remittance file: envelopes, provider adjustments, verdicts.
//! Everything is borrowed from the reader and valid during the call that hands it over.

use model::money::Minor;

use crate::x12::delimiters::Delimiters;
use crate::x12::finding::Place;
use crate::x12::text::Text;

/// An interchange begins (ISA).
#[derive(Debug, Clone, Copy)]
pub struct Interchange<'a> {
    pub place: Place,
    pub delimiters: Delimiters,
    pub sender_qualifier: Text<'a>,
    pub sender: Text<'a>,
    pub receiver_qualifier: Text<'a>,
    pub receiver: Text<'a>,
    pub date: Text<'a>,
    pub time: Text<'a>,
    pub version: Text<'a>,
    pub control_number: Text<'a>,
    /// ISA15: `P` production, `T` test.
    pub usage: Text<'a>,
}

/// A functional group begins (GS).
#[derive(Debug, Clone, Copy)]
pub struct Group<'a> {
    pub place: Place,
    pub function: Text<'a>,
    pub sender: Text<'a>,
    pub receiver: Text<'a>,
    pub control_number: Text<'a>,
    /// GS08, such as `005010X221A1`.
    pub version: Text<'a>,
}

/// An 835 transaction set begins (ST). Other sets are only told in a finding.
#[derive(Debug, Clone, Copy)]
pub struct SetStart<'a> {
    pub place: Place,
    /// ST02.
    pub control_number: Text<'a>,
    /// ST03, where given.
    pub implementation: Text<'a>,
    /// 1 for the file's first 835.
    pub ordinal: u64,
}

/// One adjustment of a PLB segment; positive lowers the payment.
#[derive(Debug, Clone, Copy)]
pub struct ProviderAdjustment<'a> {
    pub place: Place,
    /// 1 for the set's first.
    pub ordinal: u64,
    pub provider: Text<'a>,
    pub fiscal_date: Text<'a>,
    /// PLB03-1 and its repetitions.
    pub reason: Text<'a>,
    /// PLB03-2.
    pub reference: Text<'a>,
    pub amount: Minor,
}

/// BPR03.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreditDebit {
    Credit,
    /// Counts negative in the balance of the transaction.
    Debit,
    /// Absent or unknown; counted as a credit.
    Unstated,
}

impl CreditDebit {
    pub(super) fn read(element: &[u8]) -> Self {
        match element.trim_ascii() {
            b"C" => Self::Credit,
            b"D" => Self::Debit,
            _ => Self::Unstated,
        }
    }
}

/// An 835 has ended, by its SE or by what came instead.
#[derive(Debug, Clone)]
pub struct SetEnd<'a> {
    /// Of the ST.
    pub place: Place,
    pub control_number: Text<'a>,
    /// Every line, every claim and the total agree, and nothing needed to tell is missing.
    pub balanced: bool,
    /// The set's own envelope: its SE, count and control number, and the order of its segments.
    pub envelope: bool,
    /// BPR02 as written; nothing when missing or unreadable.
    pub total: Option<Minor>,
    pub credit_debit: CreditDebit,
    /// Nothing when an amount of the set is unreadable or a sum does not fit.
    pub sum_clp04: Option<Minor>,
    pub sum_plb: Option<Minor>,
    pub claims: u64,
    pub lines: u64,
    pub provider_adjustments: u64,
    pub claims_off: u64,
    pub lines_off: u64,
    /// Findings between this set's start and here, kept or not.
    pub findings: u64,
    pub segments: u64,
    /// SHA-256 over the set without its control numbers, whatever its delimiters; when asked for.
    pub body_hash: Option<[u8; 32]>,
}

/// A functional group has ended.
#[derive(Debug, Clone, Copy)]
pub struct GroupEnd {
    pub place: Place,
    pub sets: u64,
    /// The group's own envelope; its sets have theirs.
    pub envelope: bool,
}

/// An interchange has ended.
#[derive(Debug, Clone, Copy)]
pub struct InterchangeEnd {
    pub place: Place,
    pub groups: u64,
    /// The interchange's own envelope; its groups and sets have theirs.
    pub envelope: bool,
}

/// The whole file, so far or at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FileSummary {
    pub bytes: u64,
    pub segments: u64,
    pub interchanges: u64,
    pub groups: u64,
    /// Transaction sets of every kind.
    pub sets: u64,
    pub remittances: u64,
    /// There is a remittance and each is balanced.
    pub balanced: bool,
    /// There is an interchange, and every envelope in the file is whole.
    pub envelope: bool,
    pub claims: u64,
    pub lines: u64,
    /// All findings, including those past `findings_max`.
    pub findings: u64,
}
