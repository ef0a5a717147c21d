// SPDX-License-Identifier: Apache-2.0
//! The tree over the numbered log, for those who prove it from outside.
//! Roots come from the kept leaves; what the leaves are of is read as it was hashed.

use async_trait::async_trait;
use model::id::Hash;
use ports::failure::Failure;
use ports::log_proof::{LogProof, ProvenEntry, TreeHead};
use proof::tree::Frontier;

use crate::apply::sequence::root;
use crate::book::PostgresBook;
use crate::entry::{canonical_time, hash_of, limit_of, signed, unsigned};
use crate::error::{failure, unreadable};
use crate::feed;

/// Leaves read at a time.
const LEAVES_MAX: usize = 20_000;

#[async_trait]
impl LogProof for PostgresBook {
    async fn head(&self) -> Result<TreeHead, Failure> {
        let row = sqlx::query!(
            "select size, peaks
             from log_head
             where tenant = $1",
            self.tenant(),
        )
        .fetch_optional(&self.pool)
        .await
        .map_err(failure)?;
        let tree = match row {
            Some(row) => Frontier::restore(unsigned(row.size), &row.peaks)
                .map_err(|_| unreadable("edge of the log's tree"))?,
            None => Frontier::new(),
        };
        Ok(TreeHead { size: tree.size(), root: root(&tree) })
    }

    async fn root_at(&self, size: u64) -> Result<Option<Hash>, Failure> {
        let kept = sqlx::query_scalar!(
            "select root
             from checkpoint
             where tenant = $1
               and size = $2",
            self.tenant(),
            signed(size),
        )
        .fetch_optional(&self.pool)
        .await
        .map_err(failure)?;
        if let Some(root) = kept {
            return hash_of(root, "root of a checkpoint").map(Some);
        }
        let mut tree = Frontier::new();
        while tree.size() < size {
            let left = usize::try_from(size - tree.size()).unwrap_or(usize::MAX);
            let leaves = sqlx::query_scalar!(
                "select leaf
                 from log
                 where tenant = $1
                   and number > $2
                 order by number
                 limit $3",
                self.tenant(),
                signed(tree.size()),
                limit_of(left.min(LEAVES_MAX)),
            )
            .fetch_all(&self.pool)
            .await
            .map_err(failure)?;
            if leaves.is_empty() {
                return Ok(None);
            }
            for leaf in leaves {
                let Some(leaf) = leaf else { return Ok(None) };
                tree.push(hash_of(leaf, "leaf")?.0);
            }
        }
        Ok(Some(root(&tree)))
    }

    async fn proven(&self, after: u64, limit: usize) -> Result<Vec<ProvenEntry>, Failure> {
        let mut connection = self.pool.acquire().await.map_err(failure)?;
        let entries = feed::read(&mut connection, self.tenant(), after, limit).await?;
        let mut proven = Vec::with_capacity(entries.len());
        for mut entry in entries {
            // One that is numbered and has no leaf is waited for, and so is what follows.
            let Some(leaf) = entry.leaf.take() else { break };
            let canonical = entry.canonical_entry(&canonical_time(entry.at)).canonical();
            proven.push(ProvenEntry { canonical, leaf: hash_of(leaf, "leaf")? });
        }
        Ok(proven)
    }

    async fn keep(&self, head: &TreeHead, note: &str) -> Result<(), Failure> {
        sqlx::query!(
            "insert into checkpoint (tenant, size, root, note)
             values ($1, $2, $3, $4)
             on conflict on constraint checkpoint_unique do nothing",
            self.tenant(),
            signed(head.size),
            &head.root.0[..],
            note,
        )
        .execute(&self.pool)
        .await
        .map_err(failure)?;
        Ok(())
    }
}
