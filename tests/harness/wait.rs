// SPDX-License-Identifier: Apache-2.0
//! Waiting for a condition, within a bound, never for time alone.

use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(20);

/// Asks until the answer is there; the error tells what was waited for.
pub fn until<T>(what: &str, bound: Duration, ask: impl FnMut() -> Option<T>) -> anyhow::Result<T> {
    until_asking_each(PAUSE, what, bound, ask)
}

/// The same for a question that costs the machine something, with a pause of one's own between two.
pub fn until_asking_each<T>(
    pause: Duration,
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
        std::thread::sleep(pause);
    }
}
