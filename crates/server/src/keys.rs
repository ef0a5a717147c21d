// SPDX-License-Identifier: Apache-2.0
//! Key files below `data_dir/keys`: made on first start, readable by their owner alone.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};

/// The folder of key files.
pub fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("keys")
}

/// 32 bytes from a file of 64 hexadecimal digits, made when it is not there.
pub fn thirty_two_bytes(path: &Path) -> anyhow::Result<[u8; 32]> {
    if !path.exists() {
        let mut fresh = [0u8; 32];
        SystemRandom::new().fill(&mut fresh).ok().context("the system gives no random bytes")?;
        write_private(path, data_encoding::HEXLOWER.encode(&fresh).as_bytes())?;
    }
    refuse_readable_by_others(path)?;
    let text = std::fs::read_to_string(path).with_context(|| format!("key {}", path.display()))?;
    let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes());
    match bytes.ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()) {
        Some(key) => Ok(key),
        None => bail!("key {}: 64 hexadecimal digits are expected", path.display()),
    }
}

/// Writes a file that only its owner can read, whole or not at all, and never over an existing one:
/// of two processes that make it at once, one makes it and both read the same.
fn write_private(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    made_once(path, |beside| {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(beside)?;
        file.write_all(content)?;
        Ok(file.sync_all()?)
    })
}

/// Makes a file beside its place and links it there, unless another process was faster.
pub fn made_once(
    path: &Path,
    make: impl FnOnce(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let making = || format!("making key {}", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(making)?;
    }
    let beside = path.with_extension(uuid::Uuid::new_v4().to_string());
    make(&beside).with_context(making)?;
    let linked = std::fs::hard_link(&beside, path);
    std::fs::remove_file(&beside).with_context(making)?;
    match linked {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked.with_context(making),
    }
}

#[cfg(unix)]
fn refuse_readable_by_others(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path)?.permissions().mode();
    if mode & 0o077 != 0 {
        bail!("key {} is readable by others: chmod 600 it", path.display());
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_readable_by_others(_path: &Path) -> anyhow::Result<()> {
    Ok(())
}
