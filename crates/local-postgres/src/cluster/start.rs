// SPDX-License-Identifier: Apache-2.0
//! Starts a server and waits until it answers, or finds the one that another process owns. After a crash the
//! dead server's lock may outlive it for a moment: such a start is repeated, within bounds.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::stop::{alive, signal};
use super::{Cluster, Server, data_path, log_path, owner_path};
use crate::account::temporary_root;
use crate::settings::Settings;
use crate::watchdog::Watchdog;
use crate::wire::{self, Address, Connection};
use crate::{Error, Result};

const PAUSE: Duration = Duration::from_millis(20);
/// How long the lock of a dead server may stand in the way of a new one.
const STALE_LOCK_WAIT_MAX: Duration = Duration::from_secs(60);
/// What a socket's path may have at most, the closing zero not counted.
const SOCKET_BYTES_MAX: usize = if cfg!(target_os = "linux") { 107 } else { 103 };
/// A log that has grown past this is set aside at the next start.
const LOG_BYTES_MAX: u64 = 64 << 20;
const LOG_END_BYTES_MAX: u64 = 2_000;

/// Who may start and stop the server of a directory.
pub(super) enum Ownership {
    Ours(File),
    /// The owner lives, and its server answers here.
    Theirs(Address),
}

/// Takes the owner's lock, or waits until the server of whoever holds it answers.
pub(super) fn own_or_wait(settings: &Settings) -> Result<Ownership> {
    let path = owner_path(&settings.directory);
    let mut options = OpenOptions::new();
    let lock = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
    let lock = lock.map_err(Error::file("open", &path))?;
    let begin = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(Ownership::Ours(lock)),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(Error::file("lock", &path)(error)),
        }
        if let Some((_, address)) = recorded(&settings.directory)
            && wire::answers(&address)
        {
            return Ok(Ownership::Theirs(address));
        }
        if begin.elapsed() > settings.start_wait_max {
            return Err(timed_out(settings, begin));
        }
        sleep(PAUSE);
    }
}

/// The process id and the address that the last server wrote down.
fn recorded(directory: &Path) -> Option<(u32, Address)> {
    let text = fs::read_to_string(data_path(directory).join("postmaster.pid")).ok()?;
    let mut lines = text.lines();
    let pid = lines.next()?.trim().parse().ok()?;
    let port = lines.nth(2)?.trim().parse().ok()?;
    let socket_directory = PathBuf::from(lines.next()?.trim_end());
    Some((pid, Address { directory: socket_directory, port }))
}

/// The process id that was written down, when a server answers where it says: a mere number might
/// by now be another process.
pub(super) fn answering(directory: &Path) -> Option<u32> {
    let (pid, address) = recorded(directory)?;
    (alive(pid) && wire::answers(&address)).then_some(pid)
}

impl Cluster {
    /// For an owner: starts a server, after one left running by a dead owner has ended.
    pub(super) fn start_as_owner(&mut self) -> Result<()> {
        if let Some(pid) = answering(&self.settings.directory) {
            signal(pid, Signal::INT);
            let begin = Instant::now();
            while alive(pid) && begin.elapsed() < self.settings.stop_wait_max {
                sleep(PAUSE);
            }
        }
        self.choose_socket_directory()?;
        self.start()
    }

    /// After this returns the server answers again at the same address, whether it was killed, has
    /// crashed or was stopped; a server that runs is left alone.
    pub fn recover(&self) -> Result<()> {
        if self.tenure == super::Tenure::Borrowed {
            let directory = self.settings.directory.clone();
            return Err(Error::State { directory, state: "belongs to another process" });
        }
        if self.running() && self.answers() {
            return Ok(());
        }
        self.forget_dead_server();
        self.start()
    }

    fn watch(&self, pid: u32) -> Result<Watchdog> {
        Watchdog::watch(pid, self.ending(), &self.lent_directories())
    }

    /// The cluster's own directory when it is short enough for a socket, else a temporary one.
    fn choose_socket_directory(&mut self) -> Result<()> {
        let inside = self.settings.directory.join("socket");
        let longest = wire::socket_in(&inside, self.settings.port).as_os_str().len();
        if longest <= SOCKET_BYTES_MAX && inside.to_str().is_some() {
            self.account.make_directory(&inside)?;
            self.address.directory = inside;
            return Ok(());
        }
        let spare = "/rb-pg-123456/.s.PGSQL.65535".len();
        let root = temporary_root(&self.account, SOCKET_BYTES_MAX - spare)
            .ok_or(Error::SocketTooLong { bytes_max: SOCKET_BYTES_MAX })?;
        let outside = tempfile::Builder::new().prefix("rb-pg-").tempdir_in(&root);
        let outside = outside.map_err(Error::file("create a directory in", &root))?.keep();
        self.account.own(&outside)?;
        self.socket_outside = Some(outside.clone());
        self.address.directory = outside;
        Ok(())
    }

