// SPDX-License-Identifier: Apache-2.0
//! The API of a running server, as a program, a person and a stranger meet it.

use serde_json::Value;
use tests::hospital;
use tests::processes::Layout;
use tests::site::{Plan, Site};

/// Ids of the hits of a kind.
fn found(site: &Site, sought: &str, kind: &str) -> Vec<String> {
    let hits = site.get(&format!("/v1/search?q={sought}")).expect("the search answers");
    let hits = hits["items"].as_array().or_else(|| hits.as_array()).expect("a list").clone();
    let own = hits.iter().filter(|hit| hit["kind"] == kind);
    own.filter_map(|hit| Some(hit["id"].as_str()?.to_owned())).collect()
}

#[test]
fn the_api_takes_follows_and_explains_a_remittance() {
    takes_follows_and_explains(Layout::Embedded);
}

#[test]
fn roles_apart_take_follow_and_explain_a_remittance() {
    takes_follows_and_explains(Layout::Split);
}

fn takes_follows_and_explains(layout: Layout) {
    let plan = Plan::new("native-key").in_layout(layout);
    let mut site = Site::start(plan).expect("the site starts");
    let sound = hospital::remittance(1, 2);
    strangers_get_nothing(&site);
    documents_are_taken_once(&site, &sound.bytes);
    let completeness = site.settled().expect("it settles");
    assert_eq!(completeness["ties"], true, "{completeness}");
    a_trace_leads_to_the_erp_number(&site, &sound.trace);
    pages_answer(&site);
    an_exception_is_replayed_once(&mut site);
}

fn strangers_get_nothing(site: &Site) {
    for (path, token) in [
        ("/v1/completeness", None),
        ("/v1/documents", None),
        ("/v1/documents", Some("not.a.token")),
        ("/v1/exceptions", None),
    ] {
        let answer = site.ask(path, token).expect("an answer");
        assert_eq!(answer.status, 401, "{path}: {answer:?}");
        assert!(answer.media_type.starts_with("application/problem+json"), "{answer:?}");
        assert_eq!(answer.json().expect("a problem")["status"], 401);
    }
}

fn documents_are_taken_once(site: &Site, bytes: &[u8]) {
    let first = site.upload(bytes).expect("an answer");
    assert_eq!(first.status, 202, "{first:?}");
    let again = site.upload(bytes).expect("an answer");
    assert_eq!(again.status, 200, "{again:?}");
    let (first, again) = (first.json().expect("a receipt"), again.json().expect("a receipt"));
    assert_eq!((&first["duplicate"], &again["duplicate"]), (&false.into(), &true.into()));
    assert_eq!(first["document"], again["document"]);
    assert_eq!(first["totals"]["claims"], 2);
}

fn a_trace_leads_to_the_erp_number(site: &Site, trace: &str) {
    let remittances = found(site, trace, "remittance");
    assert_eq!(remittances.len(), 1, "the trace finds its remittance");
    let detail = site.get(&format!("/v1/remittances/{}", remittances[0])).expect("the remittance");
    assert_eq!(detail["remittance"]["trace"], trace);
    let event = detail["events"].as_array().expect("events").iter();
    let event = event.clone().find(|event| event["kind"] == "claim").expect("a claim");
    assert_eq!(event["state"], "posted", "{event}");
    let id = event["id"].as_str().expect("an id");
    let timeline = site.get(&format!("/v1/timeline/{id}")).expect("the timeline");
    let moments = timeline["items"].as_array().or_else(|| timeline.as_array()).expect("a list");
    let place = |kind: &str| moments.iter().position(|moment| moment["kind"] == kind);
    let received = place("document.received").expect("it begins with the document");
    let confirmed = place("journal.confirmed").expect("it reaches the ERP");
    assert!(received < confirmed, "{moments:?}");
    let erp = simulator::erp::book::read(&site.book()).expect("the book is readable");
    let number = erp.posted[0].number.expect("posted documents are numbered");
    let text = moments[confirmed]["text"].as_str().expect("a text");
    assert!(text.ends_with(&format!("{number:08}")), "{text} names the ERP's number {number}");
    assert_eq!(found(site, text.rsplit(' ').next().expect("a word"), "journal").len(), 1);
}

fn pages_answer(site: &Site) {
    let page = site.ask("/v1/openapi.json", None).expect("an answer");
    let described = page.json().expect("a description");
    assert!(described["paths"]["/v1/documents"]["post"].is_object(), "uploads are described");
    for path in ["/docs/", "/sign-in"] {
        let page = site.ask(path, None).expect("an answer");
        assert_eq!(page.status, 200, "{path}: {page:?}");
        assert!(page.media_type.starts_with("text/html"), "{path}: {page:?}");
    }
    let page = site.ask("/sign-in", None).expect("an answer");
    assert!(page.body.contains("<form"), "the page asks who you are: {}", page.body);
}

/// Nothing is known better than before, so a new item follows the old one.
fn an_exception_is_replayed_once(site: &mut Site) {
    let held = crate::held::unknown_facility(2, 1);
    assert_eq!(site.upload(&held.bytes).expect("an answer").status, 202);
    site.settled().expect("it settles");
    let item = site.exception("MDM-FACILITY").expect("one exception");
    let id = item["id"].as_str().expect("an id");
    let version = item["version"].as_u64().expect("a version");
    let stale = site.decide(id, &format!("\"{}\"", version + 7), "stale").expect("an answer");
    assert_eq!(stale.status, 412, "{stale:?}");
    let current = format!("\"{version}\"");
    let taken = site.decide(id, &current, "once").expect("an answer");
    assert!((200..300).contains(&taken.status), "{taken:?}");
    let again = site.decide(id, &current, "once").expect("an answer");
    assert_eq!((again.status, &again.body), (taken.status, &taken.body), "the same key again");
    let completeness = site.settled().expect("it settles");
    assert_eq!(completeness["ties"], true, "{completeness}");
    let mut own = site.exceptions().expect("exceptions");
    own.retain(|item| item["code"] == "MDM-FACILITY");
    let follower = own.iter().find(|item| item["parent"] == id).expect("a new item follows it");
    assert_eq!(follower["state"], "open");
    let old = own.iter().find(|item| item["id"] == id).map(|item| &item["state"]);
    assert_eq!(old, Some(&Value::from("replayed")));
    assert_eq!(own.len(), 2, "{own:?}");
}
