// SPDX-License-Identifier: Apache-2.0
//! The three posting modes and what survives a restart.

use std::io::Write as _;

use serde_json::{Value, json};

use super::super::Mode;
use super::world::{World, journal};

async fn create_with_key(world: &World, key: &str, body: &Value) -> (u16, Value) {
    let header = format!("idempotency-key: {key}");
    let reply = world.call("POST", "/api/journals", &[&header], &body.to_string()).await;
    let (status, body) = reply.expect("an answer");
    (status, serde_json::from_str(&body).expect("JSON"))
}

#[tokio::test]
async fn the_same_native_key_gives_the_same_document_also_after_a_restart() {
    let world = World::new(Mode::NativeKey).await;
    let (status, first) = create_with_key(&world, "k1", &journal("R1")).await;
    assert_eq!((status, &first["status"]), (201, &json!("posted")), "{first}");
    let (status, again) = create_with_key(&world, "k1", &journal("R1")).await;
    assert_eq!((status, &again), (200, &first));

    let world = world.restart().await;
    let (status, again) = create_with_key(&world, "k1", &journal("R1")).await;
    assert_eq!((status, &again), (200, &first));
    let (status, refused) = create_with_key(&world, "k1", &journal("R2")).await;
    assert_eq!((status, &refused["error"]["code"]), (409, &json!("KEY_REUSED")));
    let (status, refused) = world.post("/api/journals", &journal("R3")).await;
    assert_eq!((status, &refused["error"]["code"]), (400, &json!("KEY_REQUIRED")));
    assert_eq!(world.book().posted.len(), 1);
}

#[tokio::test]
async fn two_callers_with_one_native_key_at_once_make_one_document() {
    let world = World::new(Mode::NativeKey).await;
    let body = journal("R1");
    let (one, two) =
        tokio::join!(create_with_key(&world, "k", &body), create_with_key(&world, "k", &body));
    assert_eq!(one.1["id"], two.1["id"]);
    assert_eq!(world.book().posted.len(), 1);
}

#[tokio::test]
async fn a_draft_counts_only_once_it_is_posted() {
    let world = World::new(Mode::CreateThenPost).await;
    let (status, draft) = world.post("/api/journals", &journal("R1")).await;
    assert_eq!((status, &draft["status"]), (201, &json!("draft")));
    let (_, twin) = world.post("/api/journals", &journal("R1")).await;
    assert_eq!(world.get("/api/balances?entity=E1").await["balances"], json!([]));
    let found = world.get("/api/journals?reference=R1").await;
    assert_eq!(found["journals"], json!([draft, twin]), "nothing keeps a reference unique");

    let post = format!("/api/journals/{}/post", draft["id"].as_str().expect("an id"));
    let (status, posted) = world.post(&post, &Value::Null).await;
    assert_eq!((status, &posted["status"], &posted["number"]), (200, &json!("posted"), &json!(1)));
    let (status, refused) = world.post(&post, &Value::Null).await;
    assert_eq!((status, &refused["error"]["code"]), (409, &json!("ALREADY_POSTED")));

    let path = format!("/api/journals/{}", twin["id"].as_str().expect("an id"));
    let (status, _) = world.call("DELETE", &path, &[], "").await.expect("an answer");
    assert_eq!(status, 200);
    let (status, _) = world.call("DELETE", &path, &[], "").await.expect("an answer");
    assert_eq!(status, 404);

    let world = world.restart().await;
    let found = world.get("/api/journals?reference=R1").await;
    assert_eq!(found["journals"], json!([posted]));
    let rows = world.get("/api/balances?entity=E1&period=2026-11").await;
    assert_eq!(rows["balances"][0]["debit"], "12.50");
    assert_eq!(rows["balances"][1]["credit"], "12.50");
}

