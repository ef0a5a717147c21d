// SPDX-License-Identifier: Apache-2.0
//! Lists: whole over pages, stable under arrivals, safe as CSV, limited to the caller's entities.

use std::collections::BTreeSet;

use serde_json::Value;

use super::asking::{Asking, world};
use crate::sample::{EAST, Sample, WEST};

async fn walk(api: &Asking, path: &str, limit: usize) -> Vec<String> {
    let mut ids = Vec::new();
    let mut cursor = String::new();
    for _ in 0..100 {
        let page = api.get_json(&format!("{path}?limit={limit}{cursor}")).await;
        let items = page["items"].as_array().expect("items");
        assert!(items.len() <= limit);
        let id = |item: &Value| item["id"].as_str().expect("an id").to_owned();
        ids.extend(items.iter().map(id));
        match page["next"].as_str() {
            None => return ids,
            Some(next) => cursor = format!("&cursor={next}"),
        }
    }
    panic!("the list of {path} does not end");
}

async fn many() -> (Sample, Asking) {
    let (sample, api) = world().await;
    for number in 0..23 {
        let entity = if number % 3 == 0 { WEST } else { EAST };
        sample.add_remittance(&format!("more-{number}"), entity).await;
        sample.add_item(&format!("more-{number}"), number).await;
    }
    (sample, api)
}

#[tokio::test]
async fn pages_together_are_the_list_without_gap_or_repeat() {
    let (_, api) = many().await;
    for path in ["/v1/documents", "/v1/remittances", "/v1/exceptions"] {
        for limit in [1, 2, 5, 7, 25, 26, 200] {
            let ids = walk(&api, path, limit).await;
            let unique: BTreeSet<&String> = ids.iter().collect();
            assert_eq!((ids.len(), unique.len()), (25, 25), "{path} by {limit}");
        }
    }
}

#[tokio::test]
async fn what_arrives_while_somebody_turns_pages_moves_nothing() {
    let (sample, api) = many().await;
    let before = walk(&api, "/v1/exceptions", 200).await;
    let first = api.get_json("/v1/exceptions?limit=10").await;
    for round in 1_000..1_010 {
        sample.add_item("east", round).await;
    }
    let next = first["next"].as_str().expect("more");
    let second = api.get_json(&format!("/v1/exceptions?limit=200&cursor={next}")).await;
    let id = |item: &Value| item["id"].as_str().expect("an id").to_owned();
    let both = [&first, &second].into_iter().flat_map(|page| page["items"].as_array().unwrap());
    assert_eq!(both.map(id).collect::<Vec<_>>(), before);
}

