// SPDX-License-Identifier: Apache-2.0
//! How long money waits between its receipt and the ERP's confirmation: the feed of the process is
//! followed, and each posted journal is led back to the documents that it gathers.

use model::journal::JournalKey;
use opentelemetry::metrics::Histogram;
use ports::failure::Failure;
use ports::feed::Numbered;

use crate::OversightProcess;

/// Entries read at once.
const ENTRIES_MAX: usize = 500;

/// One second to one day.
const BOUNDS_MS: [u32; 14] = [
    1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000, 900_000, 1_800_000, 3_600_000,
    14_400_000, 43_200_000, 86_400_000,
];

/// Follows from the moment that it begins; what was posted before is not counted.
pub struct PostingDelay {
    after: u64,
    delay_ms: Histogram<u64>,
}

impl PostingDelay {
    pub async fn begin(process: &OversightProcess) -> Result<Self, Failure> {
        let delay_ms = opentelemetry::global::meter("process-oversight")
            .u64_histogram("revbridge.posting.delay")
            .with_unit("ms")
            .with_description("From a document's receipt to the confirmation of a journal with it")
            .with_boundaries(BOUNDS_MS.map(Into::into).to_vec())
            .build();
        Ok(Self { after: last_number(process).await?, delay_ms })
    }

    /// Records what was posted since the last time: one value per journal and document.
    pub async fn follow(&mut self, process: &OversightProcess) -> Result<(), Failure> {
        loop {
            let page = process.feed.read(self.after, ENTRIES_MAX).await?;
            let Some(last) = page.last() else { return Ok(()) };
            let last = last.number;
            for entry in page.iter().filter(|one| *one.entry.kind == *"journal.posted") {
                self.record(process, entry).await?;
            }
            self.after = last;
        }
    }

    async fn record(&self, process: &OversightProcess, posted: &Numbered) -> Result<(), Failure> {
        let key = JournalKey(posted.entry.subject.clone());
        for id in process.records.documents_of(&key).await? {
            if let Some(document) = process.documents.document(id).await? {
                let waited = (posted.at - document.received_at).whole_milliseconds();
                self.delay_ms.record(u64::try_from(waited).unwrap_or(0), &[]);
            }
        }
        Ok(())
    }
}

/// Numbers run from 1 without gaps, so the last one is found by halving.
async fn last_number(process: &OversightProcess) -> Result<u64, Failure> {
    let mut beyond = 1;
    while !process.feed.read(beyond - 1, 1).await?.is_empty() {
        beyond *= 2;
    }
    let mut known = beyond / 2;
    while known + 1 < beyond {
        let middle = known + (beyond - known) / 2;
        if process.feed.read(middle - 1, 1).await?.is_empty() {
            beyond = middle;
        } else {
            known = middle;
        }
    }
    Ok(known)
}
