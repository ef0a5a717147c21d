// SPDX-License-Identifier: Apache-2.0
//! Remittances: one test per case; a folder without a test fails.

use std::collections::BTreeSet;
use std::fs;

use crate::case;

macro_rules! cases {
    ($($name:ident,)*) => {
        $(
            #[test]
            fn $name() {
                case::run("remittance", stringify!($name));
            }
        )*

        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

cases! {
    a_claim_of_an_unknown_facility_is_held_and_replayed,
    a_claim_that_fails_again_has_a_new_item_that_follows_the_first,
    a_claim_that_the_target_refuses_is_held_and_replayed,
    a_crossover_moves_responsibility_to_the_next_payer,
    a_deferred_takeback_is_recovered_by_wo_under_the_same_reference,
    a_deferred_takeback_on_expected_basis,
    a_denial_gives_back_nothing_that_was_expected,
    a_denial_posts_nothing_and_stays_in_receivables,
    a_document_that_differs_from_the_independent_count_posts_nothing,
    a_document_that_was_cut_off_posts_nothing_and_once_when_sent_again,
    a_forwarded_balance_that_is_applied_before_it_is_forwarded,
    a_later_payer_of_a_given_file_is_not_capped,
    a_later_payer_writes_off_only_what_is_open_at_it,
    a_missing_provider_rule_is_added_and_clears_suspense,
    a_missing_rule_is_added_and_only_the_rest_posts,
    a_negative_adjustment_gives_back_a_write_off,
    a_payee_that_is_not_ours_posts_nothing,
    a_payment_for_a_claim_of_another_entity_passes_through_both_books,
    a_prior_payer_shown_on_a_primary_claim_is_queued,
    a_provider_adjustment_without_a_rule_waits_in_suspense,
    a_recovery_that_waited_uses_the_credit_that_a_reversal_makes,
    a_recovery_uses_the_announced_takeback_then_the_credit_of_the_claim_then_suspense,
    a_recovery_without_an_open_reference_waits_in_suspense,
    a_refund_that_was_sent_is_acknowledged_beside_a_reversal,
    a_refund_that_was_sent_is_acknowledged_beside_its_recovery,
    a_remittance_that_takes_money_waits_for_a_person,
    a_remittance_without_a_payment_posts_its_adjustments,
    a_replay_before_posting_leaves_no_trace_in_the_ledger,
    a_reversal_before_its_original_waits_for_it,
    a_reversal_of_a_claim_from_before_the_cut_over_needs_no_original,
    a_reversed_primary_takes_its_transfer_back,
    a_takeback_is_deferred_and_applied_later,
    a_transaction_that_does_not_balance_posts_nothing,
    a_withhold_is_receivable,
    an_adjustment_code_without_a_rule_never_holds_a_claim,
    an_opening_that_comes_late_settles_the_claim_anew,
    an_unknown_facility_may_be_entered_as_provisional,
    an_unknown_payer_holds_all_claims_and_clearing_stays_whole,
    another_currency_is_refused,
    capitation_of_a_payer_without_a_contract_stays_in_receivables,
    capitation_posts_to_its_own_account,
    contract_trued_up_where_less_was_written_down_than_expected,
    contract_trued_up_where_more_was_written_down_than_expected,
    forwarded_and_predetermined_claims_are_noted,
    interest_is_income_never_receivables,
    interest_is_taken_back,
    one_bad_claim_of_three_is_held_and_clearing_stays_whole,
    other_provider_adjustments_post_by_their_code,
    paid_as_expected,
    paid_written_down_and_shared_with_the_patient,
    primary_then_secondary_then_patient,
    responsibility_other_than_deductibles_waits_in_receivables,
    reversal_and_correction_of_a_claim_from_before_the_opening,
    reversal_and_correction_on_actual_basis,
    reversal_undoes_line_for_line_what_the_original_posted,
    secondary_before_primary_ends_the_same,
    the_same_claim_from_another_remittance_is_held_until_a_reversal,
    the_same_remittance_again_has_no_effect,
    the_same_remittance_with_another_content_waits_for_a_person,
    two_persons_leave_a_held_claim_out,
    two_persons_leave_a_held_remittance_out_and_the_other_content_posts,
    what_falls_into_a_closed_period_posts_on_the_next_open_day,
    without_any_open_period_nothing_posts,
}

#[test]
fn every_case_on_disk_is_a_test() {
    let folders = fs::read_dir(case::folder("remittance", "")).expect("the cases are there");
    let names = folders.map(|entry| entry.expect("an entry").file_name().into_string());
    let found: BTreeSet<String> = names.map(|name| name.expect("plain names")).collect();
    let listed: BTreeSet<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(found, listed);
}
