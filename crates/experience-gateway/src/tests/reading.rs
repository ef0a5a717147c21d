// SPDX-License-Identifier: Apache-2.0
//! Every question, as somebody who may ask it: what is shown and how one thing leads to the next.

use serde_json::json;

use super::asking::world;
use crate::sample::Sample;

#[tokio::test]
async fn a_document_shows_its_totals_its_completeness_and_its_remittances() {
    let (_, api) = world().await;
    let id = Sample::document("east");
    let shown = api.get_json(&format!("/v1/documents/{id}")).await;
    assert_eq!(shown["document"]["state"], "delivered");
    let payments = &shown["document"]["totals"]["payments"];
    assert_eq!(*payments, json!({"amount": "600.30", "currency": "USD"}), "exact, as text");
    assert_eq!(shown["completeness"]["ties"], true);
    assert_eq!(shown["remittances"][0]["id"], Sample::remittance("east").to_string());
}

#[tokio::test]
async fn a_remittance_shows_its_events_with_state_and_place_its_rows_and_exceptions() {
    let (_, api) = world().await;
    let id = Sample::remittance("east");
    let shown = api.get_json(&format!("/v1/remittances/{id}")).await;
    assert_eq!(shown["remittance"]["payment"]["amount"], "600.30");
    assert_eq!(shown["findings"][0]["segment"], 31);
    let states: Vec<&str> = shown["events"]
        .as_array()
        .expect("events")
        .iter()
        .map(|event| event["state"].as_str().expect("a state"))
        .collect();
    assert_eq!(states, ["posted", "pending", "quarantined"]);
    assert_eq!(shown["events"][2]["code"], "BAL-L2");
    assert_eq!(shown["events"][0]["segment"], 11);
    assert_eq!(shown["events"][0]["claim"]["patient_control"], "…0042", "masked");
    assert_eq!(shown["rows"][0]["journal"], Sample::journal().to_string());
    assert_eq!(shown["rows"][0]["debit"]["role"], "1090");
    assert!(!shown.to_string().contains("tok_v1_east000001"), "no whole token of a claim");
}

#[tokio::test]
async fn the_events_of_a_remittance_come_in_pages() {
    let (mut sample, _) = world().await;
    sample.settings.events_max = 2;
    let api = super::asking::Asking::of(&sample);
    let path = format!("/v1/remittances/{}", Sample::remittance("east"));
    let first = api.get_json(&path).await;
    assert_eq!(first["events"].as_array().map(Vec::len), Some(2));
    let next = first["events_next"].as_u64().expect("more events");
    let second = api.get_json(&format!("{path}?events_after={next}")).await;
    assert_eq!(second["events"][0]["id"], Sample::event("east", 3).to_string());
    assert_eq!(second.get("events_next"), None, "that was the last");
}

#[tokio::test]
async fn an_event_leads_from_its_bytes_to_the_erp_number() {
    let (_, api) = world().await;
    let id = Sample::event("east", 1);
    let shown = api.get_json(&format!("/v1/events/{id}")).await;
    assert_eq!(shown["event"]["segment"], 11);
    assert_eq!(shown["event"]["offset"], 500);
    assert_eq!(shown["rows"][0]["amount"]["amount"], "100.05");
    assert_eq!(shown["journals"][0]["erp_document"], "GL-2026-0001");
    assert_eq!(shown["timeline"][1]["text"], "posted as GL-2026-0001");
}

#[tokio::test]
async fn a_journal_shows_its_lines_and_its_members() {
    let (_, api) = world().await;
    let key = Sample::journal();
    let shown = api.get_json(&format!("/v1/journals/{key}")).await;
    assert_eq!(shown["journal"]["state"], "posted");
    assert_eq!(shown["journal"]["erp_document"], "GL-2026-0001");
    assert_eq!(shown["lines"][0]["debit"]["amount"], "100.05");
    assert_eq!(shown["lines"][1]["credit"]["amount"], "100.05");
    assert_eq!(shown["members"][0]["event"], Sample::event("east", 1).to_string());
}

