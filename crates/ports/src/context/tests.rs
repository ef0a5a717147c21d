// SPDX-License-Identifier: Apache-2.0
//! Whom a task asks for: what is set around it holds inside, and nowhere else.
//! A token never shows.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::*;

fn user() -> Caller {
    let principal = Principal {
        subject: Code::new("anna"),
        tenant: Code::new("north"),
        permissions: BTreeSet::new(),
        entities: BTreeSet::new(),
    };
    Caller::User { principal, bearer: Bearer::new("secret.token") }
}

#[tokio::test]
async fn a_caller_holds_inside_its_scope_and_not_in_a_spawned_task() {
    assert!(current().is_none());
    scope(user(), async {
        let Some(Caller::User { principal, bearer }) = current() else { panic!("a user is set") };
        assert_eq!((&*principal.subject, bearer.as_header()), ("anna", "secret.token"));
        scope(Caller::Service(Code::new("intake")), async {
            assert!(matches!(current(), Some(Caller::Service(role)) if &*role == "intake"));
        })
        .await;
        assert!(matches!(current(), Some(Caller::User { .. })));
        let elsewhere = tokio::spawn(async { current().is_none() }).await;
        assert!(elsewhere.expect("it ran"), "a spawned task begins without a caller");
    })
    .await;
    assert!(current().is_none());
}

#[tokio::test]
async fn a_deadline_is_only_ever_brought_forward() {
    let soon = Instant::now() + Duration::from_secs(1);
    let late = soon + Duration::from_secs(1);
    within(soon, async {
        within(late, async { assert_eq!(deadline(), Some(soon)) }).await;
    })
    .await;
    within(late, async {
        within(soon, async { assert_eq!(deadline(), Some(soon)) }).await;
        assert_eq!(deadline(), Some(late));
    })
    .await;
    assert_eq!(deadline(), None);
}

#[test]
fn a_caller_is_named_without_its_token() {
    assert_eq!(user().to_string(), "anna");
    assert_eq!(Caller::Service(Code::new("intake")).to_string(), "the role intake");
}
