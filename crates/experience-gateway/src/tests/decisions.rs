// SPDX-License-Identifier: Apache-2.0
//! Decisions: once per version, with a key that repeats the answer, and two people where two are
//! needed.

use axum::http::StatusCode;
use ports::failure::Failure;
use serde_json::json;

use super::asking::{Answer, Asking, world};
use crate::sample::Sample;

async fn decide(api: &Asking, verb: &str, key: &str, version: &str, body: &str) -> Answer {
    let path = format!("/v1/exceptions/{}/{verb}", Sample::held());
    let headers =
        [("idempotency-key", key), ("if-match", version), ("content-type", "application/json")];
    api.post(&path, &headers, body).await
}

const EXCLUDE: &str = r#"{"action":"exclude","reason":"paid-twice"}"#;

#[tokio::test]
async fn a_replay_changes_the_item_and_its_version() {
    let (_, api) = world().await;
    let answer = decide(&api, "replay", "k1", "\"0\"", "").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.json()["state"], "replayed");
    assert_eq!(answer.json()["by"], "controller");
    assert_eq!(answer.header("etag"), "\"1\"");
}

#[tokio::test]
async fn the_same_key_repeats_the_answer_and_never_stands_for_another_request() {
    let (_, api) = world().await;
    let first = decide(&api, "resolve", "k1", "\"0\"", EXCLUDE).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text());
    assert_eq!(first.header("idempotency-replayed"), "");
    let again = decide(&api, "resolve", "k1", "\"0\"", EXCLUDE).await;
    assert_eq!(again.json(), first.json());
    assert_eq!(again.header("idempotency-replayed"), "true");
    let other = r#"{"action":"exclude","reason":"another"}"#;
    let reused = decide(&api, "resolve", "k1", "\"0\"", other).await;
    assert_eq!(reused.problem(), "idempotency-key-reused");
    let other_version = decide(&api, "resolve", "k1", "\"1\"", EXCLUDE).await;
    assert_eq!(other_version.problem(), "idempotency-key-reused");
    let elsewhere = decide(&api.caller("cash-poster"), "resolve", "k1", "\"0\"", EXCLUDE).await;
    assert_eq!(elsewhere.problem(), "stale", "another person's key is another key");
}

#[tokio::test]
async fn an_exclusion_needs_a_second_person() {
    let (_, api) = world().await;
    let proposed = decide(&api, "resolve", "k1", "\"0\"", EXCLUDE).await;
    assert_eq!(proposed.json()["state"], "proposed");
    assert_eq!(proposed.json()["because"], "paid-twice");
    let same = decide(&api, "approve", "k2", "\"1\"", "").await;
    assert_eq!(same.problem(), "decision-refused");
    let item = api.get_json(&format!("/v1/exceptions/{}", Sample::held())).await;
    assert_eq!(item["actions"], json!(["withdraw"]), "its proposer is not offered to agree");
    let second = api.caller("second-controller");
    let agreed = decide(&second, "approve", "k2", "\"1\"", "").await;
    assert_eq!(agreed.json()["state"], "resolved");
    assert_eq!(agreed.json()["by"], "second-controller");
}

#[tokio::test]
async fn a_proposal_can_be_taken_back() {
    let (_, api) = world().await;
    decide(&api, "resolve", "k1", "\"0\"", EXCLUDE).await;
    let back = decide(&api, "withdraw", "k2", "\"1\"", "").await;
    assert_eq!(back.json()["state"], "open");
}

#[tokio::test]
async fn follow_up_work_is_closed_with_a_reason() {
    let (_, api) = world().await;
    let path = format!("/v1/exceptions/{}/resolve", Sample::follow_up());
    let headers =
        [("idempotency-key", "k"), ("if-match", "\"0\""), ("content-type", "application/json")];
    let done = api.post(&path, &headers, r#"{"action":"done","reason":"duplicate"}"#).await;
    assert_eq!(done.json()["state"], "resolved", "{}", done.text());
}

#[tokio::test]
async fn a_decision_without_version_or_key_is_not_made() {
    let (_, api) = world().await;
    let path = format!("/v1/exceptions/{}/replay", Sample::held());
    let without_version = api.post(&path, &[("idempotency-key", "k")], "").await;
    assert_eq!(without_version.problem(), "precondition-required");
    assert_eq!(without_version.status, StatusCode::PRECONDITION_REQUIRED);
    let without_key = api.post(&path, &[("if-match", "\"0\"")], "").await;
    assert_eq!(without_key.problem(), "idempotency-key-missing");
    for version in ["0", "*", "W/\"0\"", "\"0\", \"1\"", "\"x\"", "\"-1\"", "\"4294967296\""] {
        let answer = decide(&api, "replay", "k", version, "").await;
        assert_eq!(answer.problem(), "malformed", "{version}");
    }
    for key in ["", "a b", "ü", &"k".repeat(129)] {
        let answer = decide(&api, "replay", key, "\"0\"", "").await;
        assert_eq!(answer.problem(), "malformed", "{key}");
    }
    let item = api.get_json(&format!("/v1/exceptions/{}", Sample::held())).await;
    assert_eq!(item["exception"]["version"], 0, "nothing was decided");
}

#[tokio::test]
async fn a_stale_version_is_told_the_current_one() {
    let (_, api) = world().await;
    decide(&api, "resolve", "k1", "\"0\"", EXCLUDE).await;
    let stale = decide(&api, "withdraw", "k2", "\"0\"", "").await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(stale.problem(), "stale");
    assert_eq!(stale.json()["version"], 1);
}

#[tokio::test]
async fn a_failed_decision_may_be_sent_again_under_its_key() {
    let (sample, api) = world().await;
    sample.fail_next(Failure::transient("away"));
    assert_eq!(decide(&api, "replay", "k1", "\"0\"", "").await.problem(), "unavailable");
    let again = decide(&api, "replay", "k1", "\"0\"", "").await;
    assert_eq!(again.status, StatusCode::OK, "the failure was not kept as the answer");
}

#[tokio::test]
async fn a_body_with_anything_unknown_in_it_is_refused() {
    let (_, api) = world().await;
    for body in [
        "",
        "{}",
        "[]",
        "null",
        r#"{"action":"approve"}"#,
        r#"{"action":"exclude"}"#,
        r#"{"action":"exclude","reason":"a","amount":"1.00"}"#,
        r#"{"action":"exclude","reason":"Free text about Mr. Canary"}"#,
        r#"{"action":"exclude","reason":""}"#,
        r#"{"action":"exclude","reason":7}"#,
    ] {
        let answer = decide(&api, "resolve", "k", "\"0\"", body).await;
        assert_eq!(answer.problem(), "malformed", "{body}");
        assert!(!answer.text().contains("Canary"));
    }
    let path = format!("/v1/exceptions/{}/resolve", Sample::held());
    let headers = [("idempotency-key", "k"), ("if-match", "\"0\""), ("content-type", "text/plain")];
    assert_eq!(api.post(&path, &headers, EXCLUDE).await.problem(), "media-type");
}

#[tokio::test]
async fn the_memory_of_answers_is_bounded() {
    let mut sample = Sample::new().await;
    sample.settings.answers_max = 2;
    let api = Asking::of(&sample);
    decide(&api, "replay", "k1", "\"0\"", "").await;
    for key in ["k2", "k3"] {
        assert_eq!(decide(&api, "replay", key, "\"0\"", "").await.problem(), "stale");
    }
    let forgotten = decide(&api, "replay", "k1", "\"0\"", "").await;
    assert_eq!(forgotten.problem(), "stale", "forgotten, and still without a second effect");
}
