// SPDX-License-Identifier: Apache-2.0
//! Under which account Postgres runs: ours, or, since it refuses root, `postgres` or `nobody`.
//! Knows whether that account can reach a path, and gives directories to it.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Error, Result};

/// The account that Postgres processes run as.
#[derive(Clone, Debug)]
pub(crate) enum Account {
    /// We are an ordinary user and run Postgres as ourselves.
    Ourselves,
    /// We are root and give up our rights before we run Postgres.
    Dropped { name: String, uid: u32, gid: u32 },
}

impl Account {
    /// The account for this process.
    pub(crate) fn choose() -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Account::Ourselves);
        }
        let users =
            fs::read_to_string("/etc/passwd").map_err(Error::file("read", "/etc/passwd"))?;
        ["postgres", "nobody"].iter().find_map(|name| lookup(&users, name)).ok_or(Error::NoAccount)
    }

    /// Lets a command run as this account, in a process group of its own so that a Ctrl-C meant
    /// for us does not reach it, and without Postgres settings from our environment.
    pub(crate) fn prepare(&self, command: &mut Command) {
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        command.env("LC_ALL", "C").process_group(0);
        match self {
            Account::Ourselves => {}
            Account::Dropped { uid, gid, .. } => {
                command.uid(*uid).gid(*gid).env("HOME", "/");
            }
        }
    }

    /// Makes a directory (and its parents) that only this account can enter.
    pub(crate) fn make_directory(&self, directory: &Path) -> Result<()> {
        if let Some(parent) = directory.parent() {
            fs::create_dir_all(parent).map_err(Error::file("create directory", parent))?;
        }
        match fs::DirBuilder::new().mode(0o700).create(directory) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Error::file("create directory", directory)(error)),
        }
        self.own(directory)
    }

    /// Gives one existing directory to this account, mode 0700.
    pub(crate) fn own(&self, directory: &Path) -> Result<()> {
        if let Account::Dropped { uid, gid, .. } = self {
            chown(directory, Some(*uid), Some(*gid))
                .map_err(Error::file("change the owner of", directory))?;
        }
        fs::set_permissions(directory, fs::Permissions::from_mode(0o700))
            .map_err(Error::file("change the mode of", directory))
    }

    /// Gives one existing file to this account, mode 0600.
    pub(crate) fn own_file(&self, file: &Path) -> Result<()> {
        if let Account::Dropped { uid, gid, .. } = self {
            chown(file, Some(*uid), Some(*gid))
                .map_err(Error::file("change the owner of", file))?;
        }
        fs::set_permissions(file, fs::Permissions::from_mode(0o600))
            .map_err(Error::file("change the mode of", file))
    }

    /// Fails when this account cannot reach the path: the nearest directory that stops it is named.
    /// What does not exist yet counts as reachable.
    pub(crate) fn check_reach(&self, path: &Path) -> Result<()> {
        match (self, self.blocked_by(path)) {
            (Account::Dropped { name, .. }, Some(blocked_by)) => {
                Err(Error::Unreachable { account: name.clone(), blocked_by })
            }
            (Account::Dropped { .. } | Account::Ourselves, _) => Ok(()),
        }
    }

    /// The first directory above the path that this account may not pass.
    pub(crate) fn blocked_by(&self, path: &Path) -> Option<PathBuf> {
        let Account::Dropped { uid, gid, .. } = self else { return None };
        let mut above: Vec<&Path> = path.ancestors().skip(1).collect();
        above.reverse();
        let stops = |directory: &&Path| {
            let Ok(metadata) = fs::metadata(directory) else { return false };
            let execute = match () {
                () if metadata.uid() == *uid => 0o100,
                () if metadata.gid() == *gid => 0o010,
                () => 0o001,
            };
            metadata.mode() & execute == 0
        };
        above.into_iter().find(stops).map(Path::to_path_buf)
    }
}

fn lookup(users: &str, name: &str) -> Option<Account> {
    let fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let user = fields.into_iter().find(|fields| fields.first() == Some(&name))?;
    // Some systems write `nobody` as -2, which the kernel reads as an unsigned number.
    let number = |text: &str| {
        text.parse::<u32>().ok().or_else(|| text.parse::<i32>().ok().map(i32::cast_unsigned))
    };
    let uid = number(user.get(2)?)?;
    let gid = number(user.get(3)?)?;
    (uid != 0).then(|| Account::Dropped { name: name.to_owned(), uid, gid })
}

/// The first temporary directory that the account can reach and that is short enough for `spare`
/// further bytes of path.
pub(crate) fn temporary_root(account: &Account, path_bytes_max: usize) -> Option<PathBuf> {
    let places = [std::env::temp_dir(), PathBuf::from("/tmp"), PathBuf::from("/var/tmp")];
    places.into_iter().find(|place| {
        place.is_absolute()
            && place.is_dir()
            && place.as_os_str().len() <= path_bytes_max
            && account.blocked_by(&place.join("x")).is_none()
    })
}
