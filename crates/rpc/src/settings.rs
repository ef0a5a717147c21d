// SPDX-License-Identifier: Apache-2.0
//! The limits of a connection between two processes, the same on both sides.

use std::time::Duration;

/// Every wait and every size has a bound. Times are milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// An answer is waited for so long, less where the caller has less time left.
    pub call_ms_max: u64,
    /// A document is sent, counted and stored within this time.
    pub upload_ms_max: u64,
    /// A connection stands, certificates checked, within this time.
    pub connect_ms_max: u64,
    /// A silent connection is tried so often.
    pub keep_alive_ms: u64,
    /// A connection that does not answer within this time is given up and made anew.
    pub keep_alive_timeout_ms: u64,
    /// The largest message in either direction.
    pub message_bytes_max: usize,
    /// So many calls are worked on at a time by one listener; further ones wait their turn.
    pub concurrent_calls_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            call_ms_max: 30_000,
            upload_ms_max: 600_000,
            connect_ms_max: 3_000,
            keep_alive_ms: 2_000,
            keep_alive_timeout_ms: 2_000,
            message_bytes_max: 16 << 20,
            concurrent_calls_max: 256,
        }
    }
}

impl Settings {
    pub(crate) fn call(&self) -> Duration {
        Duration::from_millis(self.call_ms_max)
    }

    pub(crate) fn upload(&self) -> Duration {
        Duration::from_millis(self.upload_ms_max)
    }

    pub(crate) fn connect(&self) -> Duration {
        Duration::from_millis(self.connect_ms_max)
    }

    pub(crate) fn keep_alive(&self) -> Duration {
        Duration::from_millis(self.keep_alive_ms)
    }

    pub(crate) fn keep_alive_timeout(&self) -> Duration {
        Duration::from_millis(self.keep_alive_timeout_ms)
    }

    /// HTTP/2 counts in 32 bits.
    pub(crate) fn streams_max(&self) -> u32 {
        u32::try_from(self.concurrent_calls_max).unwrap_or(u32::MAX)
    }
}
