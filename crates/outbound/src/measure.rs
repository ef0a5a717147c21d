// SPDX-License-Identifier: Apache-2.0
//! Counts calls and their duration by destination, name and outcome. Nothing of a call's content
//! becomes a label.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram};

use crate::outcome::Outcome;

#[derive(Debug, Clone)]
pub(crate) struct Measure {
    calls: Counter<u64>,
    duration_ms: Histogram<u64>,
    destination: String,
}

impl Measure {
    pub fn new(destination: &str) -> Self {
        let meter = opentelemetry::global::meter("outbound");
        Self {
            calls: meter
                .u64_counter("revbridge.outbound.calls")
                .with_description("Calls to other systems by outcome")
                .build(),
            duration_ms: meter
                .u64_histogram("revbridge.outbound.duration")
                .with_unit("ms")
                .with_description("Time from the call to its outcome, waiting included")
                .build(),
            destination: destination.to_owned(),
        }
    }

    pub fn destination(&self) -> &str {
        &self.destination
    }

    pub fn record(&self, name: &'static str, outcome: &Outcome, took: Duration) {
        let labels = [
            KeyValue::new("destination", self.destination.clone()),
            KeyValue::new("call", name),
            KeyValue::new("outcome", outcome.label()),
        ];
        let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.calls.add(1, &labels);
        self.duration_ms.record(duration_ms, &labels);
        if let Outcome::Answered(_) = outcome {
            return;
        }
        tracing::warn!(
            destination = %self.destination,
            call = name,
            outcome = outcome.label(),
            duration_ms,
            "a call to another system was not answered"
        );
    }
}
