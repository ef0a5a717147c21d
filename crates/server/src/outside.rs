// SPDX-License-Identifier: Apache-2.0
//! The record outside of the database as a directory: signed checkpoints by room and branch, and the
//! manifest of each journal. Every file is whole and durable before anybody is told that it is there.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use async_trait::async_trait;
use model::code::Code;
use model::id::Hash;
use model::journal::JournalKey;
use ports::checkpoint::{Checkpoints, LogName, Manifest, Manifests, Published, Request};
use ports::failure::Failure;
use ports::log_proof::TreeHead;
use proof::checkpoint::Checkpoint;
use proof::note::{NOTE_BYTES_MAX, Signer};
use proof::path::Head;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::sync::Mutex;
use workflow::CheckpointLimits;

use crate::config::Config;
use crate::keys::Secured;

/// One file per hour and so many entries: a later checkpoint takes the place of an earlier one.
const ENTRIES_PER_FILE: u64 = 1_000;

/// The record outside of the database.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where checkpoints and manifests are written: best on another disk or machine than the
    /// database. `checkpoints` below `data_dir` when left out.
    pub dir: Option<PathBuf>,
    /// A checkpoint is signed at most so long after an entry of the log.
    pub checkpoint_ms_max: u64,
    /// A checkpoint is signed after so many entries, however soon.
    pub checkpoint_entries_max: u64,
}

impl Default for Settings {
    fn default() -> Self {
        let limits = CheckpointLimits::default();
        Self {
            dir: None,
            checkpoint_ms_max: limits.checkpoint_ms_max,
            checkpoint_entries_max: limits.checkpoint_entries_max,
        }
    }
}

impl Settings {
    pub fn limits(&self) -> CheckpointLimits {
        CheckpointLimits {
            checkpoint_ms_max: self.checkpoint_ms_max,
            checkpoint_entries_max: self.checkpoint_entries_max,
        }
    }
}

struct Inner {
    dir: PathBuf,
    /// Name of the installation; origins begin with it.
    name: String,
    signer: Signer,
    /// One writer at a time, so that each compares with the last.
    writing: Mutex<()>,
}

/// A directory of checkpoints and manifests. Clones are handles to the same.
#[derive(Clone)]
pub struct Outside(Arc<Inner>);

/// Opens the directory and the signing key, and makes what is missing.
pub async fn open(config: &Config, secured: &Secured) -> anyhow::Result<Outside> {
    let dir = config.proof.dir.clone().unwrap_or_else(|| config.data_dir.join("checkpoints"));
    fs::create_dir_all(dir.join(MANIFESTS))
        .with_context(|| format!("proof.dir: making {}", dir.display()))?;
    let seed = secured.checkpoint_key(config).await?;
    let name = format!("revbridge/{}", plain(&config.tenant));
    let signer = Signer::new(&name, &seed).context("the key of checkpoints")?;
    let public = dir.join("checkpoint.pub");
    let key = format!("{}\n", signer.verifier());
    // Beside the checkpoints for convenience; an auditor keeps a copy from elsewhere.
    if fs::read_to_string(&public).ok().as_deref() != Some(&key) {
        write(&public, key.as_bytes()).with_context(|| format!("writing {}", public.display()))?;
    }
    Ok(Outside(Arc::new(Inner { dir, name, signer, writing: Mutex::new(()) })))
}

const MANIFESTS: &str = "manifests";

/// A tenant's name in a key's name: letters, digits, dot and dash.
fn plain(name: &str) -> String {
    let fits =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '-');
    name.chars().map(|character| if fits(character) { character } else { '_' }).collect()
}

impl Outside {
    /// The public key as `revbridge-verify` takes it.
    pub fn public_key(&self) -> String {
        self.0.signer.verifier().to_string()
    }

    /// Where the checkpoints of a log are.
    pub fn folder(&self, log: &LogName) -> PathBuf {
        self.0.dir.join(log.room.as_str()).join(log.branch.to_string())
    }

    fn origin(&self, log: &LogName) -> String {
        let name = &self.0.name;
        match log.branch {
            1 => format!("{name}/{}", log.room),
            branch => format!("{name}/{}/{branch}", log.room),
        }
    }

