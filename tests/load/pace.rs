// SPDX-License-Identifier: Apache-2.0
//! A part of a core for each of several processes, as if each ran on a small machine of its own: every
//! one is stopped and let go on in turn, whatever the others do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process};

/// One turn of running and standing still.
const TURN: Duration = Duration::from_millis(10);

pub struct Pace {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Pace {
    /// Each of these may run for so many percent of the time.
    pub fn start(pids: &[u32], percent: u32) -> anyhow::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut threads = Vec::with_capacity(pids.len());
        for pid in pids {
            let pid = i32::try_from(*pid).ok().and_then(Pid::from_raw).context("a process id")?;
            let stop = stop.clone();
            threads.push(std::thread::spawn(move || pace(pid, percent, &stop)));
        }
        Ok(Self { stop, threads })
    }

    /// Everyone runs freely again.
    pub fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            let _ = thread.join();
        }
    }
}

fn pace(pid: Pid, percent: u32, stop: &AtomicBool) {
    let runs = TURN * percent / 100;
    while !stop.load(Ordering::Relaxed) {
        std::thread::sleep(runs);
        if kill_process(pid, Signal::STOP).is_err() {
            return;
        }
        std::thread::sleep(TURN.saturating_sub(runs));
        let _ = kill_process(pid, Signal::CONT);
    }
}
