// SPDX-License-Identifier: Apache-2.0
//! Clusters that are thrown away: one per call, or one shared by all tests of a process. Their
//! directories go with them; what a power cut or a killed watchdog left behind goes at the next
//! call.

use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use rustix::process::Signal;
use tempfile::TempDir;

use super::start::answering;
use super::stop::{alive, signal};
use super::{Cluster, Lifetime, data_path, owner_path};
use crate::account::{Account, temporary_root};
use crate::settings::Settings;
use crate::{Error, Result};

const PREFIX: &str = "rb-pg-";
/// A directory younger than this may still be on its way to its owner's lock.
const SETTLED_AFTER: Duration = Duration::from_secs(60);
/// For one left-over server to end before its directory is removed.
const SWEEP_WAIT_MAX: Duration = Duration::from_secs(5);
/// Room for the name of a cluster's directory and of the socket in it.
const ROOT_BYTES_MAX: usize = 64;

impl Cluster {
    /// A fresh cluster in a temporary directory that goes with it.
    pub fn temporary() -> Result<Self> {
        Self::temporary_with(|_| {})
    }

    /// The same with other settings; the directory is chosen here.
    pub fn temporary_with(change: impl FnOnce(&mut Settings)) -> Result<Self> {
        let account = Account::choose()?;
        let root = root(&account)?;
        sweep(&root);
        let fresh = make_in(&root, PREFIX)?;
        let mut settings = Settings::at(PathBuf::new());
        settings.connections_max = 200;
        settings.shared_buffers_mib = 32;
        change(&mut settings);
        settings.directory = fresh.path().to_path_buf();
        let cluster = Self::open_for(settings, Lifetime::Temporary)?;
        // From here on the cluster and its watchdog remove it.
        let _ = fresh.keep();
        Ok(cluster)
    }

    /// A throw-away cluster that begins as a copy of the data of a stopped one: of the directory `data`
    /// in it, or of a copy of that. The same major version has to be at hand.
    pub fn temporary_copy(of: &Path) -> Result<Self> {
        let account = Account::choose()?;
        let root = root(&account)?;
        sweep(&root);
        let fresh = make_in(&root, PREFIX)?;
        copy(of, &data_path(fresh.path()), &account)?;
        let mut settings = Settings::at(fresh.path().to_path_buf());
        settings.connections_max = 200;
        settings.shared_buffers_mib = 32;
        let cluster = Self::open_for(settings, Lifetime::Temporary)?;
        let _ = fresh.keep();
        Ok(cluster)
    }

    /// The one cluster of this process, made at the first call. Tests make databases of their own
    /// in it; it goes when the process ends.
    pub fn shared_for_tests() -> Result<&'static Cluster, &'static Error> {
        static SHARED: OnceLock<Result<Cluster>> = OnceLock::new();
        let room = |settings: &mut Settings| settings.connections_max = 400;
        SHARED.get_or_init(|| Cluster::temporary_with(room)).as_ref()
    }
}

/// Copies a directory of Postgres and gives the copy to the account that Postgres runs as.
fn copy(from: &Path, to: &Path, account: &Account) -> Result<()> {
    fs::create_dir(to).map_err(Error::file("create directory", to))?;
    account.own(to)?;
    for entry in fs::read_dir(from).map_err(Error::file("read", from))? {
        let entry = entry.map_err(Error::file("read", from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy(&source, &target, account)?;
        } else {
            fs::copy(&source, &target).map_err(Error::file("copy", &source))?;
            account.own_file(&target)?;
        }
    }
    Ok(())
}

/// A fresh directory, removed when dropped, below which a cluster can be opened: when we are root,
/// the account Postgres runs as can pass it, but not list it.
pub fn private_directory(prefix: &str) -> Result<TempDir> {
    let account = Account::choose()?;
    let fresh = make_in(&root(&account)?, prefix)?;
    match account {
        Account::Ourselves => {}
        Account::Dropped { .. } => {
            fs::set_permissions(fresh.path(), Permissions::from_mode(0o711))
                .map_err(Error::file("change the mode of", fresh.path()))?;
        }
    }
    Ok(fresh)
}

fn root(account: &Account) -> Result<PathBuf> {
    temporary_root(account, ROOT_BYTES_MAX)
        .ok_or(Error::SocketTooLong { bytes_max: ROOT_BYTES_MAX })
}

fn make_in(root: &Path, prefix: &str) -> Result<TempDir> {
    let fresh = tempfile::Builder::new().prefix(prefix).tempdir_in(root);
    fresh.map_err(Error::file("create a directory in", root))
}

/// Ends and removes temporary clusters whose owner is dead. Nothing here can fail the caller: what
/// cannot be removed now is tried again next time.
fn sweep(root: &Path) {
    let Ok(entries) = fs::read_dir(root) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_directory && name.to_string_lossy().starts_with(PREFIX) {
            sweep_one(&entry.path());
        }
    }
}

fn sweep_one(directory: &Path) {
    let owner = owner_path(directory);
    if !owner.exists() {
        // A socket's directory whose server is gone is empty; any other stays.
        if is_settled(directory) {
            let _ = fs::remove_dir(directory);
        }
        return;
    }
    if !is_settled(&owner) {
        return;
    }
    let Ok(lock) = OpenOptions::new().read(true).write(true).open(&owner) else { return };
    // A living owner holds the lock.
    if lock.try_lock().is_err() {
        return;
    }
    if let Some(pid) = answering(directory) {
        signal(pid, Signal::QUIT);
        let begin = Instant::now();
        while alive(pid) && begin.elapsed() < SWEEP_WAIT_MAX {
            sleep(Duration::from_millis(20));
        }
    }
    let _ = fs::remove_dir_all(directory);
}

fn is_settled(path: &Path) -> bool {
    let changed = fs::symlink_metadata(path).and_then(|metadata| metadata.modified());
    let age = changed.ok().and_then(|changed| SystemTime::now().duration_since(changed).ok());
    age.is_some_and(|age| age >= SETTLED_AFTER)
}