    fn manifest_path(&self, key: &JournalKey) -> Result<PathBuf, Failure> {
        let plain = key.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !plain || key.as_str().is_empty() {
            return Err(Failure::defect("a journal key that cannot be a file's name"));
        }
        Ok(self.0.dir.join(MANIFESTS).join(format!("{key}.json")))
    }

    /// The newest branch of a room that has a checkpoint, and the last of them.
    fn last(&self, room: &Code) -> io::Result<Option<(LogName, PathBuf)>> {
        let mut branches: Vec<u32> = names(&self.0.dir.join(room.as_str()))?
            .iter()
            .filter_map(|name| name.parse().ok())
            .collect();
        branches.sort_unstable();
        while let Some(branch) = branches.pop() {
            let log = LogName { room: room.clone(), branch };
            let folder = self.folder(&log);
            let notes = names(&folder)?.into_iter().filter(|name| name.ends_with(".note"));
            // Names begin with the thousand of their size, so all but the last few are passed over.
            if let Some(newest) = notes.max() {
                return Ok(Some((log, folder.join(newest))));
            }
        }
        Ok(None)
    }

    fn read_last(&self, room: &Code) -> Result<Option<Published>, Failure> {
        let Some((log, newest)) = self.last(room).map_err(|error| failed("reading", &error))?
        else {
            return Ok(None);
        };
        // Within one thousand there is a file per hour: the clock may have gone back in between.
        let name = file_name(&newest);
        let thousand = name.split('-').next().unwrap_or_default();
        let folder = self.folder(&log);
        let mut last: Option<Published> = None;
        for name in names(&folder).map_err(|error| failed("reading", &error))? {
            if !name.starts_with(thousand) || !name.ends_with(".note") {
                continue;
            }
            let published = self.read(&log, &folder.join(name))?;
            if last.as_ref().is_none_or(|last| last.head.size < published.head.size) {
                last = Some(published);
            }
        }
        Ok(last)
    }

    fn read(&self, log: &LogName, path: &Path) -> Result<Published, Failure> {
        let name = file_name(path);
        let told = |error: io::Error| failed("reading a checkpoint", &error);
        let meta = fs::metadata(path).map_err(told)?;
        if meta.len() > NOTE_BYTES_MAX as u64 {
            return Err(Failure::defect(format!("checkpoint {name} is no checkpoint: too long")));
        }
        let note = fs::read_to_string(path).map_err(told)?;
        let checkpoint = Checkpoint::open(&note, &self.0.signer.verifier())
            .map_err(|error| Failure::defect(format!("checkpoint {name}: {error}")))?;
        if checkpoint.origin != self.origin(log) {
            return Err(Failure::defect(format!("checkpoint {name} is of another log")));
        }
        let head = TreeHead { size: checkpoint.head.size, root: Hash(checkpoint.head.root) };
        let at = OffsetDateTime::from(meta.modified().map_err(told)?);
        Ok(Published { log: log.clone(), head, note, at })
    }

    fn write_next(&self, log: &LogName, head: &TreeHead) -> Result<String, Failure> {
        if let Some(last) = self.read_last(&log.room)? {
            if last.log.branch > log.branch {
                return Err(Failure::defect("the log has a later branch"));
            }
            if last.log == *log && last.head == *head {
                return Ok(last.note);
            }
            if last.log == *log && last.head.size >= head.size {
                return Err(Failure::defect(format!(
                    "the log of {} entries does not continue its checkpoint of {}",
                    head.size, last.head.size
                )));
            }
        }
        let checkpoint = Checkpoint {
            origin: self.origin(log),
            head: Head { size: head.size, root: head.root.0 },
        };
        let note = checkpoint.sign(&self.0.signer).map_err(|e| Failure::defect(e.to_string()))?;
        let folder = self.folder(log);
        fs::create_dir_all(&folder).map_err(|error| failed("making a folder", &error))?;
        let now = OffsetDateTime::now_utc();
        let thousand = head.size / ENTRIES_PER_FILE;
        let name = format!("{thousand:016}-{}T{:02}.note", now.date(), now.hour());
        write(&folder.join(name), note.as_bytes())
            .map_err(|error| failed("writing a checkpoint", &error))?;
        Ok(note)
    }

