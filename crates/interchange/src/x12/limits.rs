// SPDX-License-Identifier: Apache-2.0
//! Every limit of the X12 readers, named and configurable, so that memory never depends on the file.
//! What exceeds a limit is refused with its place; only findings are merely counted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The limits of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of text that is neither blank nor an interchange, per gap.
    pub preamble_bytes_max: usize,
    /// Bytes of one segment.
    pub segment_bytes_max: usize,
    /// Segments of one file.
    pub segments_max: u64,
    /// Elements of one segment.
    pub elements_max: usize,
    /// Interchanges of one file.
    pub interchanges_max: u64,
    /// Transaction sets of one file.
    pub sets_max: u64,
    /// Bytes kept of one transaction set's header.
    pub header_bytes_max: usize,
    /// Bytes kept of one claim.
    pub claim_bytes_max: usize,
    /// Service lines of one claim.
    pub claim_lines_max: usize,
    /// Findings handed over per file; further ones are counted.
    pub findings_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            preamble_bytes_max: 64 << 10,
            segment_bytes_max: 64 << 10,
            segments_max: 100_000_000,
            elements_max: 128,
            interchanges_max: 100_000,
            sets_max: 100_000,
            header_bytes_max: 256 << 10,
            claim_bytes_max: 4 << 20,
            claim_lines_max: 10_000,
            findings_max: 10_000,
        }
    }
}
