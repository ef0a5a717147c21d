// SPDX-License-Identifier: Apache-2.0
//! One claim while it is read: its segments, its lines, its adjustments and its balance.
//! The buffer is used again for every claim of a file, so its size is that of the largest.

use model::money::Minor;

use super::arena::{Arena, Span};
use super::claim::ClaimVerdict;
use crate::x12::finding::Place;

#[derive(Default, Clone, Copy)]
pub(super) struct LineRecord {
    pub place: Place,
    pub procedure: Span,
    pub charge: Minor,
    pub paid: Minor,
    pub revenue_code: Span,
    pub units: Span,
    pub original_procedure: Span,
    pub original_units: Span,
    pub adjusted: i128,
    pub first_adjustment: u32,
    pub first_detail: u32,
}

impl LineRecord {
    /// Charge less adjustments less payment: zero when the line balances.
    pub fn difference(&self) -> i128 {
        i128::from(self.charge) - self.adjusted - i128::from(self.paid)
    }
}

#[derive(Default, Clone, Copy)]
pub(super) struct AdjustmentRecord {
    pub group: Span,
    pub code: Span,
    pub amount: Minor,
    pub quantity: Span,
}

pub(super) struct ClaimBuffer {
    pub arena: Arena,
    pub open: bool,
    pub place: Place,
    pub ordinal: u64,
    pub segments: u64,
    /// CLP01 to CLP11 at their positions.
    pub elements: [Span; 12],
    pub charge: Minor,
    pub paid: Minor,
    pub responsibility: Minor,
    pub adjusted: i128,
    pub unreadable: bool,
    pub lines: Vec<LineRecord>,
    pub adjustments: Vec<AdjustmentRecord>,
}

impl ClaimBuffer {
    pub fn new() -> Self {
        Self {
            arena: Arena::new(),
            open: false,
            place: Place::default(),
            ordinal: 0,
            segments: 0,
            elements: [Span::default(); 12],
            charge: 0,
            paid: 0,
            responsibility: 0,
            adjusted: 0,
            unreadable: false,
            lines: Vec::new(),
            adjustments: Vec::new(),
        }
    }

    /// Charge less all adjustments less payment: zero when the claim balances.
    pub fn difference(&self) -> i128 {
        i128::from(self.charge) - self.adjusted - i128::from(self.paid)
    }

    pub fn verdict(&self) -> ClaimVerdict {
        if self.unreadable {
            return ClaimVerdict { lines_off: 0, claim_off: false, unreadable: true };
        }
        let off = self.lines.iter().filter(|line| line.difference() != 0).count();
        ClaimVerdict { lines_off: off as u64, claim_off: self.difference() != 0, unreadable: false }
    }

    pub fn add_adjustment(&mut self, adjustment: AdjustmentRecord) {
        let amount = i128::from(adjustment.amount);
        self.adjusted += amount;
        if let Some(line) = self.lines.last_mut() {
            line.adjusted += amount;
        }
        self.adjustments.push(adjustment);
    }

    pub fn add_line(&mut self, mut line: LineRecord) {
        line.first_adjustment = self.adjustments.len() as u32;
        line.first_detail = self.arena.details.len() as u32;
        self.lines.push(line);
    }

    pub fn capacity_bytes(&self) -> usize {
        self.arena.capacity_bytes()
            + self.lines.capacity() * size_of::<LineRecord>()
            + self.adjustments.capacity() * size_of::<AdjustmentRecord>()
    }
}
