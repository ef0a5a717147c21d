// SPDX-License-Identifier: Apache-2.0
//! Named points at which a test may kill the process. Without the feature `crash-points` reaching
//! one costs nothing and does nothing.

/// Every point, in the order of an event's way.
const POINTS: &[&str] = &[
    "intake.staged",
    "intake.committed",
    "intake.batch.delivered",
    "intake.closed",
    "workflow.apply.before",
    "workflow.apply.after",
    "posting.window.closed",
    "posting.sending.committed",
    "posting.erp.answered",
    "posting.draft.made",
    "posting.draft.recorded",
    "posting.draft.posted",
    "sequencer.numbered",
];

/// The names, for a test that visits each.
pub fn crash_points() -> &'static [&'static str] {
    POINTS
}

/// Ends the process here, without any clean-up, if `REVBRIDGE_CRASH_AT=name[:nth]` asks for it.
#[cfg(feature = "crash-points")]
pub fn reach(name: &'static str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    static ASKED: OnceLock<Option<(String, u32)>> = OnceLock::new();
    static SEEN: AtomicU32 = AtomicU32::new(0);
    debug_assert!(POINTS.contains(&name), "{name} is not in the list");
    let asked = ASKED.get_or_init(|| {
        let text = std::env::var("REVBRIDGE_CRASH_AT").ok()?;
        let (point, nth) = text.split_once(':').unwrap_or((&text, "1"));
        Some((point.to_owned(), nth.parse().unwrap_or(1)))
    });
    if let Some((point, nth)) = asked
        && point == name
        && SEEN.fetch_add(1, Ordering::SeqCst) + 1 == *nth
    {
        std::process::abort();
    }
}

#[cfg(not(feature = "crash-points"))]
pub fn reach(_name: &'static str) {}
