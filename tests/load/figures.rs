// SPDX-License-Identifier: Apache-2.0
//! Figures as people read them, in whole numbers: medians, rates and ratios.

use std::time::Duration;

pub fn median(values: &[u64]) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or(0)
}

/// Things per second.
pub fn per_second(count: u64, took: Duration) -> u64 {
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1);
    count.saturating_mul(1_000_000) / micros
}

/// `a / b` with two decimals.
pub fn ratio(a: u64, b: u64) -> String {
    let hundredths = a.saturating_mul(100) / b.max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

pub fn seconds(took: Duration) -> String {
    let hundredths = took.as_millis() / 10;
    format!("{}.{:02} s", hundredths / 100, hundredths % 100)
}
