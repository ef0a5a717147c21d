// SPDX-License-Identifier: Apache-2.0
//! Named places at which a test ends the process: `REVBRIDGE_CRASH_AT=name[:nth]`.
//! They are there where debug assertions are; in a release they are compiled to nothing.

/// Every place, in the order of an event's way. A name that is not here does not compile into a run.
const POINTS: &[&str] = &[
    "intake.staged",
    "intake.committed",
    "intake.batch.delivered",
    "intake.closed",
    "workflow.lane.leased",
    "workflow.unit.begun",
    "workflow.unit.decided",
    "workflow.apply.before",
    "workflow.apply.after",
    "workflow.unit.finished",
    "workflow.put_back.before",
    "workflow.put_back.after",
    "workflow.park.before",
    "workflow.sequence.before",
    "workflow.sequence.after",
    "workflow.checkpoint.before",
    "workflow.checkpoint.after",
    "posting.window.closing",
    "posting.manifest.written",
    "posting.sending.committed",
    "posting.submit.answered",
    "posting.draft.made",
    "posting.draft.recorded",
    "posting.draft.answered",
    "posting.lookup.answered",
    "posting.resend.before",
    "posting.park.before",
    "posting.sweep.before",
];

/// The names of all places, for a test that visits each of them.
#[doc(hidden)]
pub fn crash_points() -> &'static [&'static str] {
    POINTS
}

/// Marks a place. Use it as `workflow::crash_point!("posting.sending.committed")`.
#[macro_export]
macro_rules! crash_point {
    ($name:literal) => {
        $crate::reached($name)
    };
}

#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn reached(_name: &'static str) {}

/// Ends the process, without any clean-up, when this is the place and the time that was asked for.
#[cfg(debug_assertions)]
pub fn reached(name: &'static str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static ASKED: OnceLock<Option<(String, u64)>> = OnceLock::new();
    static TIMES: AtomicU64 = AtomicU64::new(0);

    assert!(POINTS.contains(&name), "{name} is not in the list of crash points");
    let asked = ASKED.get_or_init(|| {
        let text = std::env::var("REVBRIDGE_CRASH_AT").ok()?;
        let (point, nth) = text.split_once(':').unwrap_or((&text, "1"));
        Some((point.to_owned(), nth.parse().unwrap_or(1)))
    });
    if let Some((point, nth)) = asked
        && point == name
        && TIMES.fetch_add(1, Ordering::SeqCst) + 1 == *nth
    {
        std::process::abort();
    }
}
