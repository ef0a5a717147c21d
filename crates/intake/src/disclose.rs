// SPDX-License-Identifier: Apache-2.0
//! Disclosing one segment of a stored document with the proof that it is in it. Its bytes are read
//! once more; nobody sees the others.

use model::id::DocumentId;
use ports::failure::Failure;
use ports::raw::RawStore;
use ports::source::SourceAdapter;
use proof::segments::{Disclosing, Disclosure};

/// Segment `index` (from 0) of a document; `None` where there is no such document or segment, or where
/// it was accepted before segments were kept.
pub async fn disclose(
    raw: &dyn RawStore,
    adapter: &dyn SourceAdapter,
    document: DocumentId,
    index: u64,
) -> Result<Option<Disclosure>, Failure> {
    let Some(segmented) = raw.segmented(document).await? else { return Ok(None) };
    let disclosing = Disclosing::of(&segmented.secret, index, segmented.segments);
    let Some(mut disclosing) = disclosing else { return Ok(None) };
    let mut control = adapter.control_pass();
    let mut ends = Vec::new();
    let mut ordinal = 0;
    while let Some(chunk) = raw.chunk(document, ordinal).await? {
        ordinal += 1;
        ends.clear();
        control.push(&chunk, &mut ends);
        disclosing.push(&chunk, &ends).map_err(|error| Failure::defect(error.to_string()))?;
    }
    let disclosure = disclosing.finish().map_err(|error| Failure::defect(error.to_string()))?;
    match disclosure {
        Some(disclosure) if disclosure.root == segmented.root.hex() => Ok(Some(disclosure)),
        Some(_) | None => Err(Failure::defect(format!(
            "document {document} is not cut into the segments any more that it was accepted with"
        ))),
    }
}
