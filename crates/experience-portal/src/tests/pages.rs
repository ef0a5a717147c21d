// SPDX-License-Identifier: Apache-2.0
//! Every page: what a person reads on it, that each figure leads on, and what must not be there.

use std::collections::{BTreeSet, VecDeque};

use axum::http::StatusCode;
use experience_gateway::sample::{EAST, Sample};

use super::browsing::Browser;

#[tokio::test]
async fn the_first_page_shows_the_equation_the_latest_remittances_and_what_waits() {
    let sample = Sample::new().await;
    let browser = Browser::signed_in(&sample, "controller").await;
    let page = browser.page("/").await;
    let text = page.text();
    for part in [
        "Everything ties",
        "received",
        "1,200.60 USD",
        "pending",
        "posted",
        "quarantined",
        "residual",
        "TRACE-east",
        "600.30 USD",
        "BAL-L2",
        "DUP",
        "In the ERP's own book",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let links = page.links();
    for link in [
        "/documents".to_owned(),
        "/journals?state=posted".to_owned(),
        "/exceptions?state=open&code=BAL-L2".to_owned(),
        format!("/remittances/{}", Sample::remittance("east")),
        format!("/exceptions/{}", Sample::held()),
    ] {
        assert!(links.contains(&link), "{link}: {links:?}");
    }
}

#[tokio::test]
async fn from_the_first_page_two_links_lead_to_a_claim_and_three_to_its_erp_number() {
    let sample = Sample::new().await;
    let browser = Browser::signed_in(&sample, "auditor").await;
    let first = browser.page("/").await;
    let remittance = format!("/remittances/{}", Sample::remittance("east"));
    assert!(first.links().contains(&remittance));
    let second = browser.page(&remittance).await;
    let text = second.text();
    assert!(text.contains("claim …0042") && text.contains("quarantined BAL-L2"), "{text}");
    let event = format!("/events/{}", Sample::event("east", 1));
    assert!(second.links().contains(&event));
    let third = browser.page(&event).await;
    let text = third.text();
    for part in ["segment 11", "1090 ERA/EFT clearing", "GL-2026-0001", "What happened"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let journal = format!("/journals/{}", Sample::journal());
    assert!(third.links().contains(&journal));
    let fourth = browser.page(&journal).await;
    assert!(fourth.text().contains("GL-2026-0001, posted 2026-11-02 09:00:00 UTC"));
    assert!(fourth.links().contains(&event), "and back to the claim");
}

#[tokio::test]
async fn every_link_of_every_page_leads_somewhere() {
    let sample = Sample::new().await;
    for number in 0..60 {
        sample.add_remittance(&format!("more-{number}"), EAST).await;
    }
    let browser = Browser::signed_in(&sample, "controller").await;
    let mut seen: BTreeSet<String> = BTreeSet::from(["/".to_owned()]);
    let mut waiting: VecDeque<String> = VecDeque::from(["/".to_owned()]);
    let mut nexts = 0;
    while let Some(path) = waiting.pop_front() {
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        nexts += page.html.matches("rel=\"next\"").count();
        for link in page.links() {
            let own = link.starts_with('/') && !link.starts_with("//");
            assert!(own || link == "#content", "{path} leads away: {link}");
            if own && seen.len() < 400 && seen.insert(link.clone()) {
                waiting.push_back(link);
            }
        }
    }
    assert!(seen.len() > 100 && nexts >= 2, "{} pages, {nexts} turned", seen.len());
}

#[tokio::test]
async fn no_page_runs_a_script_or_shows_a_token() {
    let sample = Sample::new().await;
    let browser = Browser::signed_in(&sample, "second-controller").await;
    let sealed = browser.cookie.split_once('=').expect("a cookie").1.to_owned();
    for path in [
        "/".to_owned(),
        "/documents".to_owned(),
        "/remittances?state=booking".to_owned(),
        "/journals".to_owned(),
        "/exceptions?state=open".to_owned(),
        "/search".to_owned(),
        "/sign-in".to_owned(),
        "/manual/begin".to_owned(),
        format!("/documents/{}", Sample::document("east")),
        format!("/remittances/{}", Sample::remittance("east")),
        format!("/events/{}", Sample::event("east", 3)),
        format!("/journals/{}", Sample::journal()),
        format!("/exceptions/{}", Sample::held()),
    ] {
        let page = browser.page(&path).await;
        let html = &page.html;
        assert!(!html.contains("<script") && !html.contains(" style=") && !html.contains(" onc"));
        assert!(!html.contains(&sealed) && !html.contains("tok_v"), "{path}");
        assert!(!html.contains("<b>") && !html.contains("<Plan>"), "{path}: data is text");
        assert!(html.contains("<html lang=\"en\">") && html.contains("name=\"viewport\""));
        assert_eq!(html.matches("<h1>").count(), 1, "{path}");
        assert_eq!(html.matches("<table>").count(), html.matches("<thead>").count());
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'self'") && !policy.contains("unsafe"));
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("x-frame-options"), "DENY");
    }
}

#[tokio::test]
async fn every_page_leads_to_the_manual_and_the_manual_needs_no_token() {
    let sample = Sample::new().await;
    let stranger = Browser::new(&sample);
    assert!(stranger.page("/sign-in").await.links().contains(&"/manual".to_owned()));
    let page = stranger.page("/manual").await;
    assert!(page.html.contains("<h1>To begin with</h1>"), "{}", page.html);
    assert!(page.html.contains("<p>Read <a href=\"/manual/more\">more</a>.</p>"), "ours goes out");
    assert!(page.html.contains("More &#60;of it&#62;"), "titles are text");
    assert!(page.html.contains("href=\"/manual/begin\" aria-current=\"page\""));
    assert_eq!(stranger.get("/manual/none").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_exception_shows_its_page_as_text_with_its_lists() {
    let sample = Sample::new().await;
    let browser = Browser::signed_in(&sample, "auditor").await;
    let page = browser.page(&format!("/exceptions/{}", Sample::follow_up())).await;
    assert!(page.html.contains("<h2>What happened</h2>"));
    assert!(page.html.contains("<ol><li>"));
    assert!(page.html.contains("<strong>Done</strong>"));
    assert!(page.html.contains("segment 31 does not balance &#60;b&#62;"), "escaped");
    assert!(!page.html.contains("name=\"action\""), "an auditor is offered nothing");
}

#[tokio::test]
async fn a_state_is_told_by_word_and_sign_and_not_by_colour_alone() {
    let sample = Sample::new().await;
    let browser = Browser::signed_in(&sample, "auditor").await;
    let page = browser.page(&format!("/remittances/{}", Sample::remittance("east"))).await;
    let mut states = 0;
    for piece in page.html.split("<span class=\"state").skip(1) {
        let tag = piece.split('>').next().expect("a tag");
        let sign = tag.split("data-sign=\"").nth(1).and_then(|rest| rest.split('"').next());
        assert!(sign.is_some_and(|sign| !sign.is_empty()), "{tag}");
        let word = piece.split('>').nth(1).and_then(|rest| rest.split('<').next());
        assert!(word.is_some_and(|word| !word.trim().is_empty()), "{piece}");
        states += 1;
    }
    assert!(states >= 4);
}

#[tokio::test]
async fn a_person_limited_to_an_entity_sees_its_own_and_is_told_so() {
    let sample = Sample::new().await;
    let browser = Browser::signed_in(&sample, "west-auditor").await;
    let first = browser.page("/").await;
    assert!(first.text().contains("you are limited to some"));
    assert!(first.text().contains("TRACE-west") && !first.text().contains("TRACE-east"));
    let foreign = browser.get(&format!("/remittances/{}", Sample::remittance("east"))).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_search_with_one_hit_opens_it() {
    let sample = Sample::new().await;
    let browser = Browser::signed_in(&sample, "auditor").await;
    let found = browser.get("/search?q=TRACE-east").await;
    assert_eq!(found.status, StatusCode::SEE_OTHER);
    assert_eq!(found.header("location"), format!("/remittances/{}", Sample::remittance("east")));
    assert!(browser.page("/search?q=nothing").await.text().contains("Nothing found"));
}

#[tokio::test]
async fn what_is_not_there_or_not_possible_is_a_page_with_advice() {
    let sample = Sample::new().await;
    let browser = Browser::signed_in(&sample, "auditor").await;
    for (path, status) in [
        ("/remittances/none", StatusCode::NOT_FOUND),
        ("/events/6f1d2c1e-0000-8000-8000-000000000000", StatusCode::NOT_FOUND),
        ("/journals/RB-none", StatusCode::NOT_FOUND),
        ("/remittances?state=lost", StatusCode::BAD_REQUEST),
        ("/documents?cursor=x", StatusCode::BAD_REQUEST),
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, status, "{path}");
        assert!(page.text().contains("Go to the overview"), "{path}");
    }
    sample.panic_next();
    let panicked = browser.get("/").await;
    assert_eq!(panicked.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!panicked.html.contains("secret"));
}

#[tokio::test]
async fn the_portal_and_the_api_live_in_one_router() {
    let sample = Sample::new().await;
    let mut browser = Browser::signed_in(&sample, "auditor").await;
    let api = experience_gateway::router(sample.desk());
    browser.router = browser.router.merge(api);
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    assert_eq!(browser.get("/v1/openapi.json").await.status, StatusCode::OK);
    let with_cookie_only = browser.get("/v1/documents").await;
    assert_eq!(with_cookie_only.status, StatusCode::UNAUTHORIZED, "a cookie is no API token");
    let unknown = browser.get("/nothing").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}
