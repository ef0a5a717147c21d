// SPDX-License-Identifier: Apache-2.0
//! The tree over the log in memory, by the definition of RFC 6962 written down as recursion.
//! It shares nothing with the tree that Postgres grows, so each is a check on the other.

use async_trait::async_trait;
use model::id::Hash;
use serde_json::json;
use time::UtcOffset;

use super::state::State;
use super::{MemoryBook, Operation};
use crate::failure::Failure;
use crate::feed::Numbered;
use crate::log_proof::{LogProof, ProvenEntry, TreeHead};

/// Keys of a JSON object are sorted by the library.
fn canonical(entry: &Numbered) -> Vec<u8> {
    let at = entry.at.to_offset(UtcOffset::UTC);
    let (hour, minute, second) = at.time().as_hms();
    let at = format!("{}T{hour:02}:{minute:02}:{second:02}.{:06}Z", at.date(), at.microsecond());
    let json = json!({
        "number": entry.number,
        "at": at,
        "kind": entry.entry.kind,
        "subject": entry.entry.subject,
        "by": entry.entry.by,
        "body": entry.entry.body,
    });
    json.to_string().into_bytes()
}

fn leaf(canonical: &[u8]) -> Hash {
    Hash::sha256(&[&[0], canonical].concat())
}

fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::sha256(b""),
        [only] => *only,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            Hash::sha256(&[&[1], &root(left).0[..], &root(right).0[..]].concat())
        }
    }
}

impl State {
    fn leaves(&self) -> Vec<Hash> {
        self.numbered_log().map(|entry| leaf(&canonical(&entry))).collect()
    }
}

#[async_trait]
impl LogProof for MemoryBook {
    async fn head(&self) -> Result<TreeHead, Failure> {
        self.ask(Operation::Read, |state, _| {
            let leaves = state.leaves();
            TreeHead { size: leaves.len() as u64, root: root(&leaves) }
        })
        .await
    }

    async fn root_at(&self, size: u64) -> Result<Option<Hash>, Failure> {
        self.ask(Operation::Read, |state, _| {
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            state.leaves().get(..size).map(root)
        })
        .await
    }

    async fn proven(&self, after: u64, limit: usize) -> Result<Vec<ProvenEntry>, Failure> {
        self.ask(Operation::Read, |state, _| {
            let later = state.numbered_log().filter(|entry| entry.number > after);
            later
                .take(limit)
                .map(|entry| {
                    let canonical = canonical(&entry);
                    ProvenEntry { leaf: leaf(&canonical), canonical }
                })
                .collect()
        })
        .await
    }

    async fn keep(&self, head: &TreeHead, note: &str) -> Result<(), Failure> {
        self.ask(Operation::Apply, |state, _| {
            state.kept.insert(head.size, note.to_owned());
        })
        .await
    }
}
