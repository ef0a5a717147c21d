// SPDX-License-Identifier: Apache-2.0
//! All lanes of a process, served side by side until they are asked to stop.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::join_all;
use ports::context;
use tokio::task::JoinSet;

use crate::runner::Ran;
use crate::shutdown::Shutdown;

/// Whatever works a lane: a runner or a sequencer.
#[async_trait]
pub trait Worker: Send + Sync {
    fn name(&self) -> &str;

    /// One pass over what is due. It neither spawns nor sleeps.
    async fn run_due(&self) -> Ran;

    /// Works until asked to stop, then finishes what it has begun.
    async fn serve(&self, shutdown: Shutdown);
}

#[derive(Default, Clone)]
pub struct Lanes {
    workers: Vec<Arc<dyn Worker>>,
}

impl Lanes {
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn with(mut self, worker: impl Worker + 'static) -> Self {
        self.workers.push(Arc::new(worker));
        self
    }

    /// One pass of every worker, in the order in which they were added, with what each did.
    pub async fn run_due(&self) -> Vec<Ran> {
        let mut all = Vec::with_capacity(self.workers.len());
        for worker in &self.workers {
            all.push(worker.run_due().await);
        }
        all
    }

    /// The same, with what they did together.
    pub async fn pass(&self) -> Ran {
        self.run_due().await.into_iter().fold(Ran::default(), Ran::and)
    }

    /// One pass of every worker at the same time, with what they did together.
    pub async fn pass_together(&self) -> Ran {
        let all = join_all(self.workers.iter().map(|worker| worker.run_due())).await;
        all.into_iter().fold(Ran::default(), Ran::and)
    }

    /// Passes until one of them finds nothing due anywhere, at most `passes_max`. Says whether it did.
    pub async fn run_until_idle(&self, passes_max: usize) -> Settled {
        for _ in 0..passes_max {
            if self.run_due().await.iter().all(|ran| ran.units == 0 && ran.failure.is_none()) {
                return Settled::Idle;
            }
        }
        Settled::Busy
    }

    /// Returns when every worker has finished its unit and given its lane back. The workers ask on
    /// behalf of whoever serves them.
    pub async fn serve(self, shutdown: Shutdown) {
        let mut running = JoinSet::new();
        for worker in self.workers {
            let serving = keep_serving(worker, shutdown.clone());
            match context::current() {
                Some(caller) => running.spawn(context::scope(caller, serving)),
                None => running.spawn(serving),
            };
        }
        while running.join_next().await.is_some() {}
    }
}

/// Whether a bounded number of passes was enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    Idle,
    Busy,
}

const RESTART_AFTER: Duration = Duration::from_secs(1);

/// A worker that panicked outside of any step starts again: a lane must not stand still unseen.
async fn keep_serving(worker: Arc<dyn Worker>, mut shutdown: Shutdown) {
    while AssertUnwindSafe(worker.serve(shutdown.clone())).catch_unwind().await.is_err() {
        tracing::error!(lane = worker.name(), "the worker of a lane panicked and starts again");
        tokio::select! {
            () = tokio::time::sleep(RESTART_AFTER) => {}
            () = shutdown.asked() => {}
        }
    }
}
