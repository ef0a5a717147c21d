// SPDX-License-Identifier: Apache-2.0
//! Says what is being done and how long it has taken, and runs a list of steps to the end even when
//! some fail, so that one run tells everything.

use std::time::Instant;

use anyhow::{Result, bail};

/// The clock of one command.
pub struct Progress {
    begin: Instant,
    failed: Vec<String>,
}

impl Progress {
    pub fn start() -> Self {
        Progress { begin: Instant::now(), failed: Vec::new() }
    }

    /// One line, after the time since the command began. It goes to the error stream, so that a
    /// command's result stays alone on the other.
    pub fn say(&self, line: &str) {
        eprintln!("[{}] {line}", minutes(self.begin));
    }

    /// Runs a step; a failed one is told now and remembered for the end.
    pub fn step(&mut self, name: &str, step: impl FnOnce(&Self) -> Result<()>) {
        self.say(name);
        let begin = Instant::now();
        match step(self) {
            Ok(()) => self.say(&format!("{name}: passed in {} s", begin.elapsed().as_secs())),
            Err(error) => {
                self.say(&format!("{name}: FAILED: {error:#}"));
                self.failed.push(name.to_owned());
            }
        }
    }

    /// The last line: everything passed, or what did not.
    pub fn finish(self, what: &str) -> Result<()> {
        let took = minutes(self.begin);
        if self.failed.is_empty() {
            eprintln!("{what}: passed in {took}");
            return Ok(());
        }
        bail!("{what} failed after {took}: {}", self.failed.join(", "))
    }
}

fn minutes(begin: Instant) -> String {
    let seconds = begin.elapsed().as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
