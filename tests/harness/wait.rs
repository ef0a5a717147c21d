// SPDX-License-Identifier: Apache-2.0
//! Waiting for a condition, within a bound, never for time alone.

use std::time::{Duration, Instant};

/// Asks until the answer is there; the error tells what was waited for.
pub fn until<T>(
    what: &str,
    bound: Duration,
    mut ask: impl FnMut() -> Option<T>,
) -> anyhow::Result<T> {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return Ok(answer);
        }
        if started.elapsed() > bound {
            anyhow::bail!("{what}: not within {} s", bound.as_secs());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
