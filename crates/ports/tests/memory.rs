// SPDX-License-Identifier: Apache-2.0
//! The book in memory passes the suite that every book passes, and its faults do what they say.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use ports::book::{Applied, ApplyError, Book, Effects, StepKey};
use ports::contract::{Fixture, Intake};
use ports::memory::{Fault, MemoryBook, Operation};

async fn fresh() -> Fixture {
    let book = MemoryBook::new();
    let clock = book.clock().clone();
    let shared = Arc::new(book);
    Fixture {
        book: shared.clone(),
        inquiry: shared.clone(),
        feed: shared.clone(),
        log_proof: shared.clone(),
        intake: Intake {
            book: shared.clone(),
            feed: shared.clone(),
            raw: shared.clone(),
            vault: shared,
        },
        pass: Arc::new(move |length| {
            clock.advance(length);
            futures::future::ready(()).boxed()
        }),
        keep: Arc::new(()),
    }
}

ports::book_contract!(fresh);

#[tokio::test]
async fn the_whole_suite_runs_in_a_row_and_names_its_rules() {
    ports::contract::all(fresh).await;
    assert!(ports::contract::RULES.len() > 50);
}

const LONG: Duration = Duration::from_secs(600);

#[tokio::test]
async fn an_injected_fault_does_exactly_what_it_says() {
    let step = StepKey("step".into());
    let cases = [
        (Fault::UnknownLost, ApplyError::CommitUnknown, false),
        (Fault::UnknownApplied, ApplyError::CommitUnknown, true),
        (Fault::StaleFence, ApplyError::StaleFence { lane: "lane".into() }, false),
    ];
    for (fault, error, applied) in cases {
        let book = MemoryBook::new();
        let lease = book.lease(&"lane".into(), &"a".into(), LONG).await.expect("works");
        let fence = lease.expect("free").fence;
        book.fail_next_apply(fault);
        assert_eq!(book.apply(&fence, &Effects::new("step")).await, Err(error), "{fault:?}");
        assert_eq!(book.applied(&step).await, Ok(applied), "{fault:?}");
    }
}

#[tokio::test]
async fn a_crash_never_returns_and_a_fork_goes_its_own_way() {
    for (fault, applied) in [(Fault::CrashBefore, false), (Fault::CrashAfter, true)] {
        let book = MemoryBook::new();
        book.fail_next_apply(fault);
        let crashed = book.apply_unfenced(&Effects::new("step")).now_or_never();
        assert_eq!(crashed, None);
        assert_eq!(book.applied(&StepKey("step".into())).await, Ok(applied));
        let fork = book.fork();
        let done = fork.apply_unfenced(&Effects::new("other")).await;
        assert_eq!(done, Ok(Applied::Now));
        assert_eq!(book.applied(&StepKey("other".into())).await, Ok(false));
        fork.clock().advance(LONG);
        assert_ne!(fork.clock().now(), book.clock().now());
    }
}

#[tokio::test]
async fn a_plan_is_asked_before_every_operation() {
    let book = MemoryBook::new();
    let (sender, receiver) = std::sync::mpsc::channel();
    book.plan_faults(Box::new(move |operation| {
        sender.send(operation).expect("the test listens");
        (operation == Operation::Due).then_some(Fault::Transient)
    }));
    assert!(book.due(&"lane".into(), 1).await.is_err());
    book.apply_unfenced(&Effects::new("step")).await.expect("works");
    book.calm();
    assert_eq!(book.due(&"lane".into(), 1).await, Ok(Vec::new()));
    assert_eq!(receiver.iter().collect::<Vec<_>>(), [Operation::Due, Operation::Apply]);
}
