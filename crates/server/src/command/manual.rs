// SPDX-License-Identifier: Apache-2.0
//! `revbridge manual`: the pages of the manual in the terminal.

use std::process::ExitCode;

use anyhow::bail;

use crate::manual;

/// Prints a page as Markdown, or without a name the list of pages. The code of an exception names its
/// page too. The running service shows the same at /manual.
#[derive(clap::Args)]
pub struct Manual {
    #[arg(value_name = "PAGE")]
    page: Option<String>,
}

impl Manual {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let Some(name) = self.page else {
            for page in manual::pages() {
                println!("{:<14} {}", page.name, page.title());
            }
            println!("\nOne page: revbridge manual PAGE. One exception: revbridge manual CODE.");
            return Ok(ExitCode::SUCCESS);
        };
        let Some(page) = manual::find(&name) else {
            let names: Vec<&str> = manual::pages().iter().map(|page| page.name).collect();
            bail!(
                "there is no page {name}; the pages are {}, and the code of each exception",
                names.join(", ")
            );
        };
        println!("{}", page.text.trim_end());
        Ok(ExitCode::SUCCESS)
    }
}
