// SPDX-License-Identifier: Apache-2.0
//! Each fault as a caller sees it, and what the book holds afterwards.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::Mode;
use super::world::{Reply, World, call, journal};

async fn create(world: &World, reference: &str) -> Reply {
    world.call("POST", "/api/journals", &[], &journal(reference).to_string()).await
}

/// Waits for a condition on the book, at most ten seconds.
async fn until_posted(world: &World, count: usize) {
    for _ in 0..1_000 {
        if world.book().posted.len() == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} documents, not {count}", world.book().posted.len());
}

#[tokio::test]
async fn every_fault_does_to_the_caller_and_to_the_book_what_its_name_says() {
    let world = World::new(Mode::Keyless).await;
    // fault, status seen (0: no answer), is it in the book afterwards
    let cases = [
        ("slow:1", 201, true),
        ("too_many_requests:7", 429, false),
        ("fail_before_commit", 503, false),
        ("drop_before_commit", 0, false),
        ("commit_then_500", 500, true),
        ("commit_and_drop", 0, true),
        ("commit_after_timeout:1", 201, true),
        ("commit_after_resend:1", 201, true),
        ("error_inside_200", 200, false),
        ("html_inside_200", 200, true),
        ("html_before_commit", 200, false),
        ("truncated_json", 200, true),
        ("wrong_document_id", 201, true),
        ("closed_period", 422, false),
        ("inactive_dimension", 422, false),
    ];
    let mut posted = 0;
    for (fault, status, committed) in cases {
        world.order_faults(json!({ "next": [fault] })).await;
        let reply = create(&world, fault).await;
        assert_eq!(reply.as_ref().map_or(0, |reply| reply.0), status, "{fault}: {reply:?}");
        posted += usize::from(committed);
        assert_eq!(world.book().posted.len(), posted, "{fault}");
        let name = fault.split(':').next().unwrap_or_default();
        assert_eq!(world.get("/admin/faults").await["fired"][name], 1, "{fault}");
    }
}

#[tokio::test]
async fn bodies_that_lie_cannot_be_taken_for_the_document() {
    let world = World::new(Mode::Keyless).await;
    create(&world, "R0").await;
    let order = ["html_inside_200", "truncated_json", "wrong_document_id", "error_inside_200"];
    world.order_faults(json!({ "next": order })).await;
    for _ in 0..2 {
        let (_, body) = create(&world, "R1").await.expect("an answer");
        assert!(serde_json::from_str::<Value>(&body).is_err(), "{body}");
    }
    let (_, body) = create(&world, "R1").await.expect("an answer");
    let answer: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(answer["reference"], "R0", "another document's name");
    let (_, body) = create(&world, "R1").await.expect("an answer");
    let answer: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(answer["error"]["code"], "LOCKED");
}

#[tokio::test]
async fn a_caller_that_gave_up_finds_its_document_later() {
    let world = World::new(Mode::Keyless).await;
    world.order_faults(json!({ "next": ["commit_after_timeout:300"] })).await;
    let impatient = Duration::from_millis(50);
    let reply = tokio::time::timeout(impatient, create(&world, "R1")).await;
    assert!(reply.is_err() && world.book().posted.is_empty());
    until_posted(&world, 1).await;
}

#[tokio::test]
async fn a_held_request_lands_after_the_one_that_was_sent_again() {
    let world = World::new(Mode::Keyless).await;
    world.order_faults(json!({ "next": ["commit_after_resend:60000"] })).await;
    let address = world.erp.address;
    let mut first = journal("R1");
    first["description"] = json!("first");
    let held = tokio::spawn(async move {
        call(address, "POST", "/api/journals", &[], &first.to_string()).await
    });
    while world.get("/admin/faults").await["fired"]["commit_after_resend"] != 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    create(&world, "R1").await.expect("the second is served at once");
    held.await.expect("no panic").expect("the first is served too");
    let order: Vec<String> =
        world.book().posted.into_iter().map(|document| document.journal.description).collect();
    assert_eq!(order, ["", "first"]);
}

#[tokio::test]
async fn rates_follow_the_seed_and_not_the_order_of_arrival() {
    let mut fired = Vec::new();
    for backwards in [false, true] {
        let world = World::new(Mode::Keyless).await;
        let order = json!({
            "seed": 7, "rates": { "commit_and_drop": 0.25, "fail_before_commit": "0.25" }
        });
        world.order_faults(order).await;
        let mut references: Vec<String> = (0..60).map(|number| format!("R{number}")).collect();
        if backwards {
            references.reverse();
        }
        let mut answers = Vec::new();
        for reference in references {
            let status = create(&world, &reference).await.map_or(0, |reply| reply.0);
            answers.push((reference, status));
        }
        answers.sort();
        let counters = world.get("/admin/faults").await["fired"].clone();
        assert!(counters["commit_and_drop"].as_u64() > Some(5), "{counters}");
        assert!(counters["fail_before_commit"].as_u64() > Some(5), "{counters}");
        fired.push(answers);
    }
    assert_eq!(fired[0], fired[1]);
}

#[tokio::test]
async fn faults_hit_only_the_operations_they_are_ordered_for() {
    let world = World::new(Mode::CreateThenPost).await;
    let order = json!({ "rates": { "fail_before_commit": 1 }, "on": ["post"] });
    world.order_faults(order).await;
    let (_, body) = create(&world, "R1").await.expect("a draft");
    let draft: Value = serde_json::from_str(&body).expect("JSON");
    let post = format!("/api/journals/{}/post", draft["id"].as_str().expect("an id"));
    assert_eq!(world.post(&post, &Value::Null).await.0, 503);
    world.call("DELETE", "/admin/faults", &[], "").await;
    assert_eq!(world.post(&post, &Value::Null).await.0, 200);
    world.order_faults(json!({ "next": ["lookup@too_many_requests:2"] })).await;
    let reply = world.call("GET", "/api/journals?reference=R1", &[], "").await;
    assert_eq!(reply.map(|reply| reply.0), Some(429));
}

#[tokio::test]
async fn an_order_that_is_not_understood_changes_nothing() {
    let world = World::new(Mode::Keyless).await;
    for order in [
        json!({ "rates": { "no_such_fault": 0.1 } }),
        json!({ "rates": { "slow": 1.5 } }),
        json!({ "rates": { "slow": 0.6, "commit_and_drop": 0.6 } }),
        json!({ "next": ["lookup@commit_and_drop"] }),
        json!({ "next": ["slow", "nonsense"] }),
        json!({ "unknown": 1 }),
    ] {
        assert_eq!(world.post("/admin/faults", &order).await.0, 400, "{order}");
    }
    let plan = world.get("/admin/faults").await;
    assert_eq!((&plan["rates"], &plan["script_waiting"]), (&json!({}), &json!(0)));
}

#[tokio::test]
async fn more_requests_at_once_than_allowed_are_told_to_wait() {
    let world = World::with(Mode::Keyless, |config| config.requests_in_flight_max = 1).await;
    world.order_faults(json!({ "next": ["commit_after_resend:60000"] })).await;
    let address = world.erp.address;
    let body = journal("R1").to_string();
    let held =
        tokio::spawn(async move { call(address, "POST", "/api/journals", &[], &body).await });
    while world.get("/admin/faults").await["fired"]["commit_after_resend"] != 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(create(&world, "R2").await.map(|reply| reply.0), Some(429));
    held.abort();
}
