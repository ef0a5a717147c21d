// SPDX-License-Identifier: Apache-2.0
//! Each limit of a destination: concurrency, rate, sizes, and the circuit breaker.

use std::time::{Duration, Instant};

use opentelemetry::Context;
use opentelemetry::propagation::text_map_propagator::FieldIter;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};

use super::other_side::{Answering, OtherSide, answer, ok};
use super::{client, destination};
use crate::breaker::{Breaker, Health};
use crate::{Call, Client, Limits, NotSent, Outcome};

#[tokio::test]
async fn a_call_that_gets_no_turn_in_time_is_not_sent() {
    let other = OtherSide::start(Answering::Silence).await;
    let mut narrow = destination(other.base.clone());
    narrow.limits.in_flight_max = 1;
    let client = Client::new(&narrow).expect("usable");
    let first = tokio::spawn({
        let client = client.clone();
        async move { client.send(Call::get("slow")).await }
    });
    while other.arrived() == 0 {
        tokio::task::yield_now().await;
    }
    let second = client.send(Call::get("second")).await;
    assert!(matches!(second, Outcome::NotSent(NotSent::NoTurn)), "{second:?}");
    assert!(matches!(first.await, Ok(Outcome::Unknown(_))));
    assert_eq!(other.arrived(), 1);
}

#[tokio::test]
async fn calls_start_no_faster_than_the_rate_allows() {
    let other = OtherSide::start(Answering::With(ok("{}"))).await;
    let mut slow = destination(other.base.clone());
    slow.limits = Limits { per_second_max: 20, wait_ms_max: 5_000, ..slow.limits };
    let client = Client::new(&slow).expect("usable");
    let started = Instant::now();
    for _ in 0..5 {
        assert!(matches!(client.send(Call::get("x")).await, Outcome::Answered(_)));
    }
    assert!(started.elapsed() >= Duration::from_millis(200), "4 gaps of 50 ms");
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_not_sent() {
    let other = OtherSide::start(Answering::With(ok("{}"))).await;
    let call = Call::post("x").body("text/plain", vec![b'x'; 5_000]);
    let outcome = client(other.base.clone()).send(call).await;
    assert!(matches!(outcome, Outcome::NotSent(NotSent::NotAllowed)), "{outcome:?}");
    assert_eq!(other.arrived(), 0);
}

#[tokio::test]
async fn an_open_breaker_sends_nothing() {
    let text = answer("503 Later", "", "");
    let other = OtherSide::start(Answering::With(text)).await;
    let mut fragile = destination(other.base.clone());
    fragile.limits.breaker_failures_max = 3;
    fragile.limits.breaker_open_ms = 60_000;
    let client = Client::new(&fragile).expect("usable");
    for _ in 0..3 {
        assert!(matches!(client.send(Call::get("x")).await, Outcome::Answered(_)));
    }
    let refused = client.send(Call::get("x")).await;
    assert!(matches!(refused, Outcome::NotSent(NotSent::BreakerOpen { .. })), "{refused:?}");
    assert_eq!(other.arrived(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_breaker_lets_one_probe_through_and_closes_when_it_is_served() {
    let breaker = Breaker::new(2, Duration::from_secs(1));
    breaker.report(Health::Ill);
    breaker.report(Health::Well);
    breaker.report(Health::Ill);
    assert_eq!(breaker.admit(), Ok(()), "failures count only in a row");
    breaker.report(Health::Ill);
    assert_eq!(breaker.admit(), Err(Duration::from_secs(1)));
    tokio::time::advance(Duration::from_millis(1_001)).await;
    assert_eq!(breaker.admit(), Ok(()), "the probe");
    assert!(breaker.admit().is_err(), "no second one beside it");
    breaker.report(Health::Ill);
    assert!(breaker.admit().is_err(), "the probe failed");
    tokio::time::advance(Duration::from_millis(1_001)).await;
    assert_eq!(breaker.admit(), Ok(()));
    breaker.report(Health::Well);
    assert_eq!(breaker.admit(), Ok(()));
    assert_eq!(breaker.admit(), Ok(()), "closed again");
}

/// Stands for whatever propagator the process has configured.
#[derive(Debug)]
struct Fixed;

const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

impl TextMapPropagator for Fixed {
    fn inject_context(&self, _: &Context, injector: &mut dyn Injector) {
        injector.set("traceparent", TRACEPARENT.to_owned());
    }

    fn extract_with_context(&self, context: &Context, _: &dyn Extractor) -> Context {
        context.clone()
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(&[])
    }
}

#[tokio::test]
async fn the_current_trace_travels_along() {
    opentelemetry::global::set_text_map_propagator(Fixed);
    let other = OtherSide::start(Answering::With(ok("{}"))).await;
    client(other.base.clone()).send(Call::get("x")).await;
    assert!(other.last().contains(&format!("traceparent: {TRACEPARENT}")), "{}", other.last());
}
