// SPDX-License-Identifier: Apache-2.0
//! Create, then post: a draft has no effect on a balance, is found by its reference, which nothing
//! keeps unique, and can be deleted until it is posted.

use super::super::answer::Answer;
use super::super::journal::{Journal, Status};
use super::super::ledger::Ledger;

pub fn create(ledger: &mut Ledger, journal: Journal) -> Answer {
    ledger.draft_new(journal)
}

/// Posts a draft after checking it again: a period may have closed since.
pub fn post(ledger: &mut Ledger, id: &str) -> Answer {
    match ledger.find(id).map(|document| document.status) {
        None => Answer::error(404, "NOT_FOUND", "there is no such journal"),
        Some(Status::Posted) => {
            Answer::error(409, "ALREADY_POSTED", "this journal is posted already")
        }
        Some(Status::Draft) => ledger.post_draft(id),
    }
}

pub fn delete(ledger: &mut Ledger, id: &str) -> Answer {
    match ledger.find(id).map(|document| document.status) {
        None => Answer::error(404, "NOT_FOUND", "there is no such journal"),
        Some(Status::Posted) => {
            Answer::error(409, "ALREADY_POSTED", "a posted journal is not deleted")
        }
        Some(Status::Draft) => ledger.delete_draft(id),
    }
}
