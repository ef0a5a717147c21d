// SPDX-License-Identifier: Apache-2.0
//! What posting counts for an operator. Each count is there from the start, at zero, so that a rate has
//! something to begin with.

use opentelemetry::metrics::{Counter, Histogram};

/// Upper bounds of the answers' durations: an ERP may take a minute.
const ANSWERED_MS: [u32; 12] =
    [10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000];

#[derive(Clone)]
pub struct Measure {
    pub posted: Counter<u64>,
    pub in_doubt: Counter<u64>,
    pub rejected: Counter<u64>,
    pub parked: Counter<u64>,
    /// From the request written down to the answer known, by the book's clock.
    pub answered_ms: Histogram<u64>,
}

impl Measure {
    pub fn new() -> Self {
        let meter = opentelemetry::global::meter("posting");
        let counter = |name: &'static str, what: &'static str| {
            let counter = meter.u64_counter(name).with_description(what).build();
            counter.add(0, &[]);
            counter
        };
        Self {
            posted: counter("revbridge.posting.journals.posted", "Journals confirmed by an ERP"),
            in_doubt: counter(
                "revbridge.posting.calls.in_doubt",
                "Calls to an ERP whose outcome had to be looked up",
            ),
            rejected: counter("revbridge.posting.journals.rejected", "Journals refused by an ERP"),
            parked: counter("revbridge.posting.journals.parked", "Journals left to a person"),
            answered_ms: meter
                .u64_histogram("revbridge.posting.journals.answered")
                .with_unit("ms")
                .with_description("Time from a journal's request to its known answer")
                .with_boundaries(ANSWERED_MS.map(Into::into).to_vec())
                .build(),
        }
    }
}
