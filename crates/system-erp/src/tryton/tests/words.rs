// SPDX-License-Identifier: Apache-2.0
//! The table of refusals, entry by entry, with the texts that a Tryton 8.2 gave.

use ports::erp::RejectionCode;

use super::super::errors::{self, REFUSALS};
use super::told::journal;

/// What a real one said, and what it means to us.
const TOLD: [(&str, RejectionCode); 17] = [
    (
        "You cannot create a journal-period in closed period \"2026-10\".",
        RejectionCode::PeriodClosed,
    ),
    (
        "You cannot add/modify/delete lines on closed journal-period \"Miscellaneous - 2026-10\".",
        RejectionCode::PeriodClosed,
    ),
    (
        "To continue, you must reopen the period \"2026-10\" of company \"LVH\" for the date \
         \"2026-10-15\".",
        RejectionCode::PeriodClosed,
    ),
    (
        "The value \"2026-11\" for field \"Period\" in record \"(6)\" of \"Account Move\" is not \
         valid according to its domain.",
        RejectionCode::PeriodClosed,
    ),
    (
        "The value \"facility - facility\" for field \"Account\" in record \"(14)\" of \"Analytic \
         Account Line\" is not valid according to its domain.",
        RejectionCode::DimensionUnknown,
    ),
    (
        "The value \"777\" for field \"Account\" in \"Analytic Account Line\" does not exist.",
        RejectionCode::DimensionUnknown,
    ),
    (
        "The value \"1290 - Allowance\" for field \"Account\" in record \"$12.50 @ 1290\" of \
         \"Account Move Line\" is not valid according to its domain.",
        RejectionCode::AccountInactive,
    ),
    (
        "To create a line on account \"1290 - Allowance\", you must set a type or unclose it.",
        RejectionCode::AccountInactive,
    ),
    (
        "The value \"8\" for field \"Move\" in \"Account Move Line\" does not exist.",
        RejectionCode::AccountUnknown,
    ),
    (
        "To post move \"(3)\", you must balance all its lines debits and credits.",
        RejectionCode::Unbalanced,
    ),
    (
        "The number of digits in the value \"'10.001'\" for field \"Credit\" in record \"-$10.00 @ \
         1290\" of \"Account Move Line\" exceeds the limit of \"(None, 2)\".",
        RejectionCode::PrecisionExceeded,
    ),
    (
        "A value is required for field \"Party\" in record \"-$10.00 @ 1290\" of \"Account Move \
         Line\".",
        RejectionCode::PartyRequired,
    ),
    (
        "To create a line on account \"1290 - Allowance\", you must set a party on line \"-$10.00 @ \
         1290\".",
        RejectionCode::PartyRequired,
    ),
    (
        "To create a line on account \"1290 - Allowance\", you must remove the party on line \
         \"-$10.00 @ 1290\".",
        RejectionCode::PartyForbidden,
    ),
    ("You are not allowed to access \"Account Move\".", RejectionCode::NotPermitted),
    ("You cannot modify posted move \"1\".", RejectionCode::Other),
    ("To post move \"(17)\", you must fill in its lines.", RejectionCode::Other),
];

#[test]
fn every_entry_of_the_table_is_met_by_what_it_was_written_for() {
    for (place, (text, code)) in TOLD.iter().enumerate() {
        assert_eq!(errors::code(400, text), *code, "{text}");
        let (status, patterns, _) = REFUSALS[place];
        assert!(status == 400 && patterns.iter().all(|pattern| text.contains(pattern)), "{text}");
        let before = &REFUSALS[..place];
        let shadowed = before.iter().any(|own| own.1.iter().all(|pattern| text.contains(pattern)));
        assert!(!shadowed, "an entry before it decides: {text}");
    }
}

#[test]
fn what_is_in_no_entry_is_other_and_so_is_another_status() {
    assert_eq!(errors::code(400, "The moon is in the wrong house."), RejectionCode::Other);
    let balance = "To post move \"(3)\", you must balance all its lines debits and credits.";
    assert_eq!(errors::code(500, balance), RejectionCode::Other);
}

#[test]
fn a_refusal_is_given_to_the_lines_whose_account_it_names() {
    let (ended, _) = TOLD[6];
    let told = errors::rejections(400, ended, &journal("K1"));
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].code, told[0].line), (RejectionCode::AccountInactive, Some(1)));
    assert_eq!(told[0].text, ended);
    let (closed, _) = TOLD[0];
    let told = errors::rejections(400, closed, &journal("K1"));
    assert_eq!((told.len(), told[0].line), (1, None));
}