    fn read_manifest(&self, key: &JournalKey) -> Result<Option<Manifest>, Failure> {
        let bytes = match fs::read(self.manifest_path(key)?) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("reading a manifest", &error)),
        };
        let manifest = serde_json::from_slice(&bytes);
        manifest.map(Some).map_err(|_| Failure::defect(format!("the manifest {key} is damaged")))
    }

    fn write_manifest(&self, manifest: &Manifest) -> Result<(), Failure> {
        let bytes =
            serde_json::to_vec(manifest).map_err(|error| Failure::defect(error.to_string()))?;
        write(&self.manifest_path(&manifest.key)?, &bytes)
            .map_err(|error| failed("writing a manifest", &error))
    }

    /// File calls may wait for a disk or a network: not on a thread that serves others.
    async fn apart<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Self) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let own = self.clone();
        let ended = tokio::task::spawn_blocking(move || call(&own)).await;
        ended.unwrap_or_else(|_| Err(Failure::defect("the outside record panicked")))
    }
}

#[async_trait]
impl Checkpoints for Outside {
    async fn publish(&self, log: &LogName, head: &TreeHead) -> Result<String, Failure> {
        let _one = self.0.writing.lock().await;
        let (log, head) = (log.clone(), *head);
        self.apart(move |own| own.write_next(&log, &head)).await
    }

    async fn latest(&self, room: &Code) -> Result<Option<Published>, Failure> {
        let room = room.clone();
        self.apart(move |own| own.read_last(&room)).await
    }
}

#[async_trait]
impl Manifests for Outside {
    async fn put(&self, manifest: &Manifest) -> Result<Request, Failure> {
        let manifest = manifest.clone();
        self.apart(move |own| {
            let before = own.read_manifest(&manifest.key)?;
            own.write_manifest(&manifest)?;
            Ok(before.map_or(Request::None, |manifest| manifest.request))
        })
        .await
    }

    async fn mark(&self, key: &JournalKey, request: Request) -> Result<(), Failure> {
        let key = key.clone();
        self.apart(move |own| match own.read_manifest(&key)? {
            Some(manifest) => own.write_manifest(&Manifest { request, ..manifest }),
            None => Ok(()),
        })
        .await
    }

    async fn keys_since(&self, time: OffsetDateTime) -> Result<Vec<JournalKey>, Failure> {
        self.apart(move |own| {
            let folder = own.0.dir.join(MANIFESTS);
            let told = |error: io::Error| failed("reading the manifests", &error);
            let mut keys = Vec::new();
            for entry in fs::read_dir(folder).map_err(told)? {
                let entry = entry.map_err(told)?;
                let name = entry.file_name().to_string_lossy().into_owned();
                let Some(key) = name.strip_suffix(".json") else { continue };
                let written = entry.metadata().and_then(|meta| meta.modified()).map_err(told)?;
                if OffsetDateTime::from(written) >= time {
                    keys.push(JournalKey(Code::new(key)));
                }
            }
            Ok(keys)
        })
        .await
    }

    async fn manifest(&self, key: &JournalKey) -> Result<Option<Manifest>, Failure> {
        let key = key.clone();
        self.apart(move |own| own.read_manifest(&key)).await
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Names in a folder; none where it is not there.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// Under another name first, so that the name is never that of half a file.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let unfinished = folder.join(format!(".{}.unfinished", uuid::Uuid::new_v4()));
    let mut file = File::create(&unfinished)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    let renamed = written.and_then(|()| fs::rename(&unfinished, path));
    if renamed.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    renamed?;
    File::open(folder)?.sync_all()
}

/// Nothing was committed that anybody was told of; a full disk may be emptied.
fn failed(doing: &str, error: &io::Error) -> Failure {
    Failure::transient(format!("{doing} outside of the database: {}", error.kind()))
}

#[cfg(test)]
mod tests;
