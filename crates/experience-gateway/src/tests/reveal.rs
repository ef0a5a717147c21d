// SPDX-License-Identifier: Apache-2.0
//! Who sees what stands behind a token, that it is logged, and that nobody keeps it.

use axum::http::StatusCode;
use ports::feed::Feed;
use serde_json::json;

use super::asking::world;
use crate::sample::{CLEAR, TOKEN};

fn wish(token: &str) -> String {
    json!({ "token": token }).to_string()
}

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

#[tokio::test]
async fn a_privacy_officer_sees_the_value_and_the_log_has_who_saw_it() {
    let (sample, api) = world().await;
    let officer = api.caller("privacy-officer");
    let answer = officer.send("POST", "/v1/reveal", &JSON, wish(TOKEN)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.json(), json!({ "token": TOKEN, "value": CLEAR }));
    sample.number_log().await;
    let logged = sample.book.read(0, 1_000).await.expect("the log");
    let revealed: Vec<_> =
        logged.iter().filter(|entry| entry.entry.kind == "vault.revealed").collect();
    assert_eq!(revealed.len(), 1, "{logged:?}");
    assert_eq!(
        (revealed[0].entry.subject.as_str(), &*revealed[0].entry.by),
        (TOKEN, "privacy-officer")
    );
}

#[tokio::test]
async fn nobody_else_sees_it_and_what_is_no_token_of_ours_is_nothing() {
    let (_, api) = world().await;
    for name in ["controller", "auditor", "cash-poster", "integration", "west-auditor"] {
        let answer = api.caller(name).send("POST", "/v1/reveal", &JSON, wish(TOKEN)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}");
    }
    let officer = api.caller("privacy-officer");
    for token in ["tok_v1_other", "", CLEAR] {
        let answer = officer.send("POST", "/v1/reveal", &JSON, wish(token)).await;
        assert_eq!(answer.problem(), "not-found", "{token}");
    }
}
