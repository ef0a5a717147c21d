// SPDX-License-Identifier: Apache-2.0
//! Native key: the key belongs to the first body that came with it, for ever.

use super::super::answer::Answer;
use super::super::journal::Journal;
use super::super::ledger::Ledger;

/// Longest key that is taken.
const KEY_CHARS_MAX: usize = 200;

/// Posts the journal, or gives the document that this key already has.
pub fn create(ledger: &mut Ledger, journal: Journal, key: Option<String>) -> Answer {
    let Some(key) = key.filter(|key| !key.is_empty() && key.chars().count() <= KEY_CHARS_MAX)
    else {
        return Answer::error(
            400,
            "KEY_REQUIRED",
            "send an Idempotency-Key of 1 to 200 characters",
        );
    };
    if let Some(known) = ledger.by_key(&key) {
        if known.journal == journal {
            return Answer::ok(200, known.summary());
        }
        return Answer::error(409, "KEY_REUSED", "this key belongs to another journal");
    }
    ledger.post_new(journal, Some(key))
}
