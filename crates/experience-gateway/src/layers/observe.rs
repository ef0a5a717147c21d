// SPDX-License-Identifier: Apache-2.0
//! One span, one count and one duration per request, labelled by route and never by address: an
//! address holds ids.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::HeaderMap;
use axum::response::Response;
use opentelemetry::context::FutureExt;
use opentelemetry::metrics::{Counter, Histogram, UpDownCounter};
use opentelemetry::propagation::Extractor;
use opentelemetry::{KeyValue, global};
use tracing::Instrument;

use super::identify::RequestId;
use crate::routes::Api;

pub(crate) struct Measure {
    requests: Counter<u64>,
    duration_ms: Histogram<u64>,
    in_flight: UpDownCounter<i64>,
}

impl Measure {
    pub fn new() -> Self {
        let meter = global::meter("experience-gateway");
        Self {
            requests: meter
                .u64_counter("revbridge.gateway.requests")
                .with_description("Requests by route and status")
                .build(),
            duration_ms: meter
                .u64_histogram("revbridge.gateway.duration")
                .with_unit("ms")
                .with_description("Time until the answer's headers")
                .build(),
            in_flight: meter.i64_up_down_counter("revbridge.gateway.in_flight").build(),
        }
    }
}

/// Counts down even when the caller goes away in the middle.
struct InFlight<'a>(&'a Measure);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.add(-1, &[]);
    }
}

struct Carrier<'a>(&'a HeaderMap);

impl Extractor for Carrier<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(|name| name.as_str()).collect()
    }
}

pub(crate) async fn request(
    api: &Api,
    request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("none", MatchedPath::as_str).to_owned();
    let id = request.extensions().get::<RequestId>().map_or("", |id| &id.0);
    let parent = global::get_text_map_propagator(|propagator| {
        propagator.extract(&Carrier(request.headers()))
    });
    let span = {
        // The span takes its parent from the context that is current when it is made.
        let _current = parent.clone().attach();
        tracing::info_span!(
            "request",
            otel.kind = "server",
            http.request.method = %method,
            http.route = %route,
            request.id = %id,
            http.response.status_code = tracing::field::Empty,
        )
    };
    api.measure.in_flight.add(1, &[]);
    let in_flight = InFlight(&api.measure);
    let response = next(request).instrument(span.clone()).with_context(parent).await;
    drop(in_flight);
    let status = response.status().as_u16();
    span.record("http.response.status_code", status);
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let labels = [
        KeyValue::new("http.request.method", method.to_string()),
        KeyValue::new("http.route", route),
        KeyValue::new("http.response.status_code", i64::from(status)),
    ];
    api.measure.requests.add(1, &labels);
    api.measure.duration_ms.record(duration_ms, &labels);
    span.in_scope(|| tracing::debug!(status, duration_ms, "answered"));
    response
}
