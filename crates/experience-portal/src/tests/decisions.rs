// SPDX-License-Identifier: Apache-2.0
//! Deciding on a page: only from its own form, only once, only by who may.

use axum::http::StatusCode;
use experience_gateway::sample::Sample;

use super::browsing::{Browser, Page};

fn path() -> String {
    format!("/exceptions/{}", Sample::held())
}

async fn decide(browser: &Browser, page: &Page, action: &str) -> Page {
    let (csrf, version) = (page.field("csrf"), page.field("version"));
    let form = format!("csrf={csrf}&version={version}&action={action}&reason=paid-twice");
    browser.post(&path(), &[], &form).await
}

#[tokio::test]
async fn an_exclusion_is_proposed_by_one_person_and_approved_by_another() {
    let sample = Sample::new().await;
    let first = Browser::signed_in(&sample, "controller").await;
    let page = first.page(&path()).await;
    assert!(page.html.contains("value=\"replay\"") && page.html.contains("value=\"exclude\""));
    let done = decide(&first, &page, "exclude").await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.html);
    assert_eq!(done.header("location"), path());
    let page = first.page(&path()).await;
    assert!(page.text().contains("proposed by controller: paid-twice"));
    assert!(!page.html.contains("value=\"approve\""), "not offered to who proposed it");
    let forced = decide(&first, &page, "approve").await;
    assert_eq!(forced.status, StatusCode::CONFLICT, "and refused when sent all the same");
    let second = Browser::signed_in(&sample, "second-controller").await;
    let page = second.page(&path()).await;
    assert_eq!(decide(&second, &page, "approve").await.status, StatusCode::SEE_OTHER);
    assert!(second.page(&path()).await.text().contains("resolved by second-controller"));
}

#[tokio::test]
async fn a_form_sent_twice_decides_once() {
    let sample = Sample::new().await;
    let browser = Browser::signed_in(&sample, "cash-poster").await;
    let page = browser.page(&path()).await;
    assert_eq!(decide(&browser, &page, "replay").await.status, StatusCode::SEE_OTHER);
    let again = decide(&browser, &page, "replay").await;
    assert_eq!(again.status, StatusCode::PRECONDITION_FAILED);
    assert!(again.text().contains("Somebody changed it since you opened the page"));
}

#[tokio::test]
async fn a_form_without_this_session_s_mark_is_refused() {
    let sample = Sample::new().await;
    let browser = Browser::signed_in(&sample, "controller").await;
    let other = Browser::signed_in(&sample, "controller").await;
    let foreign = other.page(&path()).await.field("csrf");
    let page = browser.page(&path()).await;
    let own = page.field("csrf");
    for csrf in ["", "x", foreign.as_str(), &own[..own.len() - 1]] {
        let form = format!("csrf={csrf}&version=0&action=replay");
        let answer = browser.post(&path(), &[], &form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{csrf}");
    }
    let form = format!("csrf={own}&version=0&action=replay");
    let cross = browser.post(&path(), &[("origin", "https://evil.example")], &form).await;
    assert_eq!(cross.status, StatusCode::FORBIDDEN);
    let without = browser.post(&path(), &[], "version=0&action=replay").await;
    assert!(without.status.is_client_error());
    let unsigned = Browser::new(&sample).post(&path(), &[], &form).await;
    assert_eq!(unsigned.header("location"), "/sign-in");
    assert!(browser.page(&path()).await.html.contains("value=\"replay\""), "nothing was decided");
    assert_eq!(decide(&browser, &page, "replay").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn who_may_not_decide_is_refused_whatever_the_form_says() {
    let sample = Sample::new().await;
    let controller = Browser::signed_in(&sample, "controller").await;
    let page = controller.page(&path()).await;
    assert_eq!(decide(&controller, &page, "exclude").await.status, StatusCode::SEE_OTHER);
    for (name, action) in
        [("auditor", "withdraw"), ("auditor", "approve"), ("cash-poster", "approve")]
    {
        let browser = Browser::signed_in(&sample, name).await;
        let csrf = browser.page("/").await.field("csrf");
        let form = format!("csrf={csrf}&version=1&action={action}");
        let answer = browser.post(&path(), &[], &form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name} {action}");
    }
    let page = controller.page(&path()).await;
    for action in ["delete", "", "Approve"] {
        let answer = decide(&controller, &page, action).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{action}");
    }
}