#[tokio::test]
async fn an_exception_shows_its_page_its_subject_and_what_may_be_done() {
    let (_, api) = world().await;
    let path = format!("/v1/exceptions/{}", Sample::held());
    let answer = api.get(&path).await;
    assert_eq!(answer.header("etag"), "\"0\"");
    let shown = answer.json();
    let subject = format!("/v1/events/{}", Sample::event("east", 3));
    assert_eq!(shown["exception"]["subject"]["href"], subject);
    assert!(shown["page"].as_str().expect("a page").contains("## What to do"));
    assert_eq!(shown["actions"], json!(["replay", "exclude"]));
    let seen_by_auditor = api.caller("auditor").get_json(&path).await;
    assert_eq!(seen_by_auditor["actions"], json!([]), "an auditor changes nothing");
    let follow_up = api.get_json(&format!("/v1/exceptions/{}", Sample::follow_up())).await;
    assert_eq!(follow_up["actions"], json!(["done"]));
}

#[tokio::test]
async fn codes_are_summed_up_and_each_has_its_page() {
    let (_, api) = world().await;
    let codes = api.get_json("/v1/exception-codes").await;
    let codes = codes["items"].as_array().expect("items");
    assert_eq!(codes.len(), 2);
    assert!(codes.iter().all(|code| code["amount"]["amount"] == "300.15"));
    let page = api.get_json("/v1/exception-codes/DUP").await;
    assert_eq!(page["owner"], "cash-posting");
}

#[tokio::test]
async fn completeness_is_the_equation_with_its_residual() {
    let (_, api) = world().await;
    let shown = api.get_json("/v1/completeness").await;
    assert_eq!(shown["received"]["amount"]["amount"], "1200.60");
    assert_eq!(shown["states"][0]["state"], "pending");
    assert_eq!(shown["residual"]["amount"]["amount"], "0.00");
    assert_eq!(shown["ties"], true);
}

#[tokio::test]
async fn a_search_finds_documents_remittances_journals_and_erp_numbers() {
    let (_, api) = world().await;
    for (sought, kind) in [
        (Sample::document("east").to_string(), "document"),
        (Sample::remittance("east").to_string(), "remittance"),
        ("TRACE-west".to_owned(), "remittance"),
        (Sample::event("east", 2).to_string(), "event"),
        (Sample::journal().to_string(), "journal"),
        ("GL-2026-0001".to_owned(), "journal"),
        (Sample::held().to_string(), "exception"),
    ] {
        let found = api.get_json(&format!("/v1/search?q={sought}")).await;
        let kinds: Vec<&str> = found["items"]
            .as_array()
            .expect("items")
            .iter()
            .filter_map(|hit| hit["kind"].as_str())
            .collect();
        assert!(kinds.contains(&kind), "{sought}: {found}");
    }
    let none = api.get_json("/v1/search?q=nothing-like-it").await;
    assert_eq!(none["items"], json!([]));
}

#[tokio::test]
async fn a_timeline_tells_the_story_of_anything_with_an_id() {
    let (_, api) = world().await;
    for id in [
        Sample::document("east").to_string(),
        Sample::remittance("east").to_string(),
        Sample::event("east", 1).to_string(),
        Sample::journal().to_string(),
        Sample::held().to_string(),
    ] {
        let story = api.get_json(&format!("/v1/timeline/{id}")).await;
        assert_eq!(story["items"][0]["kind"], "document.accepted", "{id}");
    }
}

#[tokio::test]
async fn the_log_is_read_on_by_number() {
    let (_, api) = world().await;
    let first = api.get_json("/v1/log?limit=1").await;
    assert_eq!(first["items"][0]["number"], 1);
    let rest = api.get_json("/v1/log?after=1").await;
    assert_eq!(rest["items"][0]["number"], 2);
    assert!(api.get_json("/v1/log?room=intake").await["items"].is_array());
}

#[tokio::test]
async fn lists_are_narrowed_by_their_filters() {
    let (_, api) = world().await;
    let count = async |path: &str| {
        api.get_json(path).await["items"].as_array().map(Vec::len).expect("items")
    };
    let document = Sample::document("east");
    assert_eq!(count("/v1/remittances").await, 2);
    assert_eq!(count(&format!("/v1/remittances?document={document}")).await, 1);
    assert_eq!(count("/v1/remittances?state=booking").await, 2);
    assert_eq!(count("/v1/remittances?state=held").await, 0);
    assert_eq!(count("/v1/journals?state=posted&entity=E1").await, 1);
    assert_eq!(count("/v1/journals?state=parked").await, 0);
    assert_eq!(count("/v1/exceptions?state=open").await, 2);
    assert_eq!(count("/v1/exceptions?code=DUP").await, 1);
    assert_eq!(count("/v1/exceptions?state=resolved").await, 0);
}
