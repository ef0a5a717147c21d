// SPDX-License-Identifier: Apache-2.0
//! A held claim keeps clearing whole: its payment stands on 2105, a negative one on 1095, so that per
//! transaction the clearing lines always sum to the payment.

use model::code::Code;
use model::event::v1::ClaimAdjudicated;
use model::exception;
use model::money::Minor;
use model::role::Role;
use model::row::Purpose;
use model::token::Token;

use crate::account::{Adjudication, HoldWith, Leg, Post};
use crate::claim::classify::all_adjustments;

/// The hold of an amount that came with the payment; nothing for zero.
pub fn legs(payer: &Code, amount: Minor) -> Vec<Leg> {
    let clearing = Post::payer(Role::Clearing, payer);
    let leg = if amount < 0 {
        Leg::signed(
            Post::payer(Role::ProviderSuspense, payer),
            clearing,
            amount.saturating_neg(),
            Purpose::Hold,
        )
    } else {
        Leg::signed(clearing, Post::payer(Role::Quarantine, payer), amount, Purpose::Hold)
    };
    leg.into_iter().map(Leg::in_books_of_cash).collect()
}

/// The hold of an adjudication, in the books of the owner of the cash.
pub fn of(adjudication: &Adjudication) -> Vec<Leg> {
    match &adjudication.barred {
        Some(barred) => of_amount(&adjudication.payer, adjudication.paid, &barred.hold),
        None => legs(&adjudication.payer, adjudication.paid),
    }
}

/// The hold of an amount, shown as it is told.
pub fn of_amount(payer: &Code, amount: Minor, hold: &HoldWith) -> Vec<Leg> {
    match hold {
        HoldWith::OwnDimensions => legs(payer, amount),
        HoldWith::Dimensions { payer, .. } => legs(payer, amount),
        HoldWith::NoRows => Vec::new(),
    }
}

/// Why a claim cannot be booked whatever else is known of it.
pub fn barred(claim: &ClaimAdjudicated<Token>, amount_minor_max: Minor) -> Option<exception::Code> {
    let too_large = |amount: Minor| amount.unsigned_abs() > amount_minor_max.unsigned_abs();
    let own = [claim.charge, claim.paid];
    let adjusted = all_adjustments(claim).map(|(one, _)| one.amount);
    if own.into_iter().chain(adjusted).any(too_large) {
        return Some(exception::Code::Overflow);
    }
    if claim.lines_out_of_balance > 0 {
        return Some(exception::Code::BalanceLine);
    }
    if !claim.balanced {
        return Some(exception::Code::BalanceClaim);
    }
    None
}