#[tokio::test]
async fn a_draft_is_not_posted_into_a_period_that_closed_meanwhile() {
    let world = World::new(Mode::CreateThenPost).await;
    let (_, draft) = world.post("/api/journals", &journal("R1")).await;
    let close = json!({ "entity": "E1", "period": "2026-11", "status": "closed" });
    assert_eq!(world.post("/admin/periods", &close).await.0, 200);
    let world = world.restart().await;
    let post = format!("/api/journals/{}/post", draft["id"].as_str().expect("an id"));
    let (status, refused) = world.post(&post, &Value::Null).await;
    assert_eq!((status, &refused["errors"][0]["code"]), (422, &json!("PERIOD_CLOSED")));
    assert!(world.book().posted.is_empty());
}

#[tokio::test]
async fn keyless_posts_as_often_as_it_is_told_and_shows_it_after_the_lag() {
    let world = World::with(Mode::Keyless, |config| config.lookup_lag_ms = 600_000).await;
    world.post("/api/journals", &journal("R1")).await;
    world.post("/api/journals", &journal("R1")).await;
    assert_eq!(world.get("/api/journals?reference=R1").await["journals"], json!([]));
    assert_eq!(world.book().posted.len(), 2);
    let mut world = world;
    world.config.lookup_lag_ms = 0;
    let world = world.restart().await;
    let found = world.get("/api/journals?reference=R1").await;
    assert_eq!(found["journals"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_journal_without_a_period_gets_the_one_of_its_date() {
    let world = World::new(Mode::Keyless).await;
    let mut body = journal("R1");
    body.as_object_mut().expect("an object").remove("period");
    assert_eq!(world.post("/api/journals", &body).await.1["period"], "2026-11");
    body["date"] = json!("2026-10-20");
    let (_, refused) = world.post("/api/journals", &body).await;
    assert_eq!(refused["errors"][0]["code"], "PERIOD_CLOSED");
    body["date"] = json!("2031-10-20");
    let (_, refused) = world.post("/api/journals", &body).await;
    assert_eq!(refused["errors"][0]["code"], "PERIOD_UNKNOWN");
}

#[tokio::test]
async fn posted_documents_are_read_back_page_by_page() {
    let world = World::new(Mode::Keyless).await;
    for reference in ["R1", "R2", "R3"] {
        world.post("/api/journals", &journal(reference)).await;
    }
    let page = world.get("/api/documents?limit=2").await;
    assert_eq!((&page["next_after"], &page["more"]), (&json!(2), &json!(true)));
    assert_eq!(page["documents"][0]["lines"][0]["debit"], "12.50");
    assert_eq!(page["documents"][0]["lines"][0]["credit"], "0.00");
    let page = world.get("/api/documents?limit=2&after=2").await;
    assert_eq!((&page["next_after"], &page["more"]), (&json!(3), &json!(false)));
    assert_eq!(page["documents"][0]["reference"], "R3");
}

#[tokio::test]
async fn a_torn_last_record_is_cut_off_and_the_rest_stays() {
    let world = World::new(Mode::Keyless).await;
    world.post("/api/journals", &journal("R1")).await;
    let path = world.book_path();
    let mut file = std::fs::OpenOptions::new().append(true).open(&path).expect("the book");
    file.write_all(b"{\"record\":\"posted\",\"docu").expect("a torn record");
    assert_eq!(world.book().torn_bytes, 24);
    let world = world.restart().await;
    world.post("/api/journals", &journal("R2")).await;
    let book = world.book();
    let references: Vec<&str> =
        book.posted.iter().map(|document| document.journal.reference.as_str()).collect();
    assert_eq!((references, book.torn_bytes), (vec!["R1", "R2"], 0));
}

#[tokio::test]
async fn a_book_that_is_damaged_inside_or_of_another_mode_is_not_opened() {
    let world = World::new(Mode::Keyless).await;
    world.post("/api/journals", &journal("R1")).await;
    let mut config = world.config.clone();
    world.erp.stop().await.expect("it ends");
    let text = std::fs::read_to_string(&config.book).expect("the book");

    config.mode = Mode::NativeKey;
    assert!(
        super::super::Running::start(config.clone()).await.expect("bound").stop().await.is_err()
    );

    config.mode = Mode::Keyless;
    let damaged = text.replacen("\"posted\"", "\"pXsted\"", 1) + &text;
    std::fs::write(&config.book, damaged).expect("written");
    assert!(super::super::Running::start(config).await.expect("bound").stop().await.is_err());
}
