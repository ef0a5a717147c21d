// SPDX-License-Identifier: Apache-2.0
//! What a process does besides answering: each work speaks for its role, and all of them end
//! together, within a bound.

use std::future::Future;
use std::time::Duration;

use model::code::Code;
use ports::context::{self, Caller};
use tokio::sync::watch;
use tokio::task::JoinSet;
use workflow::{Lanes, Shutdown, Stop, shutdown};

use crate::role::Role;

/// Everything that runs in the background.
pub struct Works {
    stop: Stop,
    stopping: Shutdown,
    tasks: JoinSet<()>,
    broken: Gate,
}

impl Works {
    pub fn new() -> Self {
        let (stop, stopping) = shutdown();
        Self { stop, stopping, tasks: JoinSet::new(), broken: Gate::closed() }
    }

    /// Returns once something has ended without which the process is of no use.
    pub fn broken(&self) -> Gate {
        self.broken.clone()
    }

    /// Runs what the process is of no use without.
    pub fn spawn_vital<E: std::fmt::Display>(
        &mut self,
        role: Role,
        what: &'static str,
        work: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        let broken = self.broken();
        self.spawn(role, async move {
            if let Err(error) = work.await {
                tracing::error!(%role, "{what} ended: {error}");
                broken.open();
            }
        });
    }

    pub fn stopping(&self) -> Shutdown {
        self.stopping.clone()
    }

    /// Runs until it ends by itself, which it does once stopping is asked for.
    pub fn spawn(&mut self, role: Role, work: impl Future<Output = ()> + Send + 'static) {
        let caller = Caller::Service(Code::new(role.as_str()));
        self.tasks.spawn(context::scope(caller, work));
    }

    /// Tries until it succeeds, and then opens the gate; says with each failure why it waits.
    pub fn until_done<F>(
        &mut self,
        role: Role,
        what: &'static str,
        gate: Gate,
        mut attempt: impl FnMut() -> F + Send + 'static,
    ) where
        F: Future<Output = anyhow::Result<()>> + Send,
    {
        let mut stopping = self.stopping();
        self.spawn(role, async move {
            while let Err(why) = attempt().await {
                tracing::warn!(%role, "waiting for {what}: {why:#}");
                tokio::select! {
                    () = tokio::time::sleep(TRY_AGAIN) => {}
                    () = stopping.asked() => return,
                }
            }
            gate.open();
        });
    }

    /// Works the lanes once every gate is open.
    pub fn serve(&mut self, role: Role, lanes: Lanes, gates: Vec<Gate>) {
        let mut stopping = self.stopping();
        self.spawn(role, async move {
            for gate in gates {
                tokio::select! {
                    () = gate.passed() => {}
                    () = stopping.asked() => return,
                }
            }
            lanes.serve(stopping).await;
        });
    }

    /// Asks everything to end and waits for it; what has not ended by then is dropped where it is,
    /// and goes on at the next start.
    pub async fn end(mut self, bound: Duration) {
        self.stop.now();
        let tasks = &mut self.tasks;
        let all = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(bound, all).await.is_err() {
            let bound_ms = bound.as_millis();
            tracing::warn!(
                "not everything ended within {bound_ms} ms; it goes on at the next start"
            );
            self.tasks.shutdown().await;
        }
    }
}

/// Between two tries of what a role waits for.
pub const TRY_AGAIN: Duration = Duration::from_millis(500);

/// Closed at first, opened once and for good. Clones are the same gate.
#[derive(Debug, Clone)]
pub struct Gate(watch::Sender<bool>);

impl Gate {
    pub fn closed() -> Self {
        Self(watch::Sender::new(false))
    }

    pub fn open(&self) {
        self.0.send_replace(true);
    }

    pub fn is_open(&self) -> bool {
        *self.0.borrow()
    }

    pub async fn passed(&self) {
        // It cannot fail: the sender is held by this very gate.
        let _ = self.0.subscribe().wait_for(|open| *open).await;
    }
}
