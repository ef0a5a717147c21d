// SPDX-License-Identifier: Apache-2.0
//! What a file of remittances says of itself, for a person or a script: one report per 835.
//! A report waits for its interchange to end, so that its envelope verdict is the final one.

use std::io::{self, Read};
use std::sync::Arc;

use crate::x12::remittance::{
    BodyHashing, FileSummary, GroupEnd, Interchange, InterchangeEnd, Remittance835, SetEnd,
    SetStart, Sink,
};
use crate::x12::{Code, Finding, Limits, Refusal};

mod report;
mod table;

pub use report::SetReport;
pub use table::Table;

const CHUNK_BYTES: usize = 1 << 20;

/// The file as a whole, after its last set report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReport {
    pub summary: FileSummary,
    /// Why reading stopped before the end, if it did.
    pub refusal: Option<Refusal>,
}

impl FileReport {
    /// Every remittance is balanced and every envelope whole.
    pub fn sound(&self) -> bool {
        self.refusal.is_none() && self.summary.balanced && self.summary.envelope
    }
}

/// Reads a whole file and reports each 835 in it, in order. What belongs to no 835 (another set, a
/// refused file) comes last, as a report whose `st` is nothing; a file without such remarks has none.
pub fn file(
    name: &str,
    mut input: impl Read,
    limits: &Limits,
    report: &mut impl FnMut(SetReport),
) -> io::Result<FileReport> {
    let mut reader = Remittance835::new(limits.clone(), BodyHashing::Off);
    let mut inspector = Inspector::new(name, report);
    let mut buffer = vec![0; CHUNK_BYTES];
    let refusal = loop {
        let read = match input.read(&mut buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if read == 0 {
            break reader.finish(&mut inspector).err();
        }
        if let Err(refusal) = reader.push(&buffer[..read], &mut inspector) {
            break Some(refusal);
        }
    };
    let summary = reader.summary();
    inspector.end(&summary);
    Ok(FileReport { summary, refusal })
}

/// Where a finding belongs that comes now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Outside,
    Interchange,
    Set,
}

struct Inspector<'a, F> {
    file: Arc<str>,
    report: &'a mut F,
    scope: Scope,
    /// The reports of the interchange that is open.
    held: Vec<SetReport>,
    /// Where in `held` the open group begins.
    group_from: usize,
    /// Findings that wait for the next set.
    early: Vec<Finding>,
    /// Findings that belong to no 835.
    loose: Vec<Finding>,
}

impl<'a, F: FnMut(SetReport)> Inspector<'a, F> {
    fn new(file: &str, report: &'a mut F) -> Self {
        Self {
            file: file.into(),
            report,
            scope: Scope::Outside,
            held: Vec::new(),
            group_from: 0,
            early: Vec::new(),
            loose: Vec::new(),
        }
    }

    fn end(mut self, summary: &FileSummary) {
        self.loose.append(&mut self.early);
        if self.loose.is_empty() {
            return;
        }
        let mut last = SetReport::new(self.file.clone(), None);
        last.envelope = summary.envelope;
        last.findings = self.loose.into_iter().map(Into::into).collect();
        (self.report)(last);
    }
}

impl<F: FnMut(SetReport)> Sink for Inspector<'_, F> {
    fn interchange_start(&mut self, _interchange: &Interchange<'_>) {
        self.scope = Scope::Interchange;
        self.group_from = 0;
    }

    fn set_start(&mut self, set: &SetStart<'_>) {
        self.scope = Scope::Set;
        let mut report =
            SetReport::new(self.file.clone(), Some(set.control_number.to_owned_string()));
        report.findings.extend(self.early.drain(..).map(Into::into));
        self.held.push(report);
    }

    fn set_end(&mut self, end: &SetEnd<'_>) {
        self.scope = Scope::Interchange;
        if let Some(report) = self.held.last_mut() {
            report.fill(end);
        }
    }

    fn group_end(&mut self, end: &GroupEnd) {
        for report in self.held.iter_mut().skip(self.group_from) {
            report.envelope &= end.envelope;
        }
        self.group_from = self.held.len();
    }

    fn interchange_end(&mut self, end: &InterchangeEnd) {
        self.scope = Scope::Outside;
        for mut report in self.held.drain(..) {
            report.envelope &= end.envelope;
            (self.report)(report);
        }
    }

    fn finding(&mut self, finding: &Finding) {
        let from = match (self.scope, finding.code) {
            (Scope::Outside, Code::Prose) | (Scope::Interchange, Code::Repetition) => {
                self.early.push(finding.clone());
                return;
            }
            (Scope::Outside, _) | (Scope::Interchange, Code::OtherSet) => self.held.len(),
            (Scope::Interchange, Code::NoGroupEnd | Code::GroupCount | Code::GroupControl) => {
                self.group_from
            }
            (
                Scope::Interchange,
                Code::NoInterchangeEnd | Code::InterchangeCount | Code::InterchangeControl,
            ) => 0,
            (Scope::Set | Scope::Interchange, _) => self.held.len().saturating_sub(1),
        };
        // A trailer's finding is told to every set it encloses, any other to one.
        if self.held.get(from).is_none() {
            self.loose.push(finding.clone());
        }
        for report in self.held.iter_mut().skip(from) {
            report.findings.push(finding.clone().into());
        }
    }
}
