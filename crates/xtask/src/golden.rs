// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask golden`: writes down anew what the golden cases now give, to be read as a diff.

use anyhow::Result;

use crate::progress::Progress;
use crate::workspace::{Workspace, pass};

/// Rewrite the expected results of the golden cases
///
/// Runs the golden tests with UPDATE_GOLDEN=1. What changed is then in `git diff tests/golden`:
/// read every line of it as an accountant would, since it is what the product now posts.
#[derive(clap::Args)]
pub struct Golden {
    /// Only cases whose name contains this
    case: Option<String>,
}

impl Golden {
    pub fn run(self) -> Result<()> {
        let mut progress = Progress::start();
        let workspace = Workspace::locate()?;
        progress.step("golden cases", |_| {
            let mut command = workspace.cargo(&["test", "--package", "tests", "--test", "golden"]);
            command.env("UPDATE_GOLDEN", "1").arg("--").args(&self.case);
            pass(&mut command)
        });
        progress.say("see `git diff tests/golden` for what changed");
        progress.finish("golden")
    }
}
