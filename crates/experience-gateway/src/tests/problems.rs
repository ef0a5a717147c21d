// SPDX-License-Identifier: Apache-2.0
//! Every refusal: its type, its status, its headers, and that it tells nothing of our insides.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::StatusCode;
use model::exception::Code;
use ports::failure::Failure;

use super::asking::{Asking, world};
use crate::problem::{Kind, Problem};
use crate::sample::Sample;

#[test]
fn each_problem_type_has_its_own_name_and_an_error_status() {
    let slugs: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.slug()).collect();
    assert_eq!(slugs.len(), Kind::ALL.len());
    for kind in Kind::ALL {
        let status = kind.status();
        assert!(status.is_client_error() || status.is_server_error(), "{kind:?}");
        let body = serde_json::to_value(Problem::new(*kind).body("r1")).expect("JSON");
        assert_eq!(body["type"], format!("urn:revbridge:problem:{}", kind.slug()));
        assert!(body["title"].as_str().is_some_and(|title| !title.is_empty()));
    }
}

#[test]
fn each_failure_of_a_port_has_one_problem() {
    let unknown = Failure::OutcomeUnknown { key: "K".into(), message: "socket".into() };
    let after = Some(Duration::from_millis(2_500));
    for (failure, kind) in [
        (Failure::transient("pool timed out at 10.0.0.1"), Kind::Unavailable),
        (Failure::Transient { after, message: "later".into() }, Kind::Unavailable),
        (unknown, Kind::OutcomeUnknown),
        (Failure::business(Code::PeriodClosed, "November is closed"), Kind::Business),
        (Failure::defect("unwrap on None at src/x.rs:7"), Kind::Internal),
    ] {
        let problem = Problem::from(failure);
        assert_eq!(problem.kind, kind);
        let told = serde_json::to_string(&problem.body("r1")).expect("JSON");
        for inside in ["10.0.0.1", "socket", "unwrap", "src/"] {
            assert!(!told.contains(inside), "{told}");
        }
    }
}

#[tokio::test]
async fn a_business_failure_names_its_code_and_says_why() {
    let (sample, api) = world().await;
    sample.fail_next(Failure::business(Code::PeriodClosed, "November is closed"));
    let answer = api.get("/v1/completeness").await;
    assert_eq!(answer.problem(), "business");
    assert_eq!(answer.json()["code"], "PERIOD-CLOSED");
    assert_eq!(answer.json()["detail"], "November is closed");
}

#[tokio::test]
async fn a_defect_or_a_panic_is_told_without_its_text() {
    let (sample, api) = world().await;
    sample.fail_next(Failure::defect("a secret place"));
    let defect = api.get("/v1/completeness").await;
    assert_eq!(defect.problem(), "internal");
    assert!(!defect.text().contains("secret"));
    sample.panic_next();
    let panicked = api.get("/v1/completeness").await;
    assert_eq!(panicked.problem(), "internal");
    assert!(!panicked.text().contains("secret"));
    assert_eq!(api.get("/v1/completeness").await.status, StatusCode::OK, "and it goes on");
}

#[tokio::test]
async fn what_is_not_there_is_not_found_in_the_same_form_everywhere() {
    let (_, api) = world().await;
    let id = "6f1d2c1e-0000-8000-8000-000000000000";
    for path in [
        "/",
        "/v1",
        "/v1/nothing",
        "/v2/documents",
        "/v1/documents/",
        "/v1/documents/not-an-id",
        "/v1/documents/%00",
        "/v1/documents/..%2f..%2fetc",
        "/v1/exception-codes/NOPE",
        "/v1/journals/RB-none",
        "/v1/timeline/none",
    ] {
        assert_eq!(api.get(path).await.problem(), "not-found", "{path}");
    }
    for folder in ["documents", "remittances", "events", "exceptions", "timeline"] {
        assert_eq!(api.get(&format!("/v1/{folder}/{id}")).await.problem(), "not-found", "{folder}");
    }
}

#[tokio::test]
async fn another_method_is_refused_with_those_that_exist() {
    let (_, api) = world().await;
    for (method, path, allow) in [
        ("DELETE", "/v1/documents", "POST, GET"),
        ("TRACE", "/v1/documents", "POST, GET"),
        ("PUT", "/v1/completeness", "GET"),
        ("POST", "/v1/log", "GET"),
    ] {
        let answer = api.send(method, path, &[], "").await;
        assert_eq!(answer.problem(), "method-not-allowed", "{method} {path}");
        assert_eq!(answer.header("allow"), allow);
    }
    let head = api.send("HEAD", "/v1/documents", &[], "").await;
    assert_eq!(head.status, StatusCode::OK);
}

