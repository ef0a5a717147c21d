// SPDX-License-Identifier: Apache-2.0
//! The ERP's own book: what was posted comes back as it was sent, and the trial balance is its sum.

use model::code::Code;
use time::Duration;

use super::Fixture;
use crate::erp::{Balance, BookedDocument, Submitted};

async fn whole_book(fixture: &Fixture, limit: usize) -> Vec<BookedDocument> {
    let mut documents = Vec::new();
    let mut after: Option<Code> = None;
    loop {
        let page = fixture.erp.book.documents(after.as_ref(), limit).await.expect("a page");
        assert!(page.documents.len() <= limit, "a page is no longer than it may be");
        documents.extend(page.documents);
        assert!(page.next.is_none() || page.next != after, "the cursor moves");
        after = page.next;
        if after.is_none() {
            return documents;
        }
    }
}

pub async fn posted_documents_are_read_back_in_order_and_line_by_line(fixture: &Fixture) {
    let mut posted = Vec::new();
    for key in ["contract-book-b", "contract-book-a", "contract-book-c"] {
        posted.push((fixture.under(key), fixture.post(&fixture.under(key)).await));
    }
    let documents = whole_book(fixture, 2).await;
    assert_eq!(documents, whole_book(fixture, 100).await, "pages do not matter");
    let ours: Vec<&BookedDocument> = documents
        .iter()
        .filter(|one| posted.iter().any(|(journal, _)| one.key.as_ref() == Some(&journal.key)))
        .collect();
    assert_eq!(ours.len(), posted.len());
    for (booked, (journal, document)) in ours.into_iter().zip(&posted) {
        assert_eq!(booked.key.as_ref(), Some(&journal.key), "in the order of posting");
        assert_eq!(booked.document, *document);
        assert_eq!((&booked.entity, booked.date), (&journal.entity, journal.date));
        assert_eq!(booked.lines, journal.lines);
    }
}

pub async fn a_draft_is_not_in_the_book(fixture: &Fixture) {
    if !fixture.drafts() {
        return;
    }
    let journal = fixture.under("contract-book-draft");
    let submitted = fixture.erp.journals.submit(&journal).await.expect("an answer");
    let Submitted::Drafted { document } = submitted else { panic!("{submitted:?}") };
    let documents = whole_book(fixture, 100).await;
    assert!(documents.iter().all(|one| one.key.as_ref() != Some(&journal.key)));
    fixture.erp.journals.discard(&document).await.expect("discarded");
}

pub async fn the_trial_balance_is_the_sum_of_the_book(fixture: &Fixture) {
    fixture.post(&fixture.under("contract-trial")).await;
    let (entity, date) = (&fixture.journal.entity, fixture.journal.date);
    let documents = whole_book(fixture, 100).await;
    let own = documents.iter().filter(|one| one.entity == *entity && one.date == date);
    let sums = Balance::of(own.flat_map(|one| &one.lines)).expect("small sums");
    assert!(!sums.is_empty());
    let trial = |from, to| fixture.erp.balances.trial(entity, from, to);
    assert_eq!(trial(date, date).await.expect("a trial balance"), sums);
    let day = Duration::days(1);
    assert_eq!(trial(date - day, date + day).await.expect("a trial balance"), sums);
    let later = trial(date + day, date + day).await.expect("a trial balance");
    assert_eq!(later, Vec::new(), "nothing is booked on the next day");
}
