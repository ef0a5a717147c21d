// SPDX-License-Identifier: Apache-2.0
//! The membership of a journal, written down outside of the database before a request can leave: a
//! restored database learns from it what it has posted in the time that it lost.

use ports::checkpoint::{Manifest, Request};
use ports::failure::Failure;

use crate::submit::Way;

/// Whether this book knows of every request that may have left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    All,
    /// One may have left of which it knows nothing: it was restored, or the process ended just then.
    NotAll,
}

impl Way<'_> {
    /// Writes the manifest before the journal becomes `sending`.
    pub(crate) async fn write_manifest(&self) -> Result<Known, Failure> {
        let rows = self.scope.records.member_ids(&self.journal.key).await?;
        let manifest = Manifest::of(&self.journal, rows, self.now().await?);
        let before = self.posting.manifests.put(&manifest).await?;
        workflow::crash_point!("posting.manifest.written");
        Ok(match before {
            Request::None => Known::All,
            Request::MayBeOut | Request::TakenOn => Known::NotAll,
        })
    }

    /// Before the book forgets that a request may have been out: none did anything.
    pub(crate) async fn nothing_is_out(&self) -> Result<(), Failure> {
        self.posting.manifests.mark(&self.journal.key, Request::None).await
    }
}
