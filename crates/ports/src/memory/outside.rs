// SPDX-License-Identifier: Apache-2.0
//! The record outside of a book, in memory: what a restored book does not take back.
//! Nothing is signed here; clones share one record.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use model::code::Code;
use model::journal::JournalKey;
use time::OffsetDateTime;

use crate::checkpoint::{Checkpoints, LogName, Manifest, Manifests, Published, Request};
use crate::failure::Failure;
use crate::log_proof::TreeHead;

#[derive(Debug, Default)]
struct Record {
    published: BTreeMap<LogName, Published>,
    manifests: BTreeMap<JournalKey, Manifest>,
    refuses: bool,
}

/// Checkpoints and manifests in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryOutside(Arc<Mutex<Record>>);

impl MemoryOutside {
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes every write fail, or no longer.
    pub fn refuse(&self, refuses: bool) {
        self.record().refuses = refuses;
    }

    pub fn all_manifests(&self) -> Vec<Manifest> {
        self.record().manifests.values().cloned().collect()
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.lock().expect("no change panics while it holds the record")
    }

    fn writable(&self) -> Result<MutexGuard<'_, Record>, Failure> {
        let record = self.record();
        if record.refuses {
            return Err(Failure::transient("injected: the outside record cannot be written"));
        }
        Ok(record)
    }
}

#[async_trait]
impl Checkpoints for MemoryOutside {
    async fn publish(&self, log: &LogName, head: &TreeHead) -> Result<String, Failure> {
        let mut record = self.writable()?;
        if let Some(last) = record.published.get(log)
            && (head.size < last.head.size
                || (head.size == last.head.size && head.root != last.head.root))
        {
            return Err(Failure::defect("the log does not continue its last checkpoint"));
        }
        let note = format!("{}/{} {} {:?}", log.room, log.branch, head.size, head.root);
        let (head, at) = (*head, OffsetDateTime::UNIX_EPOCH);
        let published = Published { log: log.clone(), head, note: note.clone(), at };
        record.published.insert(log.clone(), published);
        Ok(note)
    }

    async fn latest(&self, room: &Code) -> Result<Option<Published>, Failure> {
        let record = self.record();
        let of_room = record.published.values().filter(|one| one.log.room == *room);
        Ok(of_room.max_by_key(|one| one.log.branch).cloned())
    }
}

#[async_trait]
impl Manifests for MemoryOutside {
    async fn put(&self, manifest: &Manifest) -> Result<Request, Failure> {
        let before = self.writable()?.manifests.insert(manifest.key.clone(), manifest.clone());
        Ok(before.map_or(Request::None, |manifest| manifest.request))
    }

    async fn mark(&self, key: &JournalKey, request: Request) -> Result<(), Failure> {
        if let Some(manifest) = self.writable()?.manifests.get_mut(key) {
            manifest.request = request;
        }
        Ok(())
    }

    async fn keys_since(&self, time: OffsetDateTime) -> Result<Vec<JournalKey>, Failure> {
        let record = self.record();
        let since = record.manifests.values().filter(|one| one.written_at >= time);
        Ok(since.map(|one| one.key.clone()).collect())
    }

    async fn manifest(&self, key: &JournalKey) -> Result<Option<Manifest>, Failure> {
        Ok(self.record().manifests.get(key).cloned())
    }
}
