// SPDX-License-Identifier: Apache-2.0
//! What posting counts for an operator.

use opentelemetry::metrics::{Counter, Histogram};

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
        let counter = |name: &'static str| meter.u64_counter(name).build();
        Self {
            posted: counter("revbridge.posting.journals.posted"),
            in_doubt: counter("revbridge.posting.calls.in_doubt"),
            rejected: counter("revbridge.posting.journals.rejected"),
            parked: counter("revbridge.posting.journals.parked"),
            answered_ms: meter
                .u64_histogram("revbridge.posting.journals.answered")
                .with_unit("ms")
                .build(),
        }
    }
}
