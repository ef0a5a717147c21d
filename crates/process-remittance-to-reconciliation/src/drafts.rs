// SPDX-License-Identifier: Apache-2.0
//! Legs with the places and items that make them rows of the sub-ledger.

use model::code::Code;
use model::money::Minor;
use model::role::Role;
use model::row::{Purpose, Side};
use serde::{Deserialize, Serialize};

use crate::account::{Adjudication, Barred, Books, HoldWith, Leg, Place, Post, Verdict};

/// A row that is wanted, before it has an id and a date.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Draft {
    pub entity: Code,
    pub debit: Side,
    pub credit: Side,
    pub amount: Minor,
    pub purpose: Purpose,
    pub item: Code,
}

/// The two places that a leg may belong to.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    pub claim: &'a Place,
    pub cash: Option<&'a Place>,
}

impl Places<'_> {
    /// A leg as a row; `item` is what keeps it apart.
    pub fn draft(&self, leg: &Leg, item: &Code) -> Draft {
        let place = match leg.books {
            Books::Claim => self.claim,
            Books::Cash => self.cash.unwrap_or(self.claim),
        };
        let between = [&leg.debit, &leg.credit]
            .iter()
            .any(|post| matches!(post.role, Role::DueTo | Role::DueFrom));
        // Both halves of an intercompany pair carry the same id, and begin with the trace.
        let item = match between {
            true => Code::from(format!("{item}>{}", self.claim.entity)),
            false => item.clone(),
        };
        Draft {
            entity: place.entity.clone(),
            debit: side(&leg.debit, place),
            credit: side(&leg.credit, place),
            amount: leg.amount,
            purpose: leg.purpose,
            item,
        }
    }
}

fn side(post: &Post, place: &Place) -> Side {
    Side {
        role: post.role,
        facility: place.facility.clone(),
        department: place.department.clone(),
        service_line: place.service_line.clone(),
        payer: post.payer.clone().unwrap_or_default(),
    }
}

/// The rows of a claim under a verdict.
pub fn of_claim(one: &Adjudication, verdict: &Verdict) -> Vec<Draft> {
    let mut held_at = one.cash.clone().unwrap_or_else(|| one.place.clone());
    let mut cash = one.cash.as_ref();
    if let (
        Some(_),
        Some(Barred {
            hold: HoldWith::Dimensions { facility, department, service_line, .. }, ..
        }),
    ) = (verdict.held, &one.barred)
    {
        held_at.facility = facility.clone();
        held_at.department = department.clone();
        held_at.service_line = service_line.clone();
        cash = Some(&held_at);
    }
    let places = Places { claim: &one.place, cash };
    verdict.legs.iter().map(|leg| places.draft(leg, &one.trace)).collect()
}
