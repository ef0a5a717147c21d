// SPDX-License-Identifier: Apache-2.0
//! Signing in and out: what the cookie is, what it is not, and for how long it holds.

use axum::http::StatusCode;
use experience_gateway::LiveKeys;
use experience_gateway::sample::Sample;

use super::browsing::{Browser, settings};
use crate::pages::router;
use crate::settings::Transport;

#[tokio::test]
async fn without_a_session_every_page_leads_to_the_sign_in() {
    let sample = Sample::new().await;
    let browser = Browser::new(&sample);
    for path in ["/", "/documents", "/remittances/x", "/exceptions", "/search?q=a", "/journals"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert_eq!(answer.header("location"), "/sign-in");
        assert!(answer.html.is_empty());
    }
    assert!(browser.page("/sign-in").await.text().contains("Paste an access token"));
    assert!(
        browser.page("/assets/portal.css").await.header("content-type").starts_with("text/css")
    );
}

#[tokio::test]
async fn the_cookie_is_out_of_reach_of_scripts_and_other_sites_and_hides_the_token() {
    let sample = Sample::new().await;
    let browser = Browser::new(&sample);
    let answer = browser.post("/sign-in", &[], "token=second-controller").await;
    let cookie = answer.header("set-cookie");
    for part in ["; Path=/", "; HttpOnly", "; SameSite=Strict", "; Max-Age=28800"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("controller"));
    let value = cookie.split(['=', ';']).nth(1).expect("a value");
    let bytes = data_encoding::BASE64URL_NOPAD.decode(value.as_bytes()).expect("base64");
    assert!(!String::from_utf8_lossy(&bytes).contains("controller"), "sealed");
    let again = browser.post("/sign-in", &[], "token=second-controller").await;
    assert_ne!(again.header("set-cookie"), cookie, "each session is its own");
    let mut over_tls = settings();
    over_tls.transport = Transport::Tls;
    let browser = Browser { router: router(sample.desk(), over_tls), cookie: String::new() };
    let answer = browser.post("/sign-in", &[], "token=auditor").await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-revbridge=") && cookie.ends_with("; Secure"), "{cookie}");
    assert!(answer.header("strict-transport-security").contains("max-age="));
}

#[tokio::test]
async fn a_token_that_is_not_valid_signs_nobody_in() {
    let sample = Sample::new().await;
    let browser = Browser::new(&sample);
    for token in ["", "stranger", "%3Cscript%3E", &"x".repeat(9_000)] {
        let answer = browser.post("/sign-in", &[], &format!("token={token}")).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{token}");
        assert_eq!(answer.header("set-cookie"), "");
        assert!(answer.text().contains("not valid"));
        assert!(!answer.html.contains("<script>"));
    }
}

#[tokio::test]
async fn a_cookie_that_was_touched_or_sealed_elsewhere_is_none() {
    let sample = Sample::new().await;
    let browser = Browser::signed_in(&sample, "controller").await;
    assert_eq!(browser.get("/documents").await.status, StatusCode::OK);
    let (name, sealed) = browser.cookie.split_once('=').expect("a cookie");
    let mut touched = sealed.to_owned().into_bytes();
    touched[20] = if touched[20] == b'A' { b'B' } else { b'A' };
    let touched = String::from_utf8(touched).expect("text");
    for value in [touched.as_str(), &sealed[..sealed.len() - 4], "", "AAAA", "controller"] {
        let other = Browser { router: browser.router.clone(), cookie: format!("{name}={value}") };
        assert_eq!(other.get("/documents").await.status, StatusCode::SEE_OTHER, "{value}");
    }
    let mut rotated = settings();
    rotated.session_keys = LiveKeys::of(&[[4; 32], [3; 32]]);
    let other = Browser { router: router(sample.desk(), rotated), cookie: browser.cookie.clone() };
    assert_eq!(
        other.get("/documents").await.status,
        StatusCode::OK,
        "its key is still in the ring"
    );
    let mut elsewhere = settings();
    elsewhere.session_keys = LiveKeys::of(&[[4; 32]]);
    let other =
        Browser { router: router(sample.desk(), elsewhere), cookie: browser.cookie.clone() };
    assert_eq!(other.get("/documents").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_session_ends_with_its_time_and_with_signing_out() {
    let sample = Sample::new().await;
    let mut short = settings();
    short.session_s_max = 0;
    let mut browser = Browser { router: router(sample.desk(), short), cookie: String::new() };
    let answer = browser.post("/sign-in", &[], "token=auditor").await;
    browser.keep(&answer);
    assert_eq!(browser.get("/documents").await.status, StatusCode::SEE_OTHER, "over at once");
    let mut browser = Browser::signed_in(&sample, "auditor").await;
    let csrf = browser.page("/").await.field("csrf");
    let out = browser.post("/sign-out", &[], &format!("csrf={csrf}")).await;
    assert_eq!(out.header("location"), "/sign-in");
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    browser.keep(&out);
    assert_eq!(browser.get("/documents").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn another_site_can_neither_sign_in_nor_out() {
    let sample = Sample::new().await;
    let browser = Browser::signed_in(&sample, "auditor").await;
    let csrf = browser.page("/").await.field("csrf");
    for (path, form) in
        [("/sign-in", "token=auditor".to_owned()), ("/sign-out", format!("csrf={csrf}"))]
    {
        for headers in [
            [("origin", "https://evil.example"), ("x-a", "b")],
            [("origin", "null"), ("x-a", "b")],
            [("origin", "http://127.0.0.1:9999"), ("x-a", "b")],
            [("sec-fetch-site", "cross-site"), ("x-a", "b")],
            [("sec-fetch-site", "same-site"), ("origin", "http://127.0.0.1")],
        ] {
            let answer = browser.post(path, &headers, &form).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {headers:?}");
            assert_eq!(answer.header("set-cookie"), "");
        }
        let own = [("sec-fetch-site", "same-origin"), ("origin", "http://127.0.0.1")];
        assert_eq!(browser.post(path, &own, &form).await.status, StatusCode::SEE_OTHER, "{path}");
    }
}
