// SPDX-License-Identifier: Apache-2.0
//! What a later payer reports applies only to what is open at it; the rest is work for a person (B5).

use model::money::Minor;

use crate::account::{Account, Adjudication, Balances};

/// How much a payer's own amounts may still take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cap {
    Unlimited,
    /// Open at the payer, and what was asked for beyond it.
    Open {
        left: Minor,
        excess: Minor,
    },
}

impl Cap {
    /// Later payers of guarded claims are capped by what is open after their payment.
    pub fn of(account: &Account, adjudication: &Adjudication, balances: &Balances) -> Self {
        let guarded = account.opening.is_some() || !adjudication.legacy;
        let later = adjudication.rank().is_some_and(|rank| rank > 1);
        if !guarded || !later {
            return Cap::Unlimited;
        }
        Cap::Open { left: balances.at(&adjudication.payer).max(0), excess: 0 }
    }

    /// What may be applied of an amount.
    pub fn take(&mut self, amount: Minor) -> Minor {
        match self {
            Cap::Unlimited => amount,
            Cap::Open { left, excess } => {
                let taken = amount.min(*left);
                *left -= taken;
                *excess += amount - taken;
                taken
            }
        }
    }

    pub fn excess(&self) -> Minor {
        match self {
            Cap::Unlimited => 0,
            Cap::Open { excess, .. } => *excess,
        }
    }
}
