// SPDX-License-Identifier: Apache-2.0
//! The suites that every implementation of a port passes, one function per rule, written from the
//! promises in the ports' own docs.
//!
//! `ports::book_contract!(path::to::factory)` makes one `#[tokio::test]` of each rule; the factory is
//! an `async fn() -> Fixture` and gives a fresh, empty book each time. `all` runs them in a row.

pub mod erp;
pub mod feed;
pub mod inbox;
pub mod inquiry;
pub mod journals;
pub mod leases;
pub mod log_proof;
pub mod posted;
pub mod raw;
pub mod rows;
pub mod samples;
pub mod steps;
pub mod units;

use std::any::Any;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;

use crate::book::Book;
use crate::feed::Feed;
use crate::inquiry::Inquiry;
use crate::log_proof::LogProof;
use crate::raw::RawStore;
use crate::vault::Vault;

/// Lets at least so much time pass by the book's own clock.
pub type Pass = Arc<dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync>;

/// A fresh, empty book of a process and one of intake; they may be the same.
#[derive(Clone)]
pub struct Fixture {
    pub book: Arc<dyn Book>,
    pub inquiry: Arc<dyn Inquiry>,
    pub feed: Arc<dyn Feed>,
    pub log_proof: Arc<dyn LogProof>,
    pub intake: Intake,
    pub pass: Pass,
    /// Whatever has to live as long as the books do.
    pub keep: Arc<dyn Any + Send + Sync>,
}

/// The record of the room that takes raw documents.
#[derive(Clone)]
pub struct Intake {
    pub book: Arc<dyn Book>,
    pub feed: Arc<dyn Feed>,
    pub raw: Arc<dyn RawStore>,
    pub vault: Arc<dyn Vault>,
}

