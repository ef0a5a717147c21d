// SPDX-License-Identifier: Apache-2.0
//! A circuit breaker: after enough failures in a row nothing is sent for a while, then one call
//! probes whether the other side is back.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

#[derive(Debug, Clone, Copy)]
enum State {
    Closed {
        failures: u32,
    },
    Open {
        until: Instant,
    },
    /// One probe is on its way; if it never reports, the next may go at `until`.
    Probing {
        until: Instant,
    },
}

#[derive(Debug)]
pub(crate) struct Breaker {
    failures_max: u32,
    open: Duration,
    state: Mutex<State>,
}

/// Whether the other side served the call, as far as the breaker cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    Well,
    Ill,
}

impl Breaker {
    pub fn new(failures_max: u32, open: Duration) -> Self {
        Self { failures_max, open, state: Mutex::new(State::Closed { failures: 0 }) }
    }

    /// Whether a call may go now; otherwise how long to wait.
    pub fn admit(&self) -> Result<(), Duration> {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match *state {
            State::Closed { .. } => Ok(()),
            State::Open { until } | State::Probing { until } if now < until => Err(until - now),
            State::Open { .. } | State::Probing { .. } => {
                *state = State::Probing { until: now + self.open };
                Ok(())
            }
        }
    }

    pub fn report(&self, health: Health) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = State::Open { until: Instant::now() + self.open };
        *state = match (health, *state) {
            (Health::Well, _) => State::Closed { failures: 0 },
            (Health::Ill, State::Closed { failures }) if failures + 1 < self.failures_max => {
                State::Closed { failures: failures + 1 }
            }
            (Health::Ill, State::Closed { .. } | State::Probing { .. }) => opened,
            // A call that left before it opened: it tells nothing new.
            (Health::Ill, State::Open { until }) => State::Open { until },
        };
    }
}