    fn start(&self) -> Result<()> {
        let begin = Instant::now();
        loop {
            let error = match self.start_once(begin) {
                Ok(server) => {
                    *self.server() = Some(server);
                    return Ok(());
                }
                Err(error) => error,
            };
            let Error::Start { log_end, .. } = &error else { return Err(error) };
            if !is_stale_lock(log_end) || begin.elapsed() > STALE_LOCK_WAIT_MAX {
                return Err(error);
            }
            sleep(PAUSE * 10);
        }
    }

    fn start_once(&self, begin: Instant) -> Result<Server> {
        let log_path = log_path(&self.settings.directory);
        let (log, log_begin) = open_log(&log_path)?;
        let mut child = self.spawn(log)?;
        // From here on the server does not outlive us, whatever happens.
        let watchdog = match self.watch(child.id()) {
            Ok(watchdog) => watchdog,
            Err(error) => {
                quit(&mut child);
                return Err(error);
            }
        };
        loop {
            let ended = child.try_wait().map_err(Error::file("wait for", "postgres"))?;
            if ended.is_some() {
                watchdog.dismiss();
                let log_end = read_log_end(&log_path, log_begin);
                return Err(Error::Start { directory: self.settings.directory.clone(), log_end });
            }
            match Connection::open(&self.address, "postgres", Duration::from_secs(5)) {
                Ok(_) => return Ok(Server { postmaster: child, watchdog }),
                Err(error) if is_still_starting(&error) => {}
                Err(error) => {
                    quit(&mut child);
                    watchdog.dismiss();
                    return Err(error);
                }
            }
            if begin.elapsed() > self.settings.start_wait_max {
                quit(&mut child);
                watchdog.dismiss();
                return Err(timed_out(&self.settings, begin));
            }
            sleep(PAUSE);
        }
    }

    fn spawn(&self, log: File) -> Result<Child> {
        let program = self.installation.program("postgres");
        let errors = log.try_clone().map_err(Error::file("open", "postgres.log"))?;
        let mut command = Command::new(&program);
        command
            .arg("-D")
            .arg(data_path(&self.settings.directory))
            .args(["-p", &self.address.port.to_string()])
            .arg("-c")
            .arg(format!("unix_socket_directories={}", quoted(&self.address.directory)))
            .current_dir(&self.settings.directory)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors);
        for (name, value) in self.settings.server_settings() {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        self.account.prepare(&mut command);
        command.spawn().map_err(Error::file("run", &program))
    }
}

fn timed_out(settings: &Settings, begin: Instant) -> Error {
    let log = log_path(&settings.directory);
    Error::StartTimedOut { directory: settings.directory.clone(), waited: begin.elapsed(), log }
}

/// Ends a server that never became one.
fn quit(child: &mut Child) {
    signal(child.id(), Signal::QUIT);
    let _ = child.wait();
}

/// The setting is a list, so a directory with a comma or a space in it is quoted.
fn quoted(directory: &Path) -> String {
    let text = String::from_utf8_lossy(directory.as_os_str().as_bytes());
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// No socket yet, or a socket that says "starting up" (57P03).
fn is_still_starting(error: &Error) -> bool {
    match error {
        Error::Refused { sqlstate, .. } => sqlstate == "57P03",
        other => matches!(other, Error::Socket { .. }),
    }
}

fn is_stale_lock(log_end: &str) -> bool {
    log_end.contains("already exists") || log_end.contains("pre-existing shared memory block")
}

/// Opens the log for appending and tells where this run's part begins.
fn open_log(path: &Path) -> Result<(File, u64)> {
    if fs::metadata(path).is_ok_and(|log| log.len() > LOG_BYTES_MAX) {
        let aside = path.with_extension("log.1");
        fs::rename(path, &aside).map_err(Error::file("set aside", path))?;
    }
    let log = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    let log = log.map_err(Error::file("open", path))?;
    let begin = log.metadata().map_err(Error::file("read", path))?.len();
    Ok((log, begin))
}

fn read_log_end(path: &Path, begin: u64) -> String {
    let read = || -> std::io::Result<String> {
        let mut log = File::open(path)?;
        let length = log.metadata()?.len();
        log.seek(SeekFrom::Start(begin.max(length.saturating_sub(LOG_END_BYTES_MAX))))?;
        let mut bytes = Vec::new();
        log.take(LOG_END_BYTES_MAX).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    };
    read().unwrap_or_default()
}
