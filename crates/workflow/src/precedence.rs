// SPDX-License-Identifier: Apache-2.0
//! Senders go first: while many wait for their acknowledgement, the lanes of this process hold back,
//! one after another and each for a bounded time, however many there are. What was acknowledged is durable
//! and can wait; a sender cannot.

use std::sync::LazyLock;
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::time::timeout;

use crate::limits::Limits;

/// How many senders wait in this process.
static SENDERS: LazyLock<watch::Sender<usize>> = LazyLock::new(|| watch::Sender::new(0));

/// Whose turn it is to hold back next.
static TURN: Mutex<()> = Mutex::const_new(());

/// A sender that waits, until this is dropped.
#[derive(Debug)]
pub struct Waiting(());

impl Waiting {
    #[must_use]
    pub fn begin() -> Self {
        // Nobody waits for more senders, so nobody is woken.
        SENDERS.send_if_modified(|senders| {
            *senders += 1;
            false
        });
        Self(())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        SENDERS.send_modify(|senders| *senders -= 1);
    }
}

/// Returns when few senders wait, or when the lane has held back for long enough after those before it;
/// in any case well within its lease.
pub(crate) async fn give_way(limits: &Limits) {
    let _ = timeout(limits.lease() / 4, hold_back(limits)).await;
}

async fn hold_back(limits: &Limits) {
    let mut senders = SENDERS.subscribe();
    let is_few = |senders: &usize| *senders <= limits.senders_waiting_max;
    if is_few(&senders.borrow()) {
        return;
    }
    let _turn = TURN.lock().await;
    let few = senders.wait_for(is_few);
    let _ = timeout(Duration::from_millis(limits.give_way_ms_max), few).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_lane_holds_back_while_many_wait_and_never_for_longer_than_it_may() {
        let limits = Limits { senders_waiting_max: 2, give_way_ms_max: 50, ..Limits::default() };
        let started = tokio::time::Instant::now();
        let few: Vec<Waiting> = (0..2).map(|_| Waiting::begin()).collect();
        give_way(&limits).await;
        assert_eq!(started.elapsed(), Duration::ZERO, "few senders hold nothing up");

        let third = Waiting::begin();
        give_way(&limits).await;
        assert_eq!(started.elapsed(), Duration::from_millis(50), "the lane goes on after its time");

        let waits = tokio::spawn(async move { give_way(&limits).await });
        tokio::task::yield_now().await;
        drop(third);
        waits.await.expect("it returns");
        assert_eq!(started.elapsed(), Duration::from_millis(50), "it goes on once few are left");

        let third = Waiting::begin();
        let started = tokio::time::Instant::now();
        let lanes = (0..3).map(|_| tokio::spawn(async move { give_way(&limits).await }));
        for lane in lanes.collect::<Vec<_>>() {
            lane.await.expect("it returns");
        }
        assert_eq!(started.elapsed(), Duration::from_millis(150), "lanes hold back in turn");

        let brief = Limits { lease_ms: 40, ..limits };
        let started = tokio::time::Instant::now();
        give_way(&brief).await;
        assert_eq!(started.elapsed(), Duration::from_millis(10), "well within the lease");
        drop((few, third));
    }
}
