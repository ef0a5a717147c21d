// SPDX-License-Identifier: Apache-2.0
//! The report as a cash poster reads it: a row per remittance, what is wrong right below it.
//! Rows are written as they come, so columns have fixed widths.

use std::io::{self, Write};

use super::report::SetReport;

/// Findings printed per remittance; the rest are counted.
const FINDINGS_SHOWN_MAX: usize = 20;

/// Writes reports as a table.
pub struct Table<W> {
    out: W,
    file: Option<std::sync::Arc<str>>,
}

impl<W: Write> Table<W> {
    pub fn new(out: W) -> Self {
        Self { out, file: None }
    }

    /// Adds a report: the file's name and the column titles come before its first.
    pub fn add(&mut self, report: &SetReport) -> io::Result<()> {
        if self.file.as_ref() != Some(&report.file) {
            self.begin_file(report)?;
        }
        if let Some(st) = &report.st {
            let verdict = if report.balanced { "balanced" } else { "NOT BALANCED" };
            let envelope = if report.envelope { "whole" } else { "BROKEN" };
            writeln!(
                self.out,
                "{:<12} {verdict:<13} {envelope:<9} {:>16} {:>16} {:>16} {:>8} {:>8}",
                printable(st),
                amount(&report.bpr02),
                amount(&report.sum_clp04),
                amount(&report.sum_plb),
                report.claims,
                report.lines
            )?;
        } else {
            writeln!(self.out, "outside every remittance:")?;
        }
        for finding in report.findings.iter().take(FINDINGS_SHOWN_MAX) {
            let (code, message) = (finding.code, &finding.message);
            writeln!(self.out, "    {code:<22} segment {:<8} {message}", finding.segment)?;
        }
        let more = report.findings.len().saturating_sub(FINDINGS_SHOWN_MAX);
        if more > 0 {
            writeln!(self.out, "    and {more} more findings")?;
        }
        Ok(())
    }

    fn begin_file(&mut self, report: &SetReport) -> io::Result<()> {
        if self.file.is_some() {
            writeln!(self.out)?;
        }
        self.file = Some(report.file.clone());
        writeln!(self.out, "{}", printable(&report.file))?;
        writeln!(
            self.out,
            "{:<12} {:<13} {:<9} {:>16} {:>16} {:>16} {:>8} {:>8}",
            "Remittance",
            "Balance",
            "Envelope",
            "Payment",
            "Claims paid",
            "Provider adj.",
            "Claims",
            "Lines"
        )
    }
}

fn amount(decimal: &Option<String>) -> &str {
    decimal.as_deref().unwrap_or("not readable")
}

/// Text of a file never steers the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
