// SPDX-License-Identifier: Apache-2.0
//! Every ERP that we can speak to, as a configuration names it: `kind = "…"`. A new one is one line.

use std::time::Duration;

use ports::erp::Erp;
use ports::failure::Failure;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::simulator;

/// The adapter of one configured instance with its settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Adapter {
    Simulator(simulator::Config),
}

impl Adapter {
    /// How long a late request can still land at this instance.
    pub fn settle_ms(&self) -> u64 {
        match self {
            Self::Simulator(config) => config.settle_ms,
        }
    }

    /// Connects an instance under its name. A call never takes longer than `call_max`, which the
    /// caller keeps below its lease. `Transient` while the ERP cannot be reached.
    pub async fn connect(&self, name: &str, call_max: Duration) -> Result<Erp, Failure> {
        match self {
            Self::Simulator(config) => simulator::connect(name, config, call_max).await,
        }
    }
}
