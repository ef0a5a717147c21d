// SPDX-License-Identifier: Apache-2.0
//! What is configured for one instance of the simulated ERP.

use std::time::Duration;

use ports::erp::{Capabilities, PostingMode};
use ports::failure::Failure;
use ports::secret::Secret;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::mapping::ToldCapabilities;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    /// Insist on a mode; the ERP's own is taken when absent.
    #[serde(default)]
    #[schemars(schema_with = "modes")]
    pub mode: Option<PostingMode>,
    /// A late request can still land so long after it was sent.
    #[serde(default = "settle_ms")]
    pub settle_ms: u64,
    /// At least so long until a document is found by its key; the ERP may tell a longer time.
    #[serde(default)]
    pub lookup_lag_ms: u64,
    /// The most lines of one journal; the ERP's own limit when absent or larger.
    #[serde(default)]
    pub lines_max: Option<usize>,
    /// Calls to this instance at once; more wait for their turn.
    #[serde(default = "in_flight_max")]
    pub in_flight_max: usize,
    /// Where the bearer token is kept: `{ file = "…" }`, `{ env = "NAME" }` or
    /// `{ vault = "path#field" }`.
    #[serde(default)]
    pub token: Option<Secret>,
}

/// The names of the modes, as a configuration writes them.
fn modes(_: &mut SchemaGenerator) -> Schema {
    let names: Vec<&str> = PostingMode::ALL.iter().map(|mode| mode.as_str()).collect();
    json_schema!({"type": "string", "enum": names})
}

fn settle_ms() -> u64 {
    30_000
}

fn in_flight_max() -> usize {
    8
}

impl Config {
    /// What holds for this instance: the stricter of what is configured and what the ERP tells.
    pub(super) fn capabilities(&self, told: &ToldCapabilities) -> Result<Capabilities, Failure> {
        if let Some(wanted) = self.mode.filter(|wanted| *wanted != told.mode) {
            return Err(Failure::defect(format!(
                "the ERP posts in mode {}, configured is {}",
                told.mode.as_str(),
                wanted.as_str()
            )));
        }
        let lag_ms = self.lookup_lag_ms.max(told.lookup_lag_ms_max);
        Ok(Capabilities {
            mode: told.mode,
            lines_max: self.lines_max.unwrap_or(usize::MAX).min(told.lines_max),
            lookup_lag: Duration::from_millis(lag_ms),
            settle: Duration::from_millis(self.settle_ms),
        })
    }
}
