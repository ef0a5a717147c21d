// SPDX-License-Identifier: Apache-2.0
//! A sender that keeps a log of what was acknowledged, and sends again what was not.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::hospital::{self, Sound};

/// How often a held sender looks whether it may go on.
const HOLD_PAUSE: Duration = Duration::from_millis(50);

/// Sends numbered remittances until it is told to stop.
pub struct Sender {
    stop: Arc<AtomicBool>,
    hold: Arc<AtomicBool>,
    acknowledged: Arc<Mutex<Vec<Sound>>>,
    refused: Arc<AtomicU32>,
    threads: Vec<JoinHandle<()>>,
}

impl Sender {
    /// `threads` senders share the numbers; each remittance has 1 to 5 claims.
    pub fn start(url: &str, token: &str, threads: u32, pause: Duration) -> Self {
        Self::start_at(1, url, token, threads, pause)
    }

    /// The same from another number on: what an earlier sender of the site sent is not sent again.
    pub fn start_at(first: u32, url: &str, token: &str, threads: u32, pause: Duration) -> Self {
        let (stop, hold) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let acknowledged = Arc::new(Mutex::new(Vec::new()));
        let refused = Arc::new(AtomicU32::new(0));
        let next = Arc::new(AtomicU32::new(first));
        let mut handles = Vec::new();
        for _ in 0..threads {
            let (stop, log, next) = (stop.clone(), acknowledged.clone(), next.clone());
            let (hold, refused) = (hold.clone(), refused.clone());
            let (url, token) = (format!("{url}/v1/documents"), format!("Bearer {token}"));
            handles.push(std::thread::spawn(move || {
                let agent = agent();
                while !stop.load(Ordering::Relaxed) {
                    if hold.load(Ordering::Relaxed) {
                        std::thread::sleep(HOLD_PAUSE);
                        continue;
                    }
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let sound = hospital::remittance(number, 1 + number % 5);
                    if send(&agent, &url, &token, &sound.bytes, &stop, &refused) {
                        log.lock().unwrap_or_else(PoisonError::into_inner).push(sound);
                    }
                    std::thread::sleep(pause);
                }
            }));
        }
        Self { stop, hold, acknowledged, refused, threads: handles }
    }

    /// Whether nothing new is sent for the time being; what was begun is sent to its end.
    pub fn hold(&self, hold: bool) {
        self.hold.store(hold, Ordering::Relaxed);
    }

    pub fn acknowledged(&self) -> usize {
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Ends the sending and hands over the log, and how many attempts went unanswered.
    pub fn finish(self) -> (Vec<Sound>, u32) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            let _ = thread.join();
        }
        let log = self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (log, self.refused.load(Ordering::Relaxed))
    }
}

fn agent() -> ureq::Agent {
    let timeout = Some(Duration::from_secs(5));
    ureq::Agent::config_builder().timeout_global(timeout).build().into()
}

/// Sends until it is acknowledged, or the stop comes while it is not: then it was never sent, as
/// far as the sender can tell, and the same bytes are not counted.
fn send(
    agent: &ureq::Agent,
    url: &str,
    token: &str,
    bytes: &[u8],
    stop: &AtomicBool,
    refused: &AtomicU32,
) -> bool {
    // After the stop it still gets a bounded number of tries: an unacknowledged document may have
    // been taken, and the judge must know which.
    let mut tries_after_stop = 0;
    loop {
        let answer = agent
            .post(url)
            .header("Authorization", token)
            .header("Content-Type", "application/edi-x12")
            .send(bytes);
        if answer.is_ok_and(|answer| answer.status().is_success()) {
            return true;
        }
        refused.fetch_add(1, Ordering::Relaxed);
        if stop.load(Ordering::Relaxed) {
            tries_after_stop += 1;
            if tries_after_stop > 600 {
                return false;
            }
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}
