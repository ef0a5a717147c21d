// SPDX-License-Identifier: Apache-2.0
//! Sees to it that there is a Postgres for the commands that need one. It is found, or obtained
//! without rights and without a service; the crate `local-postgres` says how.

use anyhow::Result;
use local_postgres::{BIN_VARIABLE, Installation, Obtain, Search, obtain};

use crate::progress::Progress;
use crate::workspace::Workspace;

/// Names the installation for the programs that are started next.
pub struct Postgres {
    installation: Installation,
}

impl Postgres {
    pub fn set_up(workspace: &Workspace, progress: &Progress) -> Result<Self> {
        let mut tell = |line: &str| progress.say(line);
        let installation = obtain(Obtain {
            search: Search::from_environment(),
            fallback_cache: workspace.target.join(".cache"),
            tell: &mut tell,
        })?;
        let (version, bin) = (installation.version, installation.bin.display());
        progress.say(&format!("Postgres {version} from {bin}"));
        Ok(Postgres { installation })
    }

    /// The environment variable that leads our programs to it.
    pub fn variable(&self) -> (&'static str, &std::path::Path) {
        (BIN_VARIABLE, &self.installation.bin)
    }
}
