// SPDX-License-Identifier: Apache-2.0
//! Who may do what: the table against the router, each caller against each route, and whatever
//! belongs to another entity against a caller who is limited to one.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use ports::identity::Permission;
use serde_json::Value;

use super::asking::{Asking, world};
use crate::access::{Access, RULES};
use crate::sample::{CALLERS, Sample};

/// The operations that the router has, as its own description says them.
fn operations() -> BTreeSet<(String, String)> {
    let document: Value = serde_json::from_str(&crate::openapi()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().expect("an item").keys();
        methods.map(|method| (method.to_uppercase(), path.clone()))
    });
    operations.collect()
}

#[test]
fn the_table_and_the_router_have_the_same_routes() {
    let table: BTreeSet<(String, String)> =
        RULES.iter().map(|rule| (rule.method.to_owned(), rule.path.to_owned())).collect();
    assert_eq!(table, operations());
    assert_eq!(table.len(), RULES.len(), "no route is decided about twice");
    let public: Vec<&str> =
        RULES.iter().filter(|rule| rule.access == Access::Public).map(|rule| rule.path).collect();
    assert_eq!(public, ["/v1/openapi.json"]);
}

fn path_of(template: &str) -> String {
    let id = match template {
        path if path.starts_with("/v1/documents") => Sample::document("east").to_string(),
        path if path.starts_with("/v1/remittances") => Sample::remittance("east").to_string(),
        path if path.starts_with("/v1/events") => Sample::event("east", 1).to_string(),
        path if path.starts_with("/v1/exceptions") => Sample::held().to_string(),
        _ => Sample::remittance("east").to_string(),
    };
    let path = template.replace("{id}", &id).replace("{code}", "DUP");
    let path = path.replace("{key}", Sample::journal().as_str());
    if template == "/v1/search" { format!("{path}?q={id}") } else { path }
}

async fn call(api: &Asking, method: &str, template: &str) -> StatusCode {
    let headers = [
        ("idempotency-key", template),
        ("if-match", "\"9\""),
        ("content-type", "application/json"),
    ];
    let body = match template {
        "/v1/journals/release" => r#"{"entity":"none"}"#,
        "/v1/reveal" => r#"{"token":"tok_v1_samplemember"}"#,
        _ => r#"{"action":"done","reason":"x"}"#,
    };
    let body = if method == "POST" { body } else { "" };
    let answer = api.send(method, &path_of(template), &headers, body.to_owned()).await;
    if answer.status.is_client_error() || answer.status.is_server_error() {
        answer.problem();
    }
    answer.status
}

#[tokio::test]
async fn each_caller_reaches_exactly_the_routes_of_its_permissions() {
    use Permission::{Approve, Read, Reveal, Upload, Work};
    let (_, api) = world().await;
    for name in CALLERS.into_iter().filter(|name| *name != "west-auditor") {
        let granted: &[Permission] = match name {
            "cash-poster" => &[Upload, Read, Work],
            "auditor" => &[Read],
            "integration" => &[Upload, Read],
            "privacy-officer" => &[Read, Reveal],
            _ => &[Read, Work, Approve],
        };
        for rule in RULES {
            let status = call(&api.caller(name), rule.method, rule.path).await;
            let may = match rule.access {
                Access::Public => true,
                Access::Needs(permission) => granted.contains(&permission),
            };
            let place = format!("{name} {} {}", rule.method, rule.path);
            assert_eq!(status == StatusCode::FORBIDDEN, !may, "{place}: {status}");
            // A decision about version 9 gets as far as the version check, and the release of a
            // journal that is not held as far as its state.
            let refused_later = [StatusCode::PRECONDITION_FAILED, StatusCode::CONFLICT];
            let reached = status.is_success() || refused_later.contains(&status);
            assert_eq!(reached, may, "{place}: {status}");
        }
    }
}

#[tokio::test]
async fn nobody_reaches_anything_but_what_is_public() {
    let (_, api) = world().await;
    for caller in [api.nobody(), api.caller("stranger"), api.caller("")] {
        for rule in RULES {
            let status = call(&caller, rule.method, rule.path).await;
            let expected = match rule.access {
                Access::Public => StatusCode::OK,
                Access::Needs(_) => StatusCode::UNAUTHORIZED,
            };
            assert_eq!(status, expected, "{} {}", rule.method, rule.path);
        }
    }
}

