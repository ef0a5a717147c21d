// SPDX-License-Identifier: Apache-2.0
//! Handing documents in: raw or in a form, once or again, too large, broken off, empty.

use std::io;

use axum::body::Body;
use axum::http::StatusCode;
use futures::stream;
use ports::failure::Failure;

use super::asking::{Asking, world};
use crate::sample::Sample;

const FORM: (&str, &str) = ("content-type", "multipart/form-data; boundary=cut");

fn form(field: &str, content: &str) -> String {
    format!(
        "--cut\r\ncontent-disposition: form-data; name=\"note\"\r\n\r\nx\r\n\
         --cut\r\ncontent-disposition: form-data; name=\"{field}\"; filename=\"patient.835\"\r\n\
         content-type: application/octet-stream\r\n\r\n{content}\r\n--cut--\r\n"
    )
}

#[tokio::test]
async fn a_document_is_accepted_once_and_recognised_the_second_time() {
    let (_, api) = world().await;
    let api = api.caller("integration");
    let first = api.post("/v1/documents?source=payer-a", &[], "ISA*00*…~").await;
    assert_eq!(first.status, StatusCode::ACCEPTED, "{}", first.text());
    let receipt = first.json();
    let location = first.header("location").to_owned();
    assert_eq!(location, format!("/v1/documents/{}", receipt["document"].as_str().expect("an id")));
    let shown = api.get_json(&location).await;
    assert_eq!(shown["document"]["source"], "payer-a");
    assert_eq!(shown["document"]["bytes"], receipt["bytes"]);
    let again = api.post("/v1/documents?source=payer-a", &[], "ISA*00*…~").await;
    assert_eq!(again.status, StatusCode::OK);
    assert_eq!(again.json()["duplicate"], true);
    assert_eq!(again.json()["document"], receipt["document"]);
}

#[tokio::test]
async fn the_file_field_of_a_form_is_the_same_document_as_its_bytes() {
    let (_, api) = world().await;
    let api = api.caller("cash-poster");
    let content = "ISA*00*".repeat(20_000);
    let sent = api.post("/v1/documents", &[FORM], &form("file", &content)).await;
    assert_eq!(sent.status, StatusCode::ACCEPTED, "{}", sent.text());
    assert_eq!(sent.json()["bytes"], content.len());
    let raw = api.post("/v1/documents", &[], &content).await;
    assert_eq!(raw.json()["document"], sent.json()["document"]);
    assert_eq!(raw.status, StatusCode::OK, "the form's own bytes do not count");
    let without = api.post("/v1/documents", &[FORM], &form("other", &content)).await;
    assert_eq!(without.problem(), "malformed");
}

#[tokio::test]
async fn nothing_is_kept_of_a_document_beyond_the_limit() {
    let mut sample = Sample::new().await;
    sample.settings.upload_bytes_max = 1_000;
    let api = Asking::of(&sample).caller("integration");
    let large = "x".repeat(1_001);
    let announced = api.post("/v1/documents", &[("content-length", "1001")], &large).await;
    assert_eq!(announced.problem(), "too-large");
    let chunks = (0..3).map(|_| Ok::<_, io::Error>("x".repeat(400)));
    let unannounced = Body::from_stream(stream::iter(chunks));
    let counted = api.send("POST", "/v1/documents", &[], unannounced).await;
    assert_eq!(counted.problem(), "too-large");
    let in_form = api.post("/v1/documents", &[FORM], &form("file", &large)).await;
    assert_eq!(in_form.problem(), "too-large");
    assert_eq!(api.get_json("/v1/documents").await["items"].as_array().map(Vec::len), Some(2));
    let exact = api.post("/v1/documents", &[], &"x".repeat(1_000)).await;
    assert_eq!(exact.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn an_empty_or_broken_document_is_not_acknowledged() {
    let (sample, api) = world().await;
    let api = api.caller("integration");
    assert_eq!(api.post("/v1/documents", &[], "").await.problem(), "empty-document");
    assert_eq!(
        api.post("/v1/documents", &[FORM], &form("file", "")).await.problem(),
        "empty-document"
    );
    let chunks = [Ok("ISA*"), Err(io::Error::other("the line broke"))];
    let broken = Body::from_stream(stream::iter(chunks));
    let answer = api.send("POST", "/v1/documents", &[], broken).await;
    assert_eq!(answer.problem(), "unavailable", "send it again");
    let cut = form("file", "ISA*00*");
    let cut = &cut[..cut.len() - 12];
    assert_eq!(api.post("/v1/documents", &[FORM], cut).await.problem(), "malformed");
    assert_eq!(api.get_json("/v1/documents").await["items"].as_array().map(Vec::len), Some(2));
    drop(sample);
}

#[tokio::test]
async fn a_failure_of_intake_says_to_send_it_again() {
    let (sample, api) = world().await;
    let api = api.caller("integration");
    sample.fail_next(Failure::transient("the database is away"));
    let answer = api.post("/v1/documents", &[], "ISA").await;
    assert_eq!(answer.problem(), "unavailable");
    assert!(!answer.text().contains("database"));
    let key = "k".to_owned();
    sample.fail_next(Failure::OutcomeUnknown { key, message: "lost".to_owned() });
    let answer = api.post("/v1/documents", &[], "ISA").await;
    assert_eq!(answer.problem(), "outcome-unknown");
    assert_eq!(answer.header("retry-after"), "2");
    assert_eq!(api.post("/v1/documents", &[], "ISA").await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_source_is_a_name_and_never_a_path() {
    let (_, api) = world().await;
    let api = api.caller("integration");
    for source in ["..%2Fetc", "Payer", "", "a%20b", "name=x", &"a".repeat(65)] {
        let answer = api.post(&format!("/v1/documents?source={source}"), &[], "ISA").await;
        assert_eq!(answer.problem(), "malformed", "{source}");
    }
}
