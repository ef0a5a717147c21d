// SPDX-License-Identifier: Apache-2.0
//! A unit carries the trace under which it was put, and hands it on.
//! The spans themselves are looked at over the running server, by a collector.

use model::code::Code;
use model::id::{DocumentId, Hash};
use model::transaction::Transaction;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::propagation::text_map_propagator::FieldIter;
use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, global};
use ports::book::Unit;
use serde_json::json;
use time::OffsetDateTime;

use super::{TRACEPARENT, carry_in, pass_on};

/// Writes what the server's propagator writes; what it reads is tried over the running server.
#[derive(Debug)]
struct Writes;

impl TextMapPropagator for Writes {
    fn inject_context(
        &self,
        context: &Context,
        injector: &mut dyn opentelemetry::propagation::Injector,
    ) {
        let span = context.span().span_context().clone();
        let flags = span.trace_flags().to_u8();
        let text = format!("00-{}-{}-{flags:02x}", span.trace_id(), span.span_id());
        injector.set(TRACEPARENT, text);
    }

    fn extract_with_context(
        &self,
        context: &Context,
        _: &dyn opentelemetry::propagation::Extractor,
    ) -> Context {
        context.clone()
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(&[])
    }
}

fn unit(body: serde_json::Value) -> Unit {
    Unit::new("lane", "kind", "id", body, OffsetDateTime::UNIX_EPOCH)
}

#[test]
fn a_unit_is_put_into_the_trace_of_its_document_once_and_hands_it_on() {
    global::set_text_map_propagator(Writes);
    let document = |bytes: &[u8]| DocumentId::of(&Code::new("tenant"), &Hash::of(&[bytes]));
    let (own, other) = (document(b"one"), document(b"two"));
    let mut first = unit(json!({ "document": own }));
    carry_in(&mut first, Transaction::from(own));
    let carried = first.body[TRACEPARENT].as_str().expect("it carries a trace").to_owned();
    let trace = own.to_string().replace('-', "");
    assert!(carried.starts_with(&format!("00-{trace}-")), "{carried} begins with {trace}");
    carry_in(&mut first, Transaction::from(other));
    assert_eq!(first.body[TRACEPARENT], carried, "the trace that it has stays");
    let mut next = unit(json!({ "remittance": "x" }));
    pass_on(&first, &mut next);
    assert_eq!(next.body[TRACEPARENT], carried);
    assert_eq!(next.body["remittance"], "x");
    let mut bare = unit(json!("no object"));
    pass_on(&first, &mut bare);
    assert_eq!(bare.body, json!("no object"), "what has no keys is left alone");
}
