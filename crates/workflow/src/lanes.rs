// SPDX-License-Identifier: Apache-2.0
//! Lanes at work until they are told to stop: each sleeps until something falls due or is put.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ports::failure::Failure;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use crate::runner::{Ran, Runner};
use crate::sequencer::Sequencer;

/// Longest sleep: what another process put is seen at the latest after this.
const IDLE: Duration = Duration::from_millis(200);
/// Pause after the book could not be reached.
const PAUSE: Duration = Duration::from_millis(250);

/// Wakes lanes of this process, so that work put here does not wait for the next look.
#[derive(Clone, Default)]
pub struct Wake {
    lanes: Arc<Mutex<BTreeMap<String, Arc<Notify>>>>,
}

impl Wake {
    fn of(&self, lane: &str) -> Arc<Notify> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.entry(lane.to_owned()).or_default().clone()
    }

    pub fn lane(&self, lane: &str) {
        self.of(lane).notify_one();
    }
}

/// The lanes that this process works.
#[derive(Default)]
pub struct Lanes {
    wake: Wake,
    tasks: JoinSet<()>,
}

impl Lanes {
    pub fn new(wake: Wake) -> Self {
        Self { wake, tasks: JoinSet::new() }
    }

    /// Works a lane until `stop` turns true. `feeds` are lanes in which its work puts more.
    pub fn work(&mut self, runner: Runner, feeds: &[&str], stop: watch::Receiver<bool>) {
        let own = self.wake.of(runner.lane());
        let feeds: Vec<_> = feeds.iter().map(|lane| self.wake.of(lane)).collect();
        self.tasks.spawn(work(runner, own, feeds, stop));
    }

    pub fn sequence(&mut self, sequencer: Sequencer, mut stop: watch::Receiver<bool>) {
        self.tasks.spawn(async move {
            while !*stop.borrow() {
                let pause = match sequencer.run().await {
                    Ok(0) => IDLE,
                    Ok(_) => Duration::ZERO,
                    Err(failure) => {
                        tracing::warn!("the log waits for its numbers: {failure}");
                        PAUSE
                    }
                };
                let _ = tokio::time::timeout(pause, stop.changed()).await;
            }
        });
    }

    /// Waits until every lane has finished the step that it was in.
    pub async fn finished(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

async fn work(
    runner: Runner,
    own: Arc<Notify>,
    feeds: Vec<Arc<Notify>>,
    mut stop: watch::Receiver<bool>,
) {
    while !*stop.borrow() {
        let pause = match runner.run_due().await {
            Ok(Ran::Worked(0)) => idle(&runner).await,
            Ok(Ran::Worked(_)) => {
                feeds.iter().for_each(|feed| feed.notify_one());
                continue;
            }
            Ok(Ran::NotOurs) => IDLE,
            Ok(Ran::Lost) => continue,
            Err(failure) => {
                tracing::warn!(lane = %runner.lane(), "the book cannot be used: {failure}");
                PAUSE
            }
        };
        tokio::select! {
            () = own.notified() => {}
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn idle(runner: &Runner) -> Duration {
    match next(runner).await {
        Ok(Some(wait)) => wait.min(IDLE),
        Ok(None) | Err(_) => IDLE,
    }
}

async fn next(runner: &Runner) -> Result<Option<Duration>, Failure> {
    let book = runner.book();
    let Some(due) = book.next_due(runner.lane()).await? else { return Ok(None) };
    let wait = due - book.now().await?;
    Ok(Some(Duration::try_from(wait).unwrap_or(Duration::ZERO)))
}
