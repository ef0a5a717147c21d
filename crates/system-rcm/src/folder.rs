// SPDX-License-Identifier: Apache-2.0
//! A drop folder: whole files are delivered and then moved, never deleted.
//! Half-written files are left alone; done, duplicate and failed files lie in folders of their own.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures::StreamExt;
use model::code::Code;
use model::document::Channel;
use ports::accept::{Accept, Delivery, Receipt};
use ports::failure::Failure;
use tokio::fs;
use tokio_util::io::ReaderStream;

/// Files moved here are being delivered; after a crash they are delivered again. Locked by the one
/// process that takes files; the lock ends with that process, however it ends.
const WORKING: &str = ".working";
const DONE: &str = "done";
const DUPLICATE: &str = "duplicate";
const FAILED: &str = "failed";

/// Name endings of files that their writer has not finished.
const UNFINISHED: [&str; 5] = [".part", ".partial", ".tmp", ".filepart", ".crdownload"];

/// How a folder is watched.
#[derive(Debug, Clone)]
pub struct FolderSettings {
    pub path: PathBuf,
    pub source: Code,
    /// A file is taken once its size and time have not changed for so long.
    pub quiet: Duration,
    /// Files taken in one pass.
    pub files_per_pass_max: usize,
    pub read_bytes: usize,
}

impl FolderSettings {
    pub fn new(path: PathBuf, source: Code) -> Self {
        let quiet = Duration::from_millis(1_000);
        Self { path, source, quiet, files_per_pass_max: 1_000, read_bytes: 256 << 10 }
    }
}

/// What one pass did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pass {
    pub done: u64,
    pub duplicates: u64,
    pub failed: u64,
    /// Still being written, or the receiver asked to come back later.
    pub waiting: u64,
}

/// Whether this process is the one that takes files.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Watch {
    Own,
    Others,
}

/// What was seen of a file that may still be growing.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Seen {
    bytes: u64,
    modified: SystemTime,
    since: SystemTime,
}

/// One watched folder.
pub struct Folder {
    settings: FolderSettings,
    accept: Arc<dyn Accept>,
    lock: std::fs::File,
    watch: Watch,
    seen: BTreeMap<PathBuf, Seen>,
}

impl Folder {
    /// Makes the folders that are missing. Refuses a folder into which anybody may write.
    pub async fn open(settings: FolderSettings, accept: Arc<dyn Accept>) -> io::Result<Self> {
        for own in ["", WORKING, DONE, DUPLICATE, FAILED] {
            fs::create_dir_all(settings.path.join(own)).await?;
        }
        refuse_world_writable(&settings.path).await?;
        let lock = std::fs::File::open(settings.path.join(WORKING))?;
        Ok(Self { settings, accept, lock, watch: Watch::Others, seen: BTreeMap::new() })
    }

    /// Delivers what is whole. Files left from a crash come first. Where several processes watch one
    /// folder, one of them takes files and the others stand by.
    pub async fn pass(&mut self) -> io::Result<Pass> {
        let mut pass = Pass::default();
        if self.watch == Watch::Others {
            match self.lock.try_lock() {
                Ok(()) => self.watch = Watch::Own,
                Err(std::fs::TryLockError::WouldBlock) => return Ok(pass),
                Err(std::fs::TryLockError::Error(error)) => return Err(error),
            }
        }
        for path in files_in(&self.settings.path.join(WORKING)).await? {
            self.deliver(&path, Recovery::AfterCrash, &mut pass).await?;
        }
        let mut taken = 0;
        let listed = files_in(&self.settings.path).await?;
        self.seen.retain(|path, _| listed.contains(path));
        for path in listed {
            if taken == self.settings.files_per_pass_max {
                break;
            }
            if !self.is_whole(&path).await? {
                pass.waiting += 1;
                continue;
            }
            self.seen.remove(&path);
            let working = self.free_name(WORKING, &path).await?;
            fs::rename(&path, &working).await?;
            self.deliver(&working, Recovery::FirstTime, &mut pass).await?;
            taken += 1;
        }
        Ok(pass)
    }

