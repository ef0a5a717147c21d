// SPDX-License-Identifier: Apache-2.0
//! Where the claim belongs to one entity and the bank account to another, the payment passes through
//! both books: the owner owes it, the claim's entity is owed it, both or neither (B8).

use model::role::Role;
use model::row::Purpose;

use crate::account::{Leg, Place, Post};

/// A leg against clearing as the legs that both books need.
pub fn split(leg: Leg, cash: Option<&Place>) -> Vec<Leg> {
    if cash.is_none() {
        return vec![leg];
    }
    let Leg { debit, credit, amount, purpose, .. } = leg;
    let between = Purpose::Intercompany;
    let (owner, own) = if debit.role == Role::Clearing {
        (
            Leg::signed(debit, Post::plain(Role::DueTo), amount, between),
            Leg::signed(Post::plain(Role::DueFrom), credit, amount, purpose),
        )
    } else {
        (
            Leg::signed(Post::plain(Role::DueTo), credit, amount, between),
            Leg::signed(debit, Post::plain(Role::DueFrom), amount, purpose),
        )
    };
    owner.map(Leg::in_books_of_cash).into_iter().chain(own).collect()
}
