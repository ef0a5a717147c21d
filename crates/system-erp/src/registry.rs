// SPDX-License-Identifier: Apache-2.0
//! Every ERP that we can speak to, as a configuration names it: `kind = "…"`. A new one is one line.

use std::path::Path;
use std::time::Duration;

use ports::erp::Erp;
use ports::failure::Failure;
use ports::secret::{Secret, Secrets};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{simulator, tryton};

/// The adapter of one configured instance with its settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Adapter {
    /// The simulated ERP that comes with RevBridge, for trials and tests.
    Simulator(simulator::Config),
    /// Tryton 8.2, by its REST interface.
    Tryton(tryton::Config),
}

impl Adapter {
    /// How long a late request can still land at this instance.
    pub fn settle_ms(&self) -> u64 {
        match self {
            Self::Simulator(config) => config.settle_ms,
            Self::Tryton(config) => config.settle_ms,
        }
    }

    /// Makes relative paths relative to the file that they stand in.
    pub fn anchor(&mut self, base: &Path) {
        match self {
            Self::Simulator(_) => {}
            Self::Tryton(config) => {
                config.authorities_file =
                    config.authorities_file.take().map(|path| base.join(path));
            }
        }
    }

    /// Every place of a secret that its configuration names.
    pub fn secrets(&mut self) -> Vec<&mut Secret> {
        match self {
            Self::Simulator(config) => config.token.iter_mut().collect(),
            Self::Tryton(config) => vec![&mut config.key],
        }
    }

    /// The same, each with the key of the configuration that names it.
    pub fn places(&self) -> Vec<(&'static str, &Secret)> {
        match self {
            Self::Simulator(config) => {
                config.token.iter().map(|place| ("erp.token", place)).collect()
            }
            Self::Tryton(config) => vec![("erp.key", &config.key)],
        }
    }

    /// Connects an instance under its name; its credential follows the place where it is kept. A call
    /// never takes longer than `call_max`, which the caller keeps below its lease. `Transient` while
    /// the ERP cannot be reached.
    pub async fn connect(
        &self,
        name: &str,
        call_max: Duration,
        secrets: &dyn Secrets,
    ) -> Result<Erp, Failure> {
        match self {
            Self::Simulator(config) => simulator::connect(name, config, call_max, secrets).await,
            Self::Tryton(config) => tryton::connect(name, config, call_max, secrets).await,
        }
    }
}
