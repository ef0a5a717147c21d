// SPDX-License-Identifier: Apache-2.0
//! What is configured for one Tryton database. The key itself is where a secret is kept and in no
//! configuration, log or `Debug` output.

use std::path::PathBuf;
use std::time::Duration;

use outbound::Reach;
use ports::erp::{Capabilities, PostingMode};
use ports::secret::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Address of the server with the name of the database: `https://erp.example.org/books`.
    pub url: String,
    /// How far the server may lie: `loopback`, `private` or `public`.
    #[serde(default)]
    pub reach: Reach,
    /// Where the key of the user's application `rest` is kept: `{ file = "…" }`, `{ env = "NAME" }` or
    /// `{ vault = "path#field" }`. Tryton takes two keys of a user at once, so a new one is put there
    /// before the old one is cancelled.
    pub key: Secret,
    /// Certificate authorities in PEM to trust in place of the machine's.
    #[serde(default)]
    pub authorities_file: Option<PathBuf>,
    /// Code of the journal that our moves go to.
    #[serde(default = "journal")]
    pub journal: String,
    /// Codes of the analytic roots, one for each of our dimensions.
    #[serde(default)]
    pub roots: Roots,
    /// Names of account types whose accounts run against their kind: `["Contra assets"]`.
    #[serde(default)]
    pub contra_types: Vec<String>,
    /// A late request can still land so long after it was sent.
    #[serde(default = "settle_ms")]
    pub settle_ms: u64,
    /// A draft is found by its key at the latest so long after it was made.
    #[serde(default)]
    pub lookup_lag_ms: u64,
    /// The most lines of one move: with four dimensions each takes the server some 15 ms.
    #[serde(default = "lines_max")]
    pub lines_max: usize,
    /// Calls to this instance at once; more wait for their turn.
    #[serde(default = "in_flight_max")]
    pub in_flight_max: usize,
}

/// Codes of the analytic roots of a Tryton, one for each of our dimensions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Roots {
    /// The root below which facilities are.
    pub facility: String,
    /// The root below which departments are.
    pub department: String,
    /// The root below which service lines are.
    pub service_line: String,
    /// The root below which payers are.
    pub payer: String,
}

impl Default for Roots {
    fn default() -> Self {
        let [facility, department, service_line, payer] =
            ["facility", "department", "service_line", "payer"].map(str::to_owned);
        Self { facility, department, service_line, payer }
    }
}

impl Roots {
    /// In the order of a line's dimensions.
    pub(super) fn codes(&self) -> [&str; 4] {
        [&self.facility, &self.department, &self.service_line, &self.payer]
    }
}

fn journal() -> String {
    "MISC".to_owned()
}

fn settle_ms() -> u64 {
    30_000
}

fn lines_max() -> usize {
    200
}

fn in_flight_max() -> usize {
    4
}

impl Config {
    pub(super) fn capabilities(&self) -> Capabilities {
        Capabilities {
            mode: PostingMode::CreateThenPost,
            lines_max: self.lines_max,
            lookup_lag: Duration::from_millis(self.lookup_lag_ms),
            settle: Duration::from_millis(self.settle_ms),
        }
    }
}