#[tokio::test]
async fn a_token_counts_only_in_the_authorization_header() {
    let (_, api) = world().await;
    let api = api.nobody();
    let elsewhere: [(&str, &[(&str, &str)]); 9] = [
        ("/v1/documents?access_token=controller", &[]),
        ("/v1/documents", &[("cookie", "token=controller")]),
        ("/v1/documents", &[("x-authorization", "Bearer controller")]),
        ("/v1/documents", &[("authorization", "controller")]),
        ("/v1/documents", &[("authorization", "Basic controller")]),
        ("/v1/documents", &[("authorization", "Bearer controller x")]),
        ("/v1/documents", &[("authorization", "Bearer  controller")]),
        ("/v1/documents", &[("authorization", "Bearer controller, Bearer auditor")]),
        (
            "/v1/documents",
            &[("authorization", "Bearer auditor"), ("authorization", "Bearer controller")],
        ),
    ];
    for (path, headers) in elsewhere {
        let answer = api.send("GET", path, headers, "").await;
        assert_eq!(answer.problem(), "unauthenticated", "{path} {headers:?}");
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
    }
    let lower = api.send("GET", "/v1/documents", &[("authorization", "bearer controller")], "");
    assert_eq!(lower.await.status, StatusCode::OK, "the scheme's case does not matter");
}

#[tokio::test]
async fn what_belongs_to_another_entity_does_not_exist() {
    let (_, api) = world().await;
    let west = api.caller("west-auditor");
    let (east, own) = ("east", "west");
    for (theirs, ours) in [
        (Sample::document(east).to_string(), Sample::document(own).to_string()),
        (Sample::remittance(east).to_string(), Sample::remittance(own).to_string()),
        (Sample::event(east, 1).to_string(), Sample::event(own, 1).to_string()),
        (Sample::held().to_string(), Sample::follow_up().to_string()),
    ] {
        for folder in ["documents", "remittances", "events", "exceptions", "timeline"] {
            let foreign = west.get(&format!("/v1/{folder}/{theirs}")).await;
            assert_eq!(foreign.problem(), "not-found", "{folder}/{theirs}");
            let known = api.get(&format!("/v1/{folder}/{ours}")).await.status;
            let seen = west.get(&format!("/v1/{folder}/{ours}")).await.status;
            assert_eq!(seen, known, "{folder}/{ours}");
        }
        let found = west.get_json(&format!("/v1/search?q={theirs}")).await;
        assert_eq!(found["items"].as_array().map(Vec::len), Some(0), "{theirs}");
        let found = west.get_json(&format!("/v1/search?q={ours}")).await;
        assert_ne!(found["items"].as_array().map(Vec::len), Some(0), "{ours}");
    }
    let journal = format!("/v1/journals/{}", Sample::journal());
    assert_eq!(west.get(&journal).await.problem(), "not-found");
    for spanning in ["/v1/completeness", "/v1/log", "/v1/exception-codes"] {
        assert_eq!(west.get(spanning).await.problem(), "forbidden", "{spanning}");
    }
    let missing = west.get("/v1/remittances/6f1d2c1e-0000-8000-8000-000000000000").await;
    let foreign = west.get(&format!("/v1/remittances/{}", Sample::remittance(east))).await;
    let without_id = |text: String, id: &str| text.replace(id, "");
    assert_eq!(
        without_id(missing.text(), missing.header("x-request-id")),
        without_id(foreign.text(), foreign.header("x-request-id")),
        "foreign and missing are told alike"
    );
}

#[tokio::test]
async fn who_may_not_call_a_route_is_refused_before_anything_is_read() {
    let (_, api) = world().await;
    let auditor = api.caller("auditor");
    for path in [
        "/v1/documents".to_owned(),
        format!("/v1/exceptions/{}/replay", Sample::held()),
        "/v1/exceptions/not-an-id/resolve".to_owned(),
        "/v1/exceptions/not-an-id/approve".to_owned(),
    ] {
        let answer = auditor.post(&path, &[], "").await;
        assert_eq!(answer.problem(), "forbidden", "{path}");
        assert!(answer.header("www-authenticate").contains("insufficient_scope"));
    }
}