#[tokio::test]
async fn a_caller_of_one_entity_walks_its_own_list_only() {
    let (_, api) = many().await;
    let west = api.caller("west-auditor");
    for path in ["/v1/documents", "/v1/remittances", "/v1/exceptions"] {
        for limit in [1, 4, 200] {
            let ids = walk(&west, path, limit).await;
            assert_eq!(ids.len(), 9, "{path} by {limit}: 8 added and the first");
        }
    }
    assert!(west.get_json("/v1/journals").await["items"].as_array().unwrap().is_empty());
    let named = west.get_json("/v1/journals?entity=E1").await;
    assert!(named["items"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_and_untouched() {
    let (_, api) = many().await;
    let next = api.get_json("/v1/remittances?limit=2&state=booking").await["next"].clone();
    let next = next.as_str().expect("more").to_owned();
    let good = api.get(&format!("/v1/remittances?limit=9&state=booking&cursor={next}")).await;
    assert_eq!(good.status, 200);
    let mut touched = next.clone().into_bytes();
    touched[8] = if touched[8] == b'A' { b'B' } else { b'A' };
    let touched = String::from_utf8(touched).expect("text");
    for wrong in [
        format!("/v1/remittances?cursor={next}"),
        format!("/v1/documents?cursor={next}"),
        format!("/v1/exceptions?cursor={next}"),
        format!("/v1/remittances?state=booking&cursor={touched}"),
        format!("/v1/remittances?state=booking&cursor={}", &next[..next.len() - 4]),
        "/v1/documents?cursor=".to_owned(),
        "/v1/documents?cursor=AAAA".to_owned(),
        format!("/v1/documents?cursor={}", "A".repeat(5_000)),
    ] {
        assert_eq!(api.get(&wrong).await.problem(), "invalid-cursor", "{wrong}");
    }
    for limit in ["0", "201", "-1", "x"] {
        let answer = api.get(&format!("/v1/documents?limit={limit}")).await;
        assert_eq!(answer.problem(), "malformed", "{limit}");
    }
}

#[tokio::test]
async fn cursors_hold_after_a_restart_with_the_same_key_and_not_with_another() {
    let (sample, api) = many().await;
    let next = api.get_json("/v1/documents?limit=2").await["next"].clone();
    let path = format!("/v1/documents?cursor={}", next.as_str().expect("more"));
    assert_eq!(Asking::of(&sample).get(&path).await.status, 200);
    let mut other = sample.clone();
    let newer = crate::LiveKeys::of(&[[8; 32], [7; 32]]);
    other.settings.cursor_keys = newer.clone();
    let rotated = Asking::of(&other);
    assert_eq!(rotated.get(&path).await.status, 200, "the older key is still in the ring");
    let next = rotated.get_json("/v1/documents?limit=2").await["next"].clone();
    let path_of_now = format!("/v1/documents?cursor={}", next.as_str().expect("more"));
    let first_alone = crate::LiveKeys::of(&[[8; 32]]);
    other.settings.cursor_keys = first_alone;
    assert_eq!(Asking::of(&other).get(&path_of_now).await.status, 200, "signed under the first");
    assert_eq!(Asking::of(&other).get(&path).await.problem(), "invalid-cursor");
}

#[tokio::test]
async fn every_list_comes_as_csv_by_format_or_by_accept() {
    let (_, api) = world().await;
    let remittance = Sample::remittance("east");
    for path in [
        "/v1/documents".to_owned(),
        "/v1/remittances".to_owned(),
        "/v1/journals".to_owned(),
        "/v1/exceptions".to_owned(),
        "/v1/exception-codes".to_owned(),
        "/v1/completeness".to_owned(),
        "/v1/log".to_owned(),
        format!("/v1/timeline/{remittance}"),
        format!("/v1/search?q={remittance}"),
    ] {
        let mark = if path.contains('?') { '&' } else { '?' };
        let named = api.get(&format!("{path}{mark}format=csv")).await;
        let negotiated = api.send("GET", &path, &[("accept", "text/csv")], "").await;
        assert_eq!(named.body, negotiated.body, "{path}");
        assert!(named.header("content-type").starts_with("text/csv"), "{path}");
        let text = named.text();
        let columns = text.lines().next().expect("a header").split(',').count();
        assert!(columns >= 3 && text.lines().count() >= 2, "{path}: {text}");
    }
    let json = api.send("GET", "/v1/documents", &[("accept", "application/json, text/csv")], "");
    assert!(json.await.header("content-type").starts_with("application/json"));
    let neither = api.send("GET", "/v1/documents", &[("accept", "image/png")], "").await;
    assert_eq!(neither.problem(), "not-acceptable");
    assert_eq!(api.get("/v1/documents?format=xml").await.problem(), "not-acceptable");
}

#[tokio::test]
async fn a_cell_that_a_spreadsheet_would_run_is_text() {
    let (_, api) = world().await;
    let text = api.get("/v1/remittances?format=csv").await.text();
    assert!(text.contains("\"'=Sample Health <Plan>\""), "{text}");
    assert!(!text.contains(",=Sample"));
    struct Cell(&'static str);
    impl crate::csv::Tabular for Cell {
        const COLUMNS: &'static [&'static str] = &["cell"];
        fn cells(&self) -> Vec<String> {
            vec![self.0.to_owned()]
        }
    }
    let table = |cell| crate::csv::table(&[Cell(cell)]).replace("cell\r\n", "");
    for risky in ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "-", " =1", "＝1", "-2.5.1"]
    {
        assert!(table(risky).trim_matches('"').starts_with('\''), "{risky:?}");
    }
    for plain in ["-12.05", "0.00", "1200.60", "-7", "RB-1", "a=b"] {
        assert_eq!(table(plain), format!("{plain}\r\n"));
    }
    assert_eq!(table("a\"b,c"), "\"a\"\"b,c\"\r\n");
}

#[tokio::test]
async fn a_page_links_to_the_next_in_either_format() {
    let (_, api) = many().await;
    for format in ["json", "csv"] {
        let page = api.get(&format!("/v1/documents?limit=2&format={format}")).await;
        let link = page.header("link");
        let target = link.strip_prefix('<').and_then(|rest| rest.split_once('>')).expect("a link");
        assert_eq!(target.1, "; rel=\"next\"");
        let next = api.get(target.0).await;
        assert_eq!(next.status, 200);
        assert_ne!(next.body, page.body);
        assert_eq!(target.0.matches("cursor=").count(), 1);
    }
}
