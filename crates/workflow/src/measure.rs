// SPDX-License-Identifier: Apache-2.0
//! How long the runs of each step take and how they end. Labels are lanes, steps and outcomes, of which
//! there are a few dozen, and never an id.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::Histogram;

pub(crate) struct Measure {
    duration_ms: Histogram<u64>,
}

impl Measure {
    pub fn new() -> Self {
        let duration_ms = opentelemetry::global::meter("workflow")
            .u64_histogram("revbridge.step.duration")
            .with_unit("ms")
            .with_description("Time of one run of a step, by lane, step and outcome")
            .build();
        Self { duration_ms }
    }

    /// Answers with the duration as it was recorded.
    pub fn ran(&self, lane: &str, step: &str, outcome: &'static str, took: Duration) -> u64 {
        let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let labels = [
            KeyValue::new("lane", lane.to_owned()),
            KeyValue::new("step", step.to_owned()),
            KeyValue::new("outcome", outcome),
        ];
        self.duration_ms.record(duration_ms, &labels);
        duration_ms
    }
}
