// SPDX-License-Identifier: Apache-2.0
//! One trace per business transaction, across queues, restarts and processes. A unit carries the W3C
//! `traceparent` under which it was put; the runner goes on from there.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use model::transaction::Transaction;
use opentelemetry::propagation::{Extractor, Injector};
use opentelemetry::trace::{
    Link, Span as _, SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer,
};
use opentelemetry::{Context, KeyValue, global};
use ports::book::Unit;
use serde_json::Value;

/// Whether this process hands its spans on to anybody.
static ON: AtomicBool = AtomicBool::new(false);

/// Says, at the start of the process, that somebody takes its spans.
pub fn turn_on() {
    ON.store(true, Ordering::Relaxed);
}

/// The reserved key in a unit's body.
const TRACEPARENT: &str = "traceparent";

/// So many transactions are linked to another at most: a journal may gather thousands of documents.
pub const LINKS_MAX: usize = 128;

/// What the body of a unit is about, and the name that its spans and log lines give it.
const ABOUT: [(&str, &str); 3] = [
    ("document", "revbridge.document"),
    ("remittance", "revbridge.remittance"),
    ("key", "revbridge.journal"),
];

/// While it is in the current context, the next root span has these ids instead of random ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChosenIds {
    pub trace: TraceId,
    pub span: SpanId,
}

/// The root span of a transaction as others refer to it, whether or not it has been seen here.
pub fn root_of(transaction: Transaction) -> SpanContext {
    let trace = TraceId::from(transaction.trace());
    let span = SpanId::from(transaction.root_span());
    SpanContext::new(trace, span, TraceFlags::SAMPLED, true, TraceState::default())
}

/// Whether anybody is told of what is traced: what only a trace needs is not asked for otherwise. Spans
/// have ids in any case, for the lines of the log.
pub fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// A span that has happened: what it is called, since when, what belongs to it.
pub struct Happened {
    pub name: &'static str,
    pub since: SystemTime,
    pub attributes: Vec<KeyValue>,
    pub links: Vec<SpanContext>,
}

impl Happened {
    pub fn now(name: &'static str) -> Self {
        let since = SystemTime::now();
        Self { name, since, attributes: Vec::new(), links: Vec::new() }
    }

    /// Begins a transaction: its root span, from `since` until now.
    pub fn as_root(self, transaction: Transaction) {
        let root = root_of(transaction);
        let chosen = ChosenIds { trace: root.trace_id(), span: root.span_id() };
        let _chosen = Context::new().with_value(chosen).attach();
        self.record(&Context::new());
    }

    /// Adds a span to a transaction, below its root.
    pub fn within(self, transaction: Transaction) {
        self.record(&Context::new().with_remote_span_context(root_of(transaction)));
    }

    fn record(self, parent: &Context) {
        if !is_on() {
            return;
        }
        let tracer = global::tracer("revbridge");
        let links = self.links.into_iter().filter(SpanContext::is_valid).take(LINKS_MAX);
        let builder = tracer
            .span_builder(self.name)
            .with_start_time(self.since)
            .with_attributes(self.attributes)
            .with_links(links.map(Link::with_context).collect());
        tracer.build_with_context(builder, parent).end();
    }
}

struct Carrier(HashMap<String, String>);

impl Injector for Carrier {
    fn set(&mut self, key: &str, value: String) {
        self.0.insert(key.to_owned(), value);
    }
}

impl Extractor for Carrier {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }
}

/// Gives the unit the current trace, unless it has one.
pub fn carry(unit: &mut Unit) {
    carry_from(unit, &Context::current());
}

/// Makes the unit a part of a transaction, whatever is current.
pub fn carry_in(unit: &mut Unit, transaction: Transaction) {
    carry_from(unit, &Context::new().with_remote_span_context(root_of(transaction)));
}

fn carry_from(unit: &mut Unit, context: &Context) {
    let Value::Object(body) = &mut unit.body else { return };
    if body.contains_key(TRACEPARENT) {
        return;
    }
    let mut carrier = Carrier(HashMap::new());
    global::get_text_map_propagator(|propagator| propagator.inject_context(context, &mut carrier));
    if let Some(parent) = carrier.0.remove(TRACEPARENT) {
        body.insert(TRACEPARENT.to_owned(), Value::String(parent));
    }
}

/// Gives a put of a step the trace of the unit that the step ran for: siblings, not an ever longer chain.
pub(crate) fn pass_on(from: &Unit, to: &mut Unit) {
    if let (Some(parent), Value::Object(body)) = (from.body.get(TRACEPARENT), &mut to.body) {
        body.entry(TRACEPARENT).or_insert_with(|| parent.clone());
    }
}

/// The span of one run of a unit, in the trace that the unit carries.
pub(crate) fn span_of(unit: &Unit) -> tracing::Span {
    let parent = unit.body.get(TRACEPARENT).and_then(Value::as_str).unwrap_or_default();
    let carrier = Carrier(HashMap::from([(TRACEPARENT.to_owned(), parent.to_owned())]));
    let parent = global::get_text_map_propagator(|propagator| {
        propagator.extract_with_context(&Context::new(), &carrier)
    });
    // The span takes its parent from the context that is current when it is made.
    let _current = parent.attach();
    let span = tracing::info_span!(
        "step",
        otel.name = %unit.kind,
        otel.kind = "consumer",
        lane = %unit.lane,
        unit.id = %unit.id,
        unit.attempts = unit.attempts,
        revbridge.document = tracing::field::Empty,
        revbridge.remittance = tracing::field::Empty,
        revbridge.journal = tracing::field::Empty,
        outcome = tracing::field::Empty,
    );
    for (key, name) in ABOUT {
        if let Some(id) = unit.body.get(key).and_then(Value::as_str) {
            span.record(name, id);
        }
    }
    span
}

#[cfg(test)]
mod tests;
