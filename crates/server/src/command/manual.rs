// SPDX-License-Identifier: Apache-2.0
//! `revbridge manual`: the pages of the manual in the terminal.

use std::io::Write;
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
            let mut list = String::new();
            for page in manual::pages() {
                list += &format!("{:<14} {}\n", page.name, page.title());
            }
            list += "\nOne page: revbridge manual PAGE. One exception: revbridge manual CODE.\n";
            return shown(&list);
        };
        let Some(page) = manual::find(&name) else {
            let names: Vec<&str> = manual::pages().iter().map(|page| page.name).collect();
            bail!(
                "there is no page {name}; the pages are {}, and the code of each exception",
                names.join(", ")
            );
        };
        shown(&format!("{}\n", page.text.trim_end()))
    }
}

/// A pager that was left early is no failure.
fn shown(text: &str) -> anyhow::Result<ExitCode> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        Err(_) | Ok(()) => Ok(ExitCode::SUCCESS),
    }
}
