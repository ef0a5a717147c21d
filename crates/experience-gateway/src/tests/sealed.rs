// SPDX-License-Identifier: Apache-2.0
//! What holds for every answer: its headers, its name, its description, its documentation page.

use std::path::Path;

use axum::http::StatusCode;
use serde_json::Value;

use super::asking::world;

#[tokio::test]
async fn every_answer_is_kept_out_of_caches_frames_and_guesses() {
    let (_, api) = world().await;
    for path in ["/v1/documents", "/v1/nothing", "/v1/openapi.json", "/v1/log?after=x"] {
        let answer = api.get(path).await;
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
        assert_eq!(answer.header("server"), "", "no version is told");
        assert_eq!(answer.header("access-control-allow-origin"), "", "no other origin reads it");
    }
}

#[tokio::test]
async fn a_request_has_a_name_that_the_caller_may_choose() {
    let (_, api) = world().await;
    let chosen = api.send("GET", "/v1/documents", &[("x-request-id", "Trace_1.a-b")], "").await;
    assert_eq!(chosen.header("x-request-id"), "Trace_1.a-b");
    for unsound in ["", "a b", "<script>", "a\"b", &"x".repeat(65)] {
        let answer = api.send("GET", "/v1/documents", &[("x-request-id", unsound)], "").await;
        let given = answer.header("x-request-id");
        assert!(uuid::Uuid::parse_str(given).is_ok(), "{unsound}: {given}");
    }
}

#[test]
fn the_committed_description_is_the_one_that_the_router_has() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let current = crate::openapi();
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &current).expect("written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == current, "openapi.json is old: run this test with UPDATE_OPENAPI=1");
}

#[tokio::test]
async fn the_description_says_for_each_operation_what_it_needs_and_how_it_fails() {
    let (_, api) = world().await;
    let document = api.nobody().get_json("/v1/openapi.json").await;
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
    let mut ids = std::collections::BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            let place = format!("{method} {path}");
            let id = operation["operationId"].as_str().expect(&place);
            assert!(ids.insert(id.to_owned()), "{place}: the id {id} is there twice");
            assert!(operation["summary"].is_string(), "{place}");
            let description = operation["description"].as_str().expect(&place);
            assert!(description.contains("Needs the scope") || description.contains("Public"));
            let problem = &operation["responses"]["default"]["content"];
            let schema = &problem["application/problem+json"]["schema"]["$ref"];
            assert_eq!(schema, "#/components/schemas/Problem", "{place}");
        }
    }
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    let text = document.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().expect("a name");
        assert!(schemas.contains_key(name), "{name} is referred to and not there");
    }
    let amount = &document["components"]["schemas"]["Amount"]["properties"]["amount"];
    assert_eq!(amount["type"], Value::from("string"), "an amount is never a number");
}

#[tokio::test]
async fn the_documentation_is_served_from_here_and_runs_nothing_inline() {
    let (_, api) = world().await;
    let api = api.nobody();
    let first = api.get("/docs").await;
    assert!(first.status.is_redirection() || first.status == StatusCode::OK, "{}", first.status);
    let page = api.get("/docs/").await;
    assert_eq!(page.status, StatusCode::OK);
    let html = page.text();
    assert!(!html.contains("http://") && !html.contains("https://"), "nothing from elsewhere");
    for script in html.split("<script").skip(1) {
        let tag = script.split('>').next().expect("a tag");
        assert!(tag.contains("src="), "an inline script: {tag}");
    }
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'self'") && !policy.contains("script-src"));
    let initializer = api.get("/docs/swagger-initializer.js").await.text();
    assert!(initializer.contains("/v1/openapi.json"), "{initializer}");
}
