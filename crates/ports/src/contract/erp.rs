// SPDX-License-Identifier: Apache-2.0
//! The rules that every ERP adapter keeps, whatever its posting mode, written from the promises of the
//! port. `all` runs them over one instance; each rule books under keys of its own.

use std::any::Any;
use std::sync::Arc;

use model::code::Code;
use model::journal::JournalKey;
use model::money::{Minor, checked_sum};
use time::Date;

use crate::erp::{Erp, FoundState, JournalDocument, PostingMode, Submitted};

pub mod book;
pub mod journals;
pub mod master;

/// An instance, and what has to be known of it to ask it questions.
#[derive(Clone)]
pub struct Fixture {
    pub erp: Erp,
    /// A sound journal; the rules give it keys of their own.
    pub journal: JournalDocument,
    /// A day in a period of the journal's entity that is closed.
    pub closed_on: Date,
    pub inactive_department: Code,
    /// Whatever has to live as long as the instance does.
    pub keep: Arc<dyn Any + Send + Sync>,
}

impl Fixture {
    pub fn under(&self, key: &str) -> JournalDocument {
        JournalDocument { key: JournalKey(Code::new(key)), ..self.journal.clone() }
    }

    pub fn total(&self) -> Minor {
        checked_sum(self.journal.lines.iter().map(|line| line.debit)).expect("a small sample")
    }

    /// Submits a journal, and posts its draft where there is one.
    pub async fn post(&self, journal: &JournalDocument) -> Code {
        let journals = &self.erp.journals;
        match journals.submit(journal).await.expect("an answer") {
            Submitted::Posted { document } => document,
            Submitted::Drafted { document } => {
                let posted = journals.post(&document, &journal.key).await.expect("an answer");
                let Submitted::Posted { document } = posted else { panic!("{posted:?}") };
                document
            }
            Submitted::Rejected(why) => panic!("a sound journal is refused: {why:?}"),
        }
    }

    /// The documents that a key finds in a state.
    pub async fn found(&self, journal: &JournalDocument, state: FoundState) -> Vec<Code> {
        let found = self.erp.journals.find(&journal.key).await.expect("an answer");
        let found = found.into_iter().filter(|one| one.state == state);
        found.map(|one| one.document).collect()
    }

    pub fn drafts(&self) -> bool {
        match self.erp.journals.capabilities().mode {
            PostingMode::CreateThenPost => true,
            PostingMode::NativeKey | PostingMode::Keyless => false,
        }
    }
}

/// Every rule in a row.
pub async fn all(fixture: &Fixture) {
    journals::a_journal_is_posted_once_and_found_by_its_key(fixture).await;
    journals::a_key_that_was_never_sent_finds_nothing(fixture).await;
    journals::a_draft_is_posted_once_and_stays_posted(fixture).await;
    journals::a_draft_of_another_key_is_never_taken_for_ours(fixture).await;
    journals::a_discarded_draft_is_gone_and_gone_is_success(fixture).await;
    journals::what_is_refused_says_why_and_leaves_nothing(fixture).await;
    book::posted_documents_are_read_back_in_order_and_line_by_line(fixture).await;
    book::a_draft_is_not_in_the_book(fixture).await;
    book::the_trial_balance_is_the_sum_of_the_book(fixture).await;
    master::what_the_sample_needs_is_there_and_active(fixture).await;
    master::what_is_closed_or_switched_off_is_told(fixture).await;
}
