// SPDX-License-Identifier: Apache-2.0
//! What the ERP refuses, with the line and the code it gives.

use serde_json::{Value, json};

use super::super::Mode;
use super::world::{World, journal};

async fn refusal(world: &World, body: &Value) -> (u16, Value, Value) {
    let (status, answer) = world.post("/api/journals", body).await;
    let first = &answer["errors"][0];
    (status, first["code"].clone(), first["line"].clone())
}

#[tokio::test]
async fn every_rule_refuses_with_its_code_and_line() {
    let world = World::new(Mode::Keyless).await;
    let cases: Vec<(&str, Value, &str, Value)> = vec![
        ("/entity", json!("E9"), "ENTITY_UNKNOWN", Value::Null),
        ("/currency", json!("EUR"), "CURRENCY_UNKNOWN", Value::Null),
        ("/period", json!("2026-10"), "PERIOD_CLOSED", Value::Null),
        ("/period", json!("2027-01"), "PERIOD_UNKNOWN", Value::Null),
        ("/date", json!("2026-12-01"), "DATE_OUTSIDE_PERIOD", Value::Null),
        ("/date", json!("20 Nov"), "DATE_FORMAT", Value::Null),
        ("/reference", json!(" "), "FIELD_REQUIRED", Value::Null),
        ("/lines/0/account", json!("9999"), "ACCOUNT_UNKNOWN", json!(1)),
        ("/lines/0/account", json!("4999"), "ACCOUNT_INACTIVE", json!(1)),
        ("/lines/1/dimensions", json!({}), "DIMENSION_REQUIRED", json!(2)),
        ("/lines/0/dimensions/facility", json!("F9"), "DIMENSION_UNKNOWN", json!(1)),
        ("/lines/0/dimensions/facility", json!("F2"), "DIMENSION_COMBINATION", json!(1)),
        ("/lines/0/dimensions", json!({ "department": "D99" }), "DIMENSION_INACTIVE", json!(1)),
        ("/lines/0/dimensions", json!({ "colour": "red" }), "DIMENSION_UNKNOWN", json!(1)),
        ("/lines/0/debit", json!("12.51"), "UNBALANCED", Value::Null),
        ("/lines/0/debit", json!("12.500"), "PRECISION", json!(1)),
        ("/lines/0/debit", json!(12.5), "AMOUNT_FORMAT", json!(1)),
        ("/lines/0/debit", json!("-12.50"), "AMOUNT_FORMAT", json!(1)),
        ("/lines/0/debit", json!("0.00"), "AMOUNT_FORMAT", json!(1)),
        ("/lines/0/debit", json!("1e3"), "AMOUNT_FORMAT", json!(1)),
        ("/lines/0/debit", json!("99999999999999999999"), "AMOUNT_FORMAT", json!(1)),
        ("/lines/0/debit", Value::Null, "DEBIT_XOR_CREDIT", json!(1)),
    ];
    for (pointer, value, code, line) in cases {
        let mut body = journal("R1");
        *body.pointer_mut(pointer).expect("a place") = value.clone();
        let refused = refusal(&world, &body).await;
        assert_eq!(refused, (422, json!(code), line), "{pointer} = {value}");
    }
    let mut both = journal("R1");
    both["lines"][0]["credit"] = json!("12.50");
    assert_eq!(refusal(&world, &both).await, (422, json!("DEBIT_XOR_CREDIT"), json!(1)));
    let mut single = journal("R1");
    single["lines"].as_array_mut().expect("lines").truncate(1);
    assert_eq!(refusal(&world, &single).await.1, json!("LINES_MIN"));
    assert!(world.book().posted.is_empty());
}

#[tokio::test]
async fn all_bad_lines_are_listed_at_once() {
    let world = World::new(Mode::Keyless).await;
    let mut body = journal("R1");
    body["lines"][0]["account"] = json!("9999");
    body["lines"][1]["dimensions"] = json!({ "payer": "P9" });
    let (_, answer) = world.post("/api/journals", &body).await;
    let lines: Vec<&Value> =
        answer["errors"].as_array().expect("a list").iter().map(|one| &one["line"]).collect();
    assert_eq!(lines, [&json!(1), &json!(2)]);
}

#[tokio::test]
async fn an_unknown_field_or_a_body_that_is_no_json_is_malformed() {
    let world = World::new(Mode::Keyless).await;
    let mut body = journal("R1");
    body["patient"] = json!("nobody");
    assert_eq!(world.post("/api/journals", &body).await.0, 400);
    let (status, _) = world.call("POST", "/api/journals", &[], "{").await.expect("an answer");
    assert_eq!(status, 400);
}

#[tokio::test]
async fn size_lines_and_token_are_limits() {
    let world = World::with(Mode::Keyless, |config| {
        config.body_bytes_max = 1_000;
        config.lines_max = 2;
        config.token = Some("secret".into());
    })
    .await;
    let body = journal("R1").to_string();
    let (status, _) = world.call("POST", "/api/journals", &[], &body).await.expect("an answer");
    assert_eq!(status, 401);
    let token = ["authorization: Bearer secret"];
    let (status, _) = world.call("POST", "/api/journals", &token, &body).await.expect("an answer");
    assert_eq!(status, 201);
    let mut long = journal("R1");
    let line = long["lines"][0].clone();
    long["lines"].as_array_mut().expect("lines").push(line);
    let (status, answer) =
        world.call("POST", "/api/journals", &token, &long.to_string()).await.expect("an answer");
    assert!(status == 422 && answer.contains("LINES_MAX"), "{answer}");
    let padded = format!("{body}{}", " ".repeat(1_000));
    let (status, _) =
        world.call("POST", "/api/journals", &token, &padded).await.expect("an answer");
    assert_eq!(status, 413);
}

#[tokio::test]
async fn reference_data_is_paged_and_changes_survive_a_restart() {
    let world = World::new(Mode::Keyless).await;
    let page = world.get("/api/accounts?limit=2").await;
    assert_eq!(page["items"][1]["code"], "1200");
    assert_eq!(page["next_cursor"], "1200");
    let page = world.get("/api/accounts?limit=2&cursor=1200").await;
    assert_eq!((&page["items"][0]["code"], &page["next_cursor"]), (&json!("4999"), &Value::Null));
    assert_eq!(world.get("/api/entities").await["items"][0]["code"], "E1");
    assert_eq!(world.get("/api/periods").await["items"].as_array().map(Vec::len), Some(3));

    let retire = json!({ "kind": "department", "code": "D1", "name": "Surgery", "active": false });
    assert_eq!(world.post("/admin/dimensions", &retire).await.0, 200);
    let account = json!({ "code": "1090", "name": "Clearing", "nature": "asset", "active": false });
    assert_eq!(world.post("/admin/accounts", &account).await.0, 200);
    let unknown = json!({ "entity": "E1", "period": "1999-01", "status": "open" });
    assert_eq!(world.post("/admin/periods", &unknown).await.0, 404);
    let world = world.restart().await;
    let departments = world.get("/api/dimensions/department").await;
    assert_eq!(departments["items"][0]["active"], false);
    assert_eq!(refusal(&world, &journal("R1")).await.1, json!("ACCOUNT_INACTIVE"));
}