    /// Whether a file has stopped changing for the quiet time.
    async fn is_whole(&mut self, path: &Path) -> io::Result<bool> {
        let metadata = match fs::metadata(path).await {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        let now = SystemTime::now();
        let modified = metadata.modified()?;
        let bytes = metadata.len();
        let entry =
            self.seen.entry(path.to_owned()).or_insert(Seen { bytes, modified, since: now });
        if entry.bytes != bytes || entry.modified != modified {
            *entry = Seen { bytes, modified, since: now };
        }
        Ok(now.duration_since(entry.since).unwrap_or_default() >= self.settings.quiet)
    }

    async fn deliver(&self, path: &Path, first: Recovery, pass: &mut Pass) -> io::Result<()> {
        let file = fs::File::open(path).await?;
        let content = ReaderStream::with_capacity(file, self.settings.read_bytes).boxed();
        let delivery = Delivery {
            source: self.settings.source.clone(),
            channel: Channel::Folder,
            by: Code::from(format!("folder:{}", self.settings.source)),
        };
        match self.accept.accept(delivery, content).await {
            Ok(receipt) => self.settle(path, &receipt, first, pass).await,
            Err(Failure::Transient { message, .. } | Failure::OutcomeUnknown { message, .. }) => {
                // It stays where it is: the same bytes are the same document, however often sent.
                tracing::warn!(source = %self.settings.source, "delivery will be repeated: {message}");
                pass.waiting += 1;
                Ok(())
            }
            Err(Failure::Business { code, message }) => {
                self.fail(path, &format!("{code}: {message}"), pass).await
            }
            Err(Failure::Defect(message)) => self.fail(path, &message, pass).await,
        }
    }

    async fn settle(
        &self,
        path: &Path,
        receipt: &Receipt,
        first: Recovery,
        pass: &mut Pass,
    ) -> io::Result<()> {
        // After a crash the first delivery may have been this one.
        let duplicate = receipt.duplicate && first == Recovery::FirstTime;
        let folder = if duplicate { DUPLICATE } else { DONE };
        let target = self.free_name(folder, path).await?;
        fs::rename(path, &target).await?;
        match duplicate {
            true => pass.duplicates += 1,
            false => pass.done += 1,
        }
        Ok(())
    }

    async fn fail(&self, path: &Path, reason: &str, pass: &mut Pass) -> io::Result<()> {
        let target = self.free_name(FAILED, path).await?;
        fs::rename(path, &target).await?;
        let mut note = target.into_os_string();
        note.push(".reason.txt");
        fs::write(&note, format!("{reason}\n")).await?;
        tracing::warn!(source = %self.settings.source, "a file was refused: {reason}");
        pass.failed += 1;
        Ok(())
    }

    /// The same name in another folder, with a number where it is taken: nothing is overwritten.
    async fn free_name(&self, folder: &str, path: &Path) -> io::Result<PathBuf> {
        let name = path.file_name().unwrap_or_default();
        let folder = self.settings.path.join(folder);
        let mut candidate = folder.join(name);
        let mut number = 1u32;
        while fs::try_exists(&candidate).await? {
            let mut numbered = name.to_owned();
            numbered.push(format!(".{number}"));
            candidate = folder.join(numbered);
            number += 1;
        }
        Ok(candidate)
    }
}

/// Whether a delivery may already have been acknowledged before a crash.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Recovery {
    FirstTime,
    AfterCrash,
}

/// Plain files of a folder by name, without hidden and unfinished ones.
async fn files_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut entries = fs::read_dir(folder).await?;
    while let Some(entry) = entries.next_entry().await? {
        let name = entry.file_name().to_string_lossy().to_lowercase();
        let unfinished = UNFINISHED.iter().any(|ending| name.ends_with(ending));
        if name.starts_with('.') || unfinished || !entry.file_type().await?.is_file() {
            continue;
        }
        found.push(entry.path());
    }
    found.sort();
    Ok(found)
}

#[cfg(unix)]
async fn refuse_world_writable(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(folder).await?.permissions().mode();
    if mode & 0o002 == 0 {
        return Ok(());
    }
    let message = format!("anybody may write into {}: chmod o-w it first", folder.display());
    Err(io::Error::new(io::ErrorKind::PermissionDenied, message))
}

#[cfg(not(unix))]
async fn refuse_world_writable(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
