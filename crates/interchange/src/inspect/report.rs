// SPDX-License-Identifier: Apache-2.0
//! The report on one 835, as a script reads it: verdicts, sums as decimal text, findings.
//! It names control numbers and amounts, never a patient or a claim.

use std::sync::Arc;

use model::money::decimal;
use serde::Serialize;

use crate::x12::remittance::SetEnd;
use crate::x12::{Code, Finding};

/// A finding with its position in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportedFinding {
    pub code: Code,
    /// The segment's number in the file, from 1.
    pub segment: u64,
    pub message: String,
}

impl From<Finding> for ReportedFinding {
    fn from(finding: Finding) -> Self {
        let message = finding.message.into_owned();
        Self { code: finding.code, segment: finding.place.segment, message }
    }
}

/// What there is to say about one 835 of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SetReport {
    pub file: Arc<str>,
    /// ST02; nothing for remarks that belong to no 835.
    pub st: Option<String>,
    pub balanced: bool,
    /// The envelopes of the set, of its group and of its interchange are whole.
    pub envelope: bool,
    /// BPR02 as written.
    pub bpr02: Option<String>,
    pub sum_clp04: Option<String>,
    pub sum_plb: Option<String>,
    pub claims: u64,
    pub lines: u64,
    pub findings: Vec<ReportedFinding>,
}

impl SetReport {
    pub(super) fn new(file: Arc<str>, st: Option<String>) -> Self {
        Self {
            file,
            st,
            balanced: false,
            envelope: true,
            bpr02: None,
            sum_clp04: None,
            sum_plb: None,
            claims: 0,
            lines: 0,
            findings: Vec::new(),
        }
    }

    pub(super) fn fill(&mut self, end: &SetEnd<'_>) {
        self.balanced = end.balanced;
        self.envelope &= end.envelope;
        self.bpr02 = end.total.map(decimal);
        self.sum_clp04 = end.sum_clp04.map(decimal);
        self.sum_plb = end.sum_plb.map(decimal);
        self.claims = end.claims;
        self.lines = end.lines;
    }

    /// One line of JSON, without the newline.
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("a report has text keys only")
    }
}
