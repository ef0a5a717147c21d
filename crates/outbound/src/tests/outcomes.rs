// SPDX-License-Identifier: Apache-2.0
//! Each way a call can end, and what the caller may conclude from it.

use ports::failure::Failure;
use ports::secret::LiveText;
use serde_json::{Value, json};

use super::other_side::{Answering, OtherSide, answer, ok};
use super::{SECRET, client, destination};
use crate::{Call, Client, Credential, NotSent, Outcome, SecretString, Unknown};

fn submit() -> Call {
    Call::post("journal.submit").path(["v1", "journals"]).json(&json!({"key": "RB-1"}))
}

#[tokio::test]
async fn a_whole_answer_is_read_whatever_its_status() {
    for status in ["200 OK", "201 Created", "409 Conflict", "500 Oops", "503 Later"] {
        let text = answer(status, "retry-after: 7\r\nset-cookie: a=b\r\n", r#"{"document":"7"}"#);
        let other = OtherSide::start(Answering::With(text)).await;
        let Outcome::Answered(answer) = client(other.base.clone()).send(submit()).await else {
            panic!("{status} is an answer");
        };
        assert_eq!(answer.status.to_string(), status[..3]);
        assert_eq!(answer.json::<Value>().expect("JSON")["document"], "7");
        assert_eq!(answer.retry_after().map(|after| after.as_secs()), Some(7));
        assert_eq!(answer.header("set-cookie"), None, "only headers we know are kept");
        assert_eq!(other.arrived(), 1, "nothing is repeated by itself");
    }
}

#[tokio::test]
async fn what_never_left_is_not_sent() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let outcome = client(base).send(submit()).await;
    assert!(matches!(outcome, Outcome::NotSent(NotSent::NoConnection)), "{outcome:?}");
    assert!(matches!(outcome.answered("RB-1"), Err(Failure::Transient { .. })));

    let mut named = destination("http://localhost:9/".to_owned());
    named.base = "http://no-such-host.invalid:9/".to_owned();
    let outcome = crate::Client::new(&named).expect("usable").send(submit()).await;
    assert!(matches!(outcome, Outcome::NotSent(NotSent::NoConnection)), "{outcome:?}");
}

#[tokio::test]
async fn whatever_breaks_after_the_request_left_is_unknown() {
    let whole = ok(r#"{"document":"7"}"#);
    let faults = [
        (Answering::Silence, Unknown::TimedOut),
        (Answering::Reset, Unknown::Broken),
        (Answering::Torn(String::new()), Unknown::Broken),
        (Answering::Torn("HTTP/1.1 20".to_owned()), Unknown::Broken),
        (Answering::Torn(whole[..whole.len() - 3].to_owned()), Unknown::Broken),
        (Answering::Torn("rubbish\r\n\r\n".to_owned()), Unknown::Broken),
        (Answering::With(ok(&"x".repeat(5_000))), Unknown::TooLarge),
    ];
    for (fault, expected) in faults {
        let other = OtherSide::start(fault.clone()).await;
        let outcome = client(other.base.clone()).send(submit()).await;
        let Outcome::Unknown(why) = outcome else { panic!("{fault:?} gave {outcome:?}") };
        assert_eq!(why, expected, "{fault:?}");
        assert_eq!(other.arrived(), 1, "{fault:?}: it arrived, once");
        let failure = outcome.answered("RB-1").expect_err("no answer");
        assert!(matches!(failure, Failure::OutcomeUnknown { key, .. } if key == "RB-1"));
    }
}

#[tokio::test]
async fn a_read_that_went_unanswered_may_be_repeated() {
    let other = OtherSide::start(Answering::Torn(String::new())).await;
    let outcome = client(other.base).send(Call::get("journal.find")).await;
    assert!(matches!(outcome.read(), Err(Failure::Transient { .. })));
}

#[tokio::test]
async fn the_request_carries_credential_path_query_and_body() {
    let other = OtherSide::start(Answering::With(ok("{}"))).await;
    let call = Call::post("journal.submit")
        .path(["v1", "a/b?c#d"])
        .query("key", "RB 1&x=2")
        .header("idempotency-key", "RB-1")
        .json(&json!({"total": "1.00"}));
    assert!(matches!(client(other.base.clone()).send(call).await, Outcome::Answered(_)));
    let seen = other.last();
    assert!(seen.starts_with("POST /api/v1/a%2Fb%3Fc%23d?key=RB+1%26x%3D2 HTTP/1.1"), "{seen}");
    assert!(seen.contains(&format!("authorization: Bearer {SECRET}")));
    assert!(seen.contains("idempotency-key: RB-1"));
    assert!(seen.contains("content-type: application/json"));
    assert!(seen.ends_with(r#"{"total":"1.00"}"#));
}

#[tokio::test]
async fn a_credential_that_changes_is_sent_with_the_next_request() {
    let other = OtherSide::start(Answering::With(ok("{}"))).await;
    let value = LiveText::new(SecretString::from("first"));
    let mut live = destination(other.base.clone());
    live.credential = Credential::Live { scheme: "Bearer", value: value.clone() };
    let client = Client::new(&live).expect("a usable destination");
    for secret in ["first", "second", "third"] {
        value.replace(SecretString::from(secret));
        let outcome = client.send(Call::get("x")).await;
        assert!(matches!(outcome, Outcome::Answered(_)), "{outcome:?}");
        let seen = other.last().to_lowercase();
        assert!(seen.contains(&format!("authorization: bearer {secret}")), "{seen}");
    }
    // What cannot stand in a header is never sent in its place.
    value.replace(SecretString::from("two\nlines"));
    let outcome = client.send(Call::get("x")).await;
    assert!(matches!(outcome, Outcome::NotSent(NotSent::NotAllowed)), "{outcome:?}");
    assert!(!format!("{live:?}").contains("third"));
}

#[tokio::test]
async fn no_secret_and_no_content_is_shown_by_debug() {
    let other = OtherSide::start(Answering::With(ok(r#"{"patient":"MRN-CANARY"}"#))).await;
    let destination = destination(other.base.clone());
    let client = crate::Client::new(&destination).expect("usable");
    let call = Call::post("x").path(["MRN-CANARY"]).query("q", "MRN-CANARY").json("MRN-CANARY");
    let mut shown = format!("{destination:?} {client:?} {call:?}");
    let outcome = client.send(call).await;
    shown.push_str(&format!("{outcome:?}"));
    let Outcome::Answered(answer) = outcome else { panic!("answered") };
    shown.push_str(&answer.json::<Vec<u8>>().expect_err("another shape"));
    assert!(!shown.contains(SECRET) && !shown.contains("MRN-CANARY"), "{shown}");
}
