// SPDX-License-Identifier: Apache-2.0
//! Faults of the ERP: what is called transient or rejected is not in its book, and what may be in
//! its book is called unknown.

use std::time::Duration;

use ports::erp::Submitted;
use ports::failure::Failure;
use simulator::erp::Mode;

use super::world::{CALL_MAX, World, config, connect, journal, kind};

/// Fault, what the adapter says, whether the document is in the book.
const FAULTS: [(&str, &str, bool); 15] = [
    ("slow:1", "done", true),
    ("too_many_requests:7", "transient", false),
    ("fail_before_commit", "unknown", false),
    ("drop_before_commit", "unknown", false),
    ("commit_then_500", "unknown", true),
    ("commit_and_drop", "unknown", true),
    ("commit_after_timeout:2000", "unknown", true),
    ("commit_after_resend:2000", "unknown", true),
    ("error_inside_200", "unknown", false),
    ("html_inside_200", "unknown", true),
    ("html_before_commit", "unknown", false),
    ("truncated_json", "unknown", true),
    ("wrong_document_id", "unknown", true),
    ("closed_period", "rejected", false),
    ("inactive_dimension", "rejected", false),
];

fn said(result: &Result<Submitted, Failure>) -> &'static str {
    match result {
        Ok(Submitted::Posted { .. } | Submitted::Drafted { .. }) => "done",
        Ok(Submitted::Rejected(_)) => "rejected",
        Err(failure) => kind(failure),
    }
}

/// The adapter that meets the fault: one that does not wait for what is meant to come late.
async fn caller(world: &World, fault: &str) -> ports::erp::Erp {
    if fault.starts_with("commit_after") {
        return world.impatient().await;
    }
    world.fresh().await
}

/// Waits until the look-up of a key gives so many documents, at most ten seconds.
async fn until_found(world: &World, key: &str, count: usize) {
    for _ in 0..400 {
        let found = world.fresh().await.journals.find(&journal(key).key).await;
        if found.is_ok_and(|found| found.len() == count) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{key} is not found {count} times");
}

#[tokio::test]
async fn every_fault_of_a_submission_is_told_as_what_is_known() {
    for mode in [Mode::NativeKey, Mode::CreateThenPost, Mode::Keyless] {
        let world = World::new(mode).await;
        world.erp.journals.submit(&journal("OTHER")).await.expect("a neighbour");
        for (fault, wanted, committed) in FAULTS {
            world.next_fault(fault).await;
            let result = caller(&world, fault).await.journals.submit(&journal(fault)).await;
            assert_eq!(said(&result), wanted, "{mode}, {fault}: {result:?}");
            until_found(&world, fault, usize::from(committed)).await;
        }
    }
}

#[tokio::test]
async fn every_fault_of_a_posting_is_told_as_what_is_known() {
    let world = World::new(Mode::CreateThenPost).await;
    let other = world.erp.journals.submit(&journal("OTHER")).await.expect("a neighbour");
    let Submitted::Drafted { document } = other else { panic!("{other:?}") };
    world.erp.journals.post(&document, &journal("OTHER").key).await.expect("posted");
    for (fault, wanted, committed) in FAULTS {
        let journals = world.fresh().await.journals;
        let submitted = journals.submit(&journal(fault)).await.expect("a draft");
        let Submitted::Drafted { document } = submitted else { panic!("{submitted:?}") };
        world.next_fault(&format!("post@{fault}")).await;
        let journals = caller(&world, fault).await.journals;
        let result = journals.post(&document, &journal(fault).key).await;
        assert_eq!(said(&result), wanted, "{fault}: {result:?}");
        // A refused draft is removed; any other is still there, posted or not.
        until_found(&world, fault, usize::from(wanted != "rejected")).await;
        for _ in 0..400 {
            if world.posted(fault) == usize::from(committed) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        assert_eq!(world.posted(fault), usize::from(committed), "{fault}");
    }
}

#[tokio::test]
async fn the_time_that_the_erp_asks_for_is_passed_on() {
    let world = World::new(Mode::Keyless).await;
    world.next_fault("too_many_requests:7").await;
    let failure = world.erp.journals.submit(&journal("K1")).await.expect_err("busy");
    let Failure::Transient { after, .. } = failure else { panic!("{failure:?}") };
    assert_eq!(after, Some(Duration::from_secs(7)));
}

#[tokio::test]
async fn a_look_up_that_fails_is_not_an_empty_one() {
    let world = World::new(Mode::Keyless).await;
    for fault in [
        "drop_before_commit",
        "fail_before_commit",
        "html_inside_200",
        "truncated_json",
        "error_inside_200",
    ] {
        world.next_fault(&format!("lookup@{fault}")).await;
        let failure = world.fresh().await.journals.find(&journal("K1").key).await;
        assert_eq!(kind(&failure.expect_err(fault)), "transient", "{fault}");
    }
}

#[tokio::test]
async fn an_erp_that_is_not_there_is_transient_and_a_wrong_address_a_defect() {
    let world = World::new(Mode::Keyless).await;
    let url = world.running.url();
    let journals = world.erp.journals.clone();
    world.running.stop().await.expect("it ends");
    let failure = journals.submit(&journal("K1")).await.expect_err("nobody is there");
    assert_eq!(kind(&failure), "transient", "{failure:?}");
    let failure = connect("gl", &config(&url), CALL_MAX).await.err().expect("nobody is there");
    assert_eq!(kind(&failure), "transient", "{failure:?}");
    let beyond = config("http://192.0.2.1:80");
    let failure = connect("gl", &beyond, CALL_MAX).await.err().expect("out of reach");
    assert_eq!(kind(&failure), "defect", "{failure:?}");
}
