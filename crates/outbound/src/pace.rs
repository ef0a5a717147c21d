// SPDX-License-Identifier: Apache-2.0
//! How many calls at once and how many per second a destination gets. Waiting for a turn is bounded
//! and happens before anything is sent.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

#[derive(Debug)]
pub(crate) struct Pace {
    in_flight: Arc<Semaphore>,
    /// When the next call may start.
    next: Mutex<Instant>,
    gap: Duration,
    wait_max: Duration,
}

/// A turn; it ends when dropped.
pub(crate) struct Turn(#[allow(dead_code)] OwnedSemaphorePermit);

impl Pace {
    pub fn new(in_flight_max: usize, per_second_max: u32, wait_max: Duration) -> Self {
        let gap = Duration::from_secs(1) / per_second_max.max(1);
        Self {
            in_flight: Arc::new(Semaphore::new(in_flight_max.max(1))),
            next: Mutex::new(Instant::now()),
            gap,
            wait_max,
        }
    }

    /// Waits for a turn, at most `wait_max`.
    pub async fn turn(&self) -> Option<Turn> {
        let deadline = Instant::now() + self.wait_max;
        let permit = Arc::clone(&self.in_flight).acquire_owned();
        let permit = tokio::time::timeout_at(deadline, permit).await.ok()?.ok()?;
        let start = {
            let mut next = self.next.lock().await;
            let start = (*next).max(Instant::now());
            if start > deadline {
                return None;
            }
            *next = start + self.gap;
            start
        };
        tokio::time::sleep_until(start).await;
        Some(Turn(permit))
    }
}
