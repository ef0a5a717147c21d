// SPDX-License-Identifier: Apache-2.0
//! Runs another program to its end, within a bound, and says in one line how it failed.

use std::io::{Read, Seek};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(50);
const SAID_BYTES_MAX: usize = 400;

/// What the program printed, or in one line why it failed.
pub(super) fn run(command: &mut Command, wait_max: Duration) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    // An empty HOME misleads the clients; without one they ask the system.
    if std::env::var_os("HOME").is_some_and(|home| home.is_empty()) {
        command.env_remove("HOME");
    }
    let say = |error: std::io::Error| format!("`{name}`: {error}");
    let mut printed = tempfile::tempfile().map_err(say)?;
    let mut complaints = tempfile::tempfile().map_err(say)?;
    command.stdin(Stdio::null()).stdout(printed.try_clone().map_err(say)?);
    command.stderr(complaints.try_clone().map_err(say)?);
    let mut child = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("`{name}` is not installed"),
        _ => format!("`{name}`: {error}"),
    })?;
    let begin = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(say)? {
            break status;
        }
        if begin.elapsed() > wait_max {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("`{name}` took longer than {} s", wait_max.as_secs()));
        }
        sleep(PAUSE);
    };
    let mut text = String::new();
    let source = if status.success() { &mut printed } else { &mut complaints };
    source.rewind().map_err(say)?;
    let mut bytes = Vec::new();
    source.read_to_end(&mut bytes).map_err(say)?;
    text.push_str(&String::from_utf8_lossy(&bytes));
    if status.success() {
        return Ok(text);
    }
    let said: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let tail: String = said.chars().rev().take(SAID_BYTES_MAX).collect();
    let tail: String = tail.chars().rev().collect();
    Err(format!("`{name}` failed: {tail}"))
}
