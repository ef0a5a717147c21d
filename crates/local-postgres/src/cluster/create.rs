// SPDX-License-Identifier: Apache-2.0
//! Makes a cluster where there is none, and refuses one that another version or another program
//! made. A creation that was cut off leaves nothing that looks like a cluster.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Lifetime, data_path, log_path, owner_path};
use crate::account::Account;
use crate::installation::{Installation, parse_version};
use crate::settings::Settings;
use crate::wire::USER;
use crate::{Error, Result};

/// The major version that wrote the data, when there is data.
pub(super) fn major_of(directory: &Path) -> Option<u32> {
    let text = fs::read_to_string(data_path(directory).join("PG_VERSION")).ok()?;
    parse_version(&text).map(|version| version.major)
}

/// Fails when the directory holds something, and that is not a cluster of ours: its mode and owner
/// are about to be changed.
pub(super) fn refuse_foreign(directory: &Path) -> Result<()> {
    let Ok(mut entries) = fs::read_dir(directory) else { return Ok(()) };
    let ours = owner_path(directory).exists() || major_of(directory).is_some();
    if ours || entries.next().is_none() {
        return Ok(());
    }
    Err(Error::NotOurs { directory: directory.to_path_buf() })
}

/// After this returns the data exists and is of the installation's major version. The caller holds
/// the owner's lock.
pub(super) fn ensure(
    settings: &Settings,
    lifetime: Lifetime,
    installation: &Installation,
    account: &Account,
) -> Result<()> {
    let directory = &settings.directory;
    let at_hand = installation.version.major;
    match major_of(directory) {
        Some(created_by) if created_by == at_hand => Ok(()),
        Some(created_by) => {
            Err(Error::MajorMismatch { directory: directory.clone(), created_by, at_hand })
        }
        None => create(directory, lifetime, installation, account),
    }
}

fn create(
    directory: &Path,
    lifetime: Lifetime,
    installation: &Installation,
    account: &Account,
) -> Result<()> {
    let fresh = directory.join("data.new");
    if fresh.exists() {
        fs::remove_dir_all(&fresh).map_err(Error::file("remove", &fresh))?;
    }
    account.make_directory(&fresh)?;
    let program = installation.program("initdb");
    let mut command = Command::new(&program);
    command
        .args(["--locale=C", "--encoding=UTF8", "--auth=trust", "--data-checksums"])
        .args(["--no-instructions", "--username", USER])
        .arg("--pgdata")
        .arg(&fresh)
        .current_dir(directory)
        .stdin(Stdio::null());
    match lifetime {
        Lifetime::Kept => {}
        Lifetime::Temporary => {
            command.arg("--no-sync");
        }
    }
    account.prepare(&mut command);
    let output = command.output().map_err(Error::file("run", &program))?;
    if !output.status.success() {
        let output = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Error::Create { directory: directory.to_path_buf(), output });
    }
    let data = data_path(directory);
    fs::rename(&fresh, &data).map_err(Error::file("rename into place", &data))?;
    if lifetime == Lifetime::Kept {
        sync_directory(directory)?;
    }
    let _ = fs::remove_file(log_path(directory));
    Ok(())
}

/// The rename itself must survive a power cut.
fn sync_directory(directory: &Path) -> Result<()> {
    let opened = fs::File::open(directory).map_err(Error::file("open", directory))?;
    opened.sync_all().map_err(Error::file("sync", directory))
}
