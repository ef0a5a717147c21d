// SPDX-License-Identifier: Apache-2.0
//! What spans processes: the completeness equation, search by any id, the timeline of one thing.
//! It owns no data; everything is counted afresh from the tables and from the ERP's own book.

mod completeness;
mod erp_tie;
mod posting_delay;
mod timeline;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use model::code::Code;
use model::id::DocumentId;
use ports::book::Records;
use ports::erp::ErpBook;
use ports::failure::Failure;
use ports::feed::Feed;
use ports::inquiry::{Hit, Inquiry};
use ports::oversight::{Completeness, Moment, Oversight};
use ports::raw::Documents;
use ports::reference::ReferenceData;

pub use posting_delay::PostingDelay;

/// Lists read from a port in one page.
const PAGE_MAX: usize = 1_000;
/// Gaps named in one answer; a real fault shows in the first few.
const GAPS_MAX: usize = 100;

/// Reads intake, one process and the ERPs behind it.
pub struct OversightProcess {
    pub documents: Arc<dyn Documents>,
    pub intake_feed: Arc<dyn Feed>,
    /// Name of the process, as shown in a timeline.
    pub process: Code,
    pub records: Arc<dyn Records>,
    pub inquiry: Arc<dyn Inquiry>,
    pub feed: Arc<dyn Feed>,
    pub reference: Arc<dyn ReferenceData>,
    pub books: BTreeMap<Code, Arc<dyn ErpBook>>,
}

#[async_trait]
impl Oversight for OversightProcess {
    async fn completeness(&self) -> Result<Completeness, Failure> {
        let mut tie = completeness::count(self, None).await?;
        let posted = erp_tie::compare(self, &mut tie).await?;
        let at = self.records.now().await?;
        Ok(tie.finish(Some(posted), at))
    }

    async fn completeness_of(&self, document: DocumentId) -> Result<Option<Completeness>, Failure> {
        if self.documents.document(document).await?.is_none() {
            return Ok(None);
        }
        let tie = completeness::count(self, Some(document)).await?;
        let at = self.records.now().await?;
        Ok(Some(tie.finish(None, at)))
    }

    async fn search(&self, text: &str) -> Result<Vec<Hit>, Failure> {
        self.inquiry.search(text.trim(), 50).await
    }

    async fn timeline(&self, id: &str) -> Result<Vec<Moment>, Failure> {
        timeline::of(self, id).await
    }
}

#[cfg(test)]
mod tests;
