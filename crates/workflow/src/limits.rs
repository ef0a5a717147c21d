// SPDX-License-Identifier: Apache-2.0
//! Every limit of a lane's worker, named with its unit.

use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// So many due units are fetched at once.
    pub units_per_pass_max: usize,
    /// After so many attempts a defect goes to a person and its neighbours go on.
    pub attempts_max: u32,
    /// How long a crashed holder blocks its lane.
    pub lease_ms: u64,
    pub backoff_ms_min: u64,
    pub backoff_ms_max: u64,
    /// At least so long after an unknown outcome before it is looked up.
    pub lookup_ms: u64,
    /// At most so long between two looks at an idle lane.
    pub idle_ms_max: u64,
    /// So many log entries get their numbers in one transaction.
    pub entries_per_pass_max: usize,
    /// How often the sequencer looks for entries without a number.
    pub sequence_ms: u64,
    /// While more senders than these wait for an acknowledgement, lanes hold back …
    pub senders_waiting_max: usize,
    /// … one unit after another, each for at most so long and all of them within their leases.
    pub give_way_ms_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            units_per_pass_max: 64,
            attempts_max: 5,
            lease_ms: 15_000,
            backoff_ms_min: 200,
            backoff_ms_max: 60_000,
            lookup_ms: 1_000,
            idle_ms_max: 1_000,
            entries_per_pass_max: 1_000,
            sequence_ms: 250,
            senders_waiting_max: 8,
            give_way_ms_max: 250,
        }
    }
}

impl Limits {
    pub fn lease(&self) -> Duration {
        Duration::from_millis(self.lease_ms)
    }

    pub fn idle(&self) -> Duration {
        Duration::from_millis(self.idle_ms_max)
    }

    /// Doubles with every attempt, up to the most.
    pub fn backoff(&self, attempts: u32) -> Duration {
        let doubled = self.backoff_ms_min.saturating_mul(1 << attempts.min(32));
        Duration::from_millis(doubled.min(self.backoff_ms_max))
    }
}
