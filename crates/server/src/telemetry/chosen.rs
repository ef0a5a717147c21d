// SPDX-License-Identifier: Apache-2.0
//! Ids of traces and spans: those of a transaction where one begins, random ones elsewhere.

use opentelemetry::Context;
use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};
use workflow::trace::ChosenIds;

#[derive(Debug, Default)]
pub struct ChosenOrRandom(RandomIdGenerator);

fn chosen() -> Option<ChosenIds> {
    Context::map_current(|context| context.get::<ChosenIds>().copied())
}

impl IdGenerator for ChosenOrRandom {
    fn new_trace_id(&self) -> TraceId {
        chosen().map_or_else(|| self.0.new_trace_id(), |ids| ids.trace)
    }

    fn new_span_id(&self) -> SpanId {
        chosen().map_or_else(|| self.0.new_span_id(), |ids| ids.span)
    }
}
