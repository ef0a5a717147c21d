// SPDX-License-Identifier: Apache-2.0
//! What the ERP refuses, in our codes, each met for real.

use model::money::Currency;
use ports::erp::{JournalDocument, Rejection, RejectionCode, Submitted};
use serde_json::json;
use simulator::erp::Mode;
use time::macros::date;

use super::super::mapping::rejection_code;
use super::world::{World, journal, kind};

async fn first_rejection(world: &World, document: &JournalDocument) -> Rejection {
    match world.erp.journals.submit(document).await {
        Ok(Submitted::Rejected(mut why)) => why.remove(0),
        other => panic!("not rejected: {other:?}"),
    }
}

/// The case, the code it must get, and the index of its line.
type Case = (fn(&mut JournalDocument), RejectionCode, Option<usize>);

#[tokio::test]
async fn every_refusal_has_our_code_and_its_line() {
    let world = World::new(Mode::Keyless).await;
    let cases: [Case; 9] = [
        (|one| one.date = date!(2026 - 09 - 15), RejectionCode::PeriodClosed, None),
        (|one| one.date = date!(2031 - 09 - 15), RejectionCode::PeriodClosed, None),
        (|one| one.lines[1].account = "9".into(), RejectionCode::AccountUnknown, Some(1)),
        (|one| one.lines[1].facility = "F9999".into(), RejectionCode::DimensionUnknown, Some(1)),
        (|one| one.lines[0].facility = "F2".into(), RejectionCode::DimensionInactive, Some(0)),
        (|one| one.lines[0].debit = 1, RejectionCode::Unbalanced, None),
        (|one| one.entity = "E9".into(), RejectionCode::NotPermitted, None),
        (|one| one.currency = Currency::parse("EUR").expect("a code"), RejectionCode::Other, None),
        (|one| one.lines.truncate(1), RejectionCode::Other, None),
    ];
    for (number, (spoil, code, line)) in cases.into_iter().enumerate() {
        let mut document = journal("K1");
        spoil(&mut document);
        let why = first_rejection(&world, &document).await;
        assert_eq!((why.code, why.line), (code, line), "case {number}: {}", why.text);
    }
    assert_eq!(world.posted("K1"), 0);

    let inactive =
        json!({ "code": "1290", "name": "Allowance", "nature": "contra_asset", "active": false });
    world.administer("accounts", inactive).await;
    let why = first_rejection(&world, &journal("K1")).await;
    assert_eq!((why.code, why.line), (RejectionCode::AccountInactive, Some(1)));
}

#[tokio::test]
async fn a_draft_whose_period_closes_is_rejected_and_removed() {
    let world = World::new(Mode::CreateThenPost).await;
    let submitted = world.erp.journals.submit(&journal("K1")).await.expect("a draft");
    let Submitted::Drafted { document } = submitted else { panic!("{submitted:?}") };
    let close = json!({ "entity": "E1", "period": "2026-11", "status": "closed" });
    world.administer("periods", close).await;
    let result = world.erp.journals.post(&document, &journal("K1").key).await.expect("an answer");
    let Submitted::Rejected(why) = result else { panic!("{result:?}") };
    assert_eq!(why[0].code, RejectionCode::PeriodClosed);
    let found = world.erp.journals.find(&journal("K1").key).await.expect("an answer");
    assert!(found.is_empty(), "{found:?}");
    assert!(world.book().drafts.is_empty());
}

#[tokio::test]
async fn more_lines_than_the_erp_takes_are_rejected_and_told_beforehand() {
    let world = World::new(Mode::Keyless).await;
    let lines_max = world.erp.journals.capabilities().lines_max;
    let mut document = journal("K1");
    let line = document.lines[0].clone();
    document.lines.extend(std::iter::repeat_n(line, lines_max));
    assert_eq!(first_rejection(&world, &document).await.code, RejectionCode::Other);
}

#[test]
fn a_code_that_nobody_has_mapped_goes_to_a_person() {
    assert_eq!(rejection_code("PRECISION"), RejectionCode::PrecisionExceeded);
    assert_eq!(rejection_code("KEY_REUSED"), RejectionCode::Duplicate);
    assert_eq!(rejection_code("LEDGER_UNKNOWN"), RejectionCode::NotPermitted);
    assert_eq!(rejection_code("DIMENSION_REQUIRED"), RejectionCode::DimensionUnknown);
    assert_eq!(rejection_code("DIMENSION_COMBINATION"), RejectionCode::DimensionUnknown);
    assert_eq!(rejection_code("SOMETHING_NEW"), RejectionCode::Other);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_never_called_done() {
    let world = World::new(Mode::Keyless).await;
    let mut document = journal("K1");
    document.lines[0].account = "9".repeat(5 << 20).into();
    let failure = world.erp.journals.submit(&document).await.expect_err("too large");
    assert!(["defect", "unknown"].contains(&kind(&failure)), "{failure:?}");
    assert_eq!(world.posted("K1"), 0);
}
