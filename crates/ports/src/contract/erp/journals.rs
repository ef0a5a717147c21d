// SPDX-License-Identifier: Apache-2.0
//! Posting as the port promises it: once, under a key that finds it, and nothing left of what was
//! refused.

use model::code::Code;

use super::Fixture;
use crate::erp::{FoundState, JournalDocument, RejectionCode, Submitted};
use crate::failure::Failure;

pub async fn a_journal_is_posted_once_and_found_by_its_key(fixture: &Fixture) {
    let journal = fixture.under("contract-once");
    let document = fixture.post(&journal).await;
    let found = fixture.erp.journals.find(&journal.key).await.expect("an answer");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].document, document);
    assert_eq!((found[0].state, found[0].total), (FoundState::Posted, fixture.total()));
}

pub async fn a_key_that_was_never_sent_finds_nothing(fixture: &Fixture) {
    let journal = fixture.under("contract-never");
    assert_eq!(fixture.erp.journals.find(&journal.key).await, Ok(Vec::new()));
}

async fn draft(fixture: &Fixture, journal: &JournalDocument) -> Code {
    let submitted = fixture.erp.journals.submit(journal).await.expect("an answer");
    let Submitted::Drafted { document } = submitted else { panic!("{submitted:?}") };
    document
}

pub async fn a_draft_is_posted_once_and_stays_posted(fixture: &Fixture) {
    if !fixture.drafts() {
        return;
    }
    let journals = &fixture.erp.journals;
    let journal = fixture.under("contract-draft");
    let (wanted, twin) = (draft(fixture, &journal).await, draft(fixture, &journal).await);
    assert_eq!(fixture.found(&journal, FoundState::Draft).await.len(), 2);
    let posted = journals.post(&wanted, &journal.key).await.expect("posted");
    assert_eq!(posted, Submitted::Posted { document: wanted.clone() });
    assert_eq!(journals.post(&wanted, &journal.key).await.expect("posted"), posted);
    journals.discard(&twin).await.expect("discarded");
    assert_eq!(fixture.found(&journal, FoundState::Draft).await, Vec::<Code>::new());
    let refused = journals.discard(&wanted).await.expect_err("a posted document stays");
    assert!(matches!(refused, Failure::Business { .. }), "{refused:?}");
    assert_eq!(fixture.found(&journal, FoundState::Posted).await, vec![wanted]);
}

pub async fn a_draft_of_another_key_is_never_taken_for_ours(fixture: &Fixture) {
    if !fixture.drafts() {
        return;
    }
    let journals = &fixture.erp.journals;
    let (theirs, ours) = (fixture.under("contract-theirs"), fixture.under("contract-ours"));
    let draft = draft(fixture, &theirs).await;
    journals.post(&draft, &theirs.key).await.expect("posted");
    let doubt = journals.post(&draft, &ours.key).await.expect_err("it is not ours");
    assert!(matches!(doubt, Failure::OutcomeUnknown { .. }), "{doubt:?}");
}

pub async fn a_discarded_draft_is_gone_and_gone_is_success(fixture: &Fixture) {
    if !fixture.drafts() {
        return;
    }
    let journals = &fixture.erp.journals;
    let journal = fixture.under("contract-discard");
    let draft = draft(fixture, &journal).await;
    journals.discard(&draft).await.expect("discarded");
    journals.discard(&draft).await.expect("gone is as good");
    assert_eq!(journals.find(&journal.key).await, Ok(Vec::new()));
    let posted = journals.post(&draft, &journal.key).await;
    assert!(!matches!(posted, Ok(Submitted::Posted { .. })), "{posted:?}");
}

pub async fn what_is_refused_says_why_and_leaves_nothing(fixture: &Fixture) {
    let mut closed = fixture.under("contract-closed");
    closed.date = fixture.closed_on;
    let mut unknown = fixture.under("contract-unknown");
    unknown.lines[1].account = Code::new("no-such-account");
    let mut inactive = fixture.under("contract-inactive");
    inactive.lines[0].department = fixture.inactive_department.clone();
    let mut strange = fixture.under("contract-strange");
    strange.lines[1].facility = Code::new("no-such-facility");
    let mut unbalanced = fixture.under("contract-unbalanced");
    unbalanced.lines[0].debit += 1;
    for (journal, code, line) in [
        (closed, RejectionCode::PeriodClosed, None),
        (unknown, RejectionCode::AccountUnknown, Some(1)),
        (inactive, RejectionCode::DimensionInactive, Some(0)),
        (strange, RejectionCode::DimensionUnknown, Some(1)),
        (unbalanced, RejectionCode::Unbalanced, None),
    ] {
        let journals = &fixture.erp.journals;
        let mut answer = journals.submit(&journal).await.expect("a definite answer");
        if let Submitted::Drafted { document } = &answer {
            answer = journals.post(document, &journal.key).await.expect("a definite answer");
        }
        let Submitted::Rejected(why) = answer else { panic!("{}: {answer:?}", journal.key) };
        let told = why.iter().any(|one| one.code == code && (one.line == line || line.is_none()));
        assert!(told, "{}: {why:?}", journal.key);
        let left = journals.find(&journal.key).await.expect("an answer");
        assert!(left.is_empty(), "{}: {left:?}", journal.key);
    }
}