/// Hands the list of all rules to `$callback!`, each as `module::rule`.
#[doc(hidden)]
#[macro_export]
macro_rules! book_contract_rules {
    ($callback:ident, $argument:path) => {
        $crate::$callback! {
            $argument;
            leases::a_free_lane_is_leased_by_the_clock_of_the_book,
            leases::a_held_lane_is_refused_to_others,
            leases::the_holder_renews_under_the_same_fence,
            leases::a_lease_that_ran_out_goes_to_another_under_a_higher_fence,
            leases::the_same_holder_after_its_lease_ran_out_gets_a_higher_fence,
            leases::a_released_lane_is_free_at_once_under_a_higher_fence,
            leases::a_stale_fence_changes_nothing,
            leases::a_holder_is_told_that_another_asks_for_its_lane,
            leases::a_stale_fence_does_not_release_the_lane_of_another,
            units::due_units_come_by_due_time_and_then_by_id,
            units::a_unit_of_the_future_waits_and_is_announced,
            units::the_same_unit_put_again_is_one_with_the_earlier_time_and_the_newer_body,
            units::a_unit_put_during_its_run_survives_its_take,
            units::a_unit_put_back_waits_with_one_more_attempt,
            units::a_unit_taken_and_put_in_one_transaction_stays_with_its_new_time,
            units::lanes_do_not_mix_and_are_counted_apart,
            steps::a_step_is_applied_once,
            steps::an_unfenced_step_is_applied_once,
            steps::a_refused_transaction_leaves_nothing_behind,
            steps::a_state_changes_only_from_the_version_that_was_read,
            steps::states_that_one_step_put_are_read_and_changed_each_by_itself,
            steps::a_new_item_that_exists_is_left_alone,
            steps::an_item_changes_only_from_the_version_below,
            steps::items_about_a_subject_come_oldest_first,
            steps::an_answer_is_kept_and_cannot_be_given_twice,
            inbox::an_event_that_is_there_is_a_conflict,
            inbox::a_batch_may_go_around_another,
            inbox::entries_of_a_remittance_come_in_order_and_in_pages,
            inbox::batches_of_a_remittance_come_in_order_and_in_pages,
            inbox::a_transition_moves_state_code_and_bookings,
            inbox::a_remittance_is_replaced_as_a_whole_and_found_by_document_and_identity,
            rows::new_rows_are_open_in_order_of_writing,
            rows::a_page_of_open_rows_never_splits_an_event,
            rows::a_row_that_exists_is_refused_with_everything_else,
            rows::a_superseded_row_leaves_the_open_set,
            rows::a_row_keeps_its_target_from_the_open_set_into_its_journal,
            rows::a_row_in_a_live_journal_is_not_superseded,
            journals::a_closed_window_takes_its_rows_out_of_the_open_set,
            journals::rows_that_are_not_open_are_not_closed_again,
            journals::a_journal_key_is_closed_once,
            journals::a_journal_moves_only_from_the_state_that_was_read,
            journals::a_held_journal_leaves_only_by_release_or_rejection,
            journals::one_draft_is_recorded_by_compare_and_set,
            journals::a_rejection_reopens_and_withdraws,
            journals::a_rejection_names_the_whole_membership,
            journals::a_journal_is_rejected_and_its_rows_closed_anew_in_one_transaction,
            posted::an_event_is_posted_when_all_its_live_rows_are,
            posted::a_quarantined_event_with_a_posted_hold_stays_quarantined,
            posted::of_a_batch_that_is_posted_as_a_whole_each_booked_event_is,
            posted::an_event_without_rows_stays_pending_beside_posted_ones,
            posted::a_superseded_row_does_not_hold_its_event_back,
            posted::a_posted_event_ties_to_its_rows_and_an_excluded_one_with_rows_does_not,
            feed::entries_are_numbered_from_one_without_gaps_in_order_of_writing,
            feed::what_has_no_number_yet_is_not_read,
            feed::entries_about_a_subject_are_found,
            log_proof::the_tree_is_over_exactly_the_numbered_entries,
            log_proof::a_leaf_is_the_hash_of_the_entry_in_its_canonical_form,
            log_proof::a_checkpoint_is_kept_once_and_its_root_stands,
            inquiry::the_inbox_is_summed_by_document_kind_and_state,
            inquiry::open_items_are_summed_by_code,
            inquiry::posted_journals_are_summed_from_their_rows,
            inquiry::posted_rows_are_summed_by_role_purpose_and_dimension,
            inquiry::remittances_are_listed_newest_first_behind_a_cursor,
            inquiry::journals_are_listed_newest_first_behind_a_cursor,
            inquiry::items_are_listed_newest_first_behind_a_cursor,
            inquiry::everything_is_found_by_its_id,
            inquiry::rows_of_a_remittance_stand_in_order_with_their_place,
            raw::committed_bytes_come_back_chunk_by_chunk_with_their_work,
            raw::the_same_bytes_again_are_counted_and_nothing_else,
            raw::a_document_settles_and_is_listed_newest_first,
            raw::uploads_never_committed_are_swept_and_documents_stay,
            raw::the_vault_reveals_what_it_kept_and_nothing_else,
            raw::the_vault_says_which_tokens_it_ever_kept,
        }
    };
}

/// One `#[tokio::test]` per rule, over a factory `async fn() -> ports::contract::Fixture`.
#[macro_export]
macro_rules! book_contract {
    ($factory:path) => {
        $crate::book_contract_rules!(book_contract_tests, $factory);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! book_contract_tests {
    ($factory:path; $($group:ident::$rule_name:ident,)*) => {
        $(
            #[tokio::test]
            async fn $rule_name() {
                $crate::contract::$group::$rule_name(&$factory().await).await;
            }
        )*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! book_contract_in_a_row {
    ($factory:path; $($group:ident::$rule_name:ident,)*) => {
        $( $group::$rule_name(&$factory().await).await; )*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! book_contract_names {
    ($ignored:path; $($group:ident::$rule_name:ident,)*) => {
        &[$( concat!(stringify!($group), "::", stringify!($rule_name)), )*]
    };
}

/// The name of every rule.
pub const RULES: &[&str] = crate::book_contract_rules!(book_contract_names, self);

/// Every rule in a row, each over a fresh fixture.
pub async fn all<F, Made>(factory: F)
where
    F: Fn() -> Made,
    Made: Future<Output = Fixture>,
{
    crate::book_contract_rules!(book_contract_in_a_row, factory);
}
