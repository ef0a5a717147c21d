// SPDX-License-Identifier: Apache-2.0
//! Lines that are seen although a test passes: counts, and sample sets that are absent.

use std::fmt;
use std::io::Write;

/// Writes past the test runner, which keeps what a passing test prints to itself.
pub fn say(line: fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// `println!` that is seen.
#[macro_export]
macro_rules! say {
    ($($part:tt)*) => { $crate::say::say(format_args!($($part)*)) };
}
