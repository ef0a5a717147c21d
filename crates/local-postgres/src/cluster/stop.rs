// SPDX-License-Identifier: Apache-2.0
//! Ends a server: in order, at once when it is thrown away, or, for tests, as a crash would.

use std::fs;
use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::{Cluster, Server};
use crate::watchdog::Ending;
use crate::{Error, Result};

const PAUSE: Duration = Duration::from_millis(10);
/// After an immediate shutdown was asked for.
const QUIT_WAIT_MAX: Duration = Duration::from_secs(20);

impl Cluster {
    /// After this returns an owned server has ended (its data safe on disk), and a temporary
    /// cluster is gone. A borrowed server is left to its owner.
    pub fn stop(self) -> Result<()> {
        self.end()
    }

    /// For tests of recovery: ends the server as `kill -9` does and waits until all its processes
    /// are gone. The handle stays; [`Cluster::recover`] starts the server again.
    pub fn kill(&self) -> Result<()> {
        let Some(mut server) = self.server().take() else {
            let directory = self.settings.directory.clone();
            return Err(Error::State { directory, state: "has no server of ours to kill" });
        };
        let children = children_of(server.postmaster.id());
        signal(server.postmaster.id(), Signal::KILL);
        let begin = Instant::now();
        self.wait_for_end(&mut server.postmaster, begin, QUIT_WAIT_MAX)?;
        server.watchdog.dismiss();
        while children.iter().any(|pid| alive(*pid)) {
            if begin.elapsed() > QUIT_WAIT_MAX {
                return Err(self.stop_timed_out(children.first().copied().unwrap_or(0), begin));
            }
            sleep(PAUSE);
        }
        Ok(())
    }

    /// Whether the server that we own is a living process.
    pub(super) fn running(&self) -> bool {
        match self.server().as_mut().map(|server| &mut server.postmaster) {
            Some(child) => matches!(child.try_wait(), Ok(None)),
            None => false,
        }
    }

    /// Lets go of a server that has died by itself; one that lives is ended first.
    pub(super) fn forget_dead_server(&self) {
        if let Some(server) = self.server().take() {
            // What stands in the way of the next start is reported by that start.
            let _ = self.end_server(server);
        }
    }

    fn end(&self) -> Result<()> {
        let Some(server) = self.server().take() else { return Ok(()) };
        self.end_server(server)?;
        for directory in self.lent_directories() {
            if directory.exists() {
                fs::remove_dir_all(&directory).map_err(Error::file("remove", &directory))?;
            }
        }
        Ok(())
    }

    fn end_server(&self, mut server: Server) -> Result<()> {
        let pid = server.postmaster.id();
        let begin = Instant::now();
        let in_order = match self.ending() {
            Ending::Fast => {
                signal(pid, Signal::INT);
                self.wait_for_end(&mut server.postmaster, begin, self.settings.stop_wait_max)
            }
            Ending::Immediate => Err(self.stop_timed_out(pid, begin)),
        };
        if in_order.is_err() {
            signal(pid, Signal::QUIT);
            self.wait_for_end(&mut server.postmaster, Instant::now(), QUIT_WAIT_MAX)?;
        }
        server.watchdog.dismiss();
        Ok(())
    }

    fn wait_for_end(
        &self,
        postmaster: &mut Child,
        begin: Instant,
        wait_max: Duration,
    ) -> Result<()> {
        loop {
            let ended = postmaster.try_wait().map_err(Error::file("wait for", "postgres"))?;
            if ended.is_some() {
                return Ok(());
            }
            if begin.elapsed() > wait_max {
                return Err(self.stop_timed_out(postmaster.id(), begin));
            }
            sleep(PAUSE);
        }
    }

    fn stop_timed_out(&self, pid: u32, begin: Instant) -> Error {
        let directory = self.settings.directory.clone();
        Error::StopTimedOut { directory, pid, waited: begin.elapsed() }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Whatever could not be ended here is ended by the watchdog when we are gone.
        let _ = self.end();
    }
}

/// A process that has gone already needs no signal.
pub(super) fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = pid_of(pid) {
        let _ = kill_process(pid, signal);
    }
}

/// Whether the process exists, be it ours or not.
pub(super) fn alive(pid: u32) -> bool {
    let Some(pid) = pid_of(pid) else { return false };
    match test_kill_process(pid) {
        Ok(()) => !is_zombie(pid),
        Err(error) => error == rustix::io::Errno::PERM,
    }
}

fn pid_of(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

/// A process that nobody has reaped yet still has an id, but does nothing any more.
fn is_zombie(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    stat.is_ok_and(|stat| state_and_parent(&stat).is_some_and(|(state, _)| state == "Z"))
}

/// The processes whose parent this is, where the system shows them as files.
fn children_of(parent: u32) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let parent = parent.to_string();
    pids.filter(|pid: &u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
        stat.is_ok_and(|stat| state_and_parent(&stat).is_some_and(|(_, id)| id == parent))
    })
    .collect()
}

/// The two fields after the command's name, which may itself hold spaces and brackets.
fn state_and_parent(stat: &str) -> Option<(&str, &str)> {
    let (_, after) = stat.rsplit_once(')')?;
    let mut fields = after.split_whitespace();
    Some((fields.next()?, fields.next()?))
}
