// SPDX-License-Identifier: Apache-2.0
//! One switch that asks every worker to finish its unit and go.

use tokio::sync::watch;

/// The switch. Dropping it asks as well.
#[derive(Debug)]
pub struct Stop(watch::Sender<bool>);

/// What a worker listens to.
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Receiver<bool>);

pub fn shutdown() -> (Stop, Shutdown) {
    let (sender, receiver) = watch::channel(false);
    (Stop(sender), Shutdown(receiver))
}

impl Stop {
    pub fn now(&self) {
        self.0.send_replace(true);
    }
}

impl Shutdown {
    pub fn is_asked(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Returns once it is asked for.
    pub async fn asked(&mut self) {
        while !*self.0.borrow_and_update() {
            if self.0.changed().await.is_err() {
                return;
            }
        }
    }
}