#[tokio::test]
async fn an_unknown_filter_or_value_is_refused_and_not_ignored() {
    let (_, api) = world().await;
    for path in [
        "/v1/remittances?stat=held",
        "/v1/remittances?state=lost",
        "/v1/remittances?document=x",
        "/v1/exceptions?code=NOPE",
        "/v1/exceptions?state=proposed",
        "/v1/journals?state=open",
        "/v1/documents?state=x",
        "/v1/search",
        "/v1/search?q=",
        "/v1/search?q=%20",
        "/v1/log?after=-1",
        "/v1/log?room=nowhere",
        "/v1/completeness?x=1",
    ] {
        assert_eq!(api.get(path).await.problem(), "malformed", "{path}");
    }
    let long = "x".repeat(129);
    assert_eq!(api.get(&format!("/v1/search?q={long}")).await.problem(), "malformed");
}

#[tokio::test]
async fn a_json_body_beyond_the_limit_is_refused() {
    let (_, api) = world().await;
    let path = format!("/v1/exceptions/{}/resolve", Sample::held());
    let headers =
        [("idempotency-key", "k"), ("if-match", "\"0\""), ("content-type", "application/json")];
    let body = format!(r#"{{"action":"done","reason":"{}"}}"#, "x".repeat(70_000));
    assert_eq!(api.post(&path, &headers, &body).await.problem(), "too-large");
}

#[tokio::test]
async fn a_caller_beyond_its_share_waits_and_others_do_not() {
    let mut sample = Sample::new().await;
    sample.settings.rate_requests_max = 3;
    let api = Asking::of(&sample);
    for left in [2, 1, 0] {
        let answer = api.get("/v1/exception-codes/DUP").await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("ratelimit-policy"), "\"caller\";q=3;w=60");
        assert!(answer.header("ratelimit").starts_with(&format!("\"caller\";r={left};t=")));
    }
    let refused = api.get("/v1/exception-codes/DUP").await;
    assert_eq!(refused.problem(), "rate-limited");
    let wait: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=20).contains(&wait), "a third of the window, not {wait}");
    assert_eq!(api.caller("auditor").get("/v1/exception-codes/DUP").await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_share_comes_back_with_time() {
    let mut settings = Sample::new().await.settings;
    settings.rate_requests_max = 2;
    settings.rate_window_s = 10;
    settings.rate_principals_max = 3;
    let rates = crate::layers::Rates::new(&settings);
    let take = |name: &str| rates.take(&"north".into(), &name.into()).admitted;
    assert_eq!([take("a"), take("a"), take("a")], [true, true, false]);
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!([take("a"), take("a")], [true, false], "one came back in half the window");
    for name in ["b", "c", "d", "e", "f"] {
        assert!(take(name), "{name}: the number of callers remembered is bounded");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_takes_too_long_is_ended() {
    let (sample, api) = world().await;
    let endless =
        axum::body::Body::from_stream(futures::stream::pending::<std::io::Result<String>>());
    let answer = api.caller("integration").send("POST", "/v1/documents", &[], endless).await;
    assert_eq!(answer.problem(), "timed-out");
    drop(sample);
}

#[tokio::test]
async fn more_requests_at_once_than_allowed_are_turned_away() {
    let mut sample = Sample::new().await;
    sample.settings.in_flight_max = 1;
    let api = Asking::of(&sample);
    let uploader = api.caller("integration");
    let held = tokio::spawn(async move {
        let endless = futures::stream::pending::<std::io::Result<String>>();
        let body = axum::body::Body::from_stream(endless);
        uploader.send("POST", "/v1/documents", &[], body).await
    });
    let mut turned_away = api.get("/v1/exception-codes/DUP").await;
    for _ in 0..1_000 {
        if turned_away.status != StatusCode::OK {
            break;
        }
        tokio::task::yield_now().await;
        turned_away = api.get("/v1/exception-codes/DUP").await;
    }
    assert_eq!(turned_away.problem(), "overloaded");
    assert_eq!(turned_away.header("retry-after"), "1");
    held.abort();
    let _ = held.await;
    assert_eq!(api.get("/v1/exception-codes/DUP").await.status, StatusCode::OK);
}
