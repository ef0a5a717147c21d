// SPDX-License-Identifier: Apache-2.0
//! Provider adjustments against what is open, line by line.

use model::code::Code;
use model::exception;
use model::id::{DocumentId, EventId, Hash};
use model::money::Minor;
use model::role::Role;

use super::{Decision, PlbLine, Resources, decide};
use crate::account::{Barred, HoldWith, Note, Place};
use crate::rules::PlbAction;
use crate::takeback::{Origin, Pool};

fn line(action: Option<PlbAction>, reference: &str, amount: Minor) -> PlbLine {
    let document = DocumentId::of(&Code::new("t"), &Hash::of(&[b"d"]));
    PlbLine {
        event: EventId::of(&Code::new("t"), &Code::new("s"), document, 1),
        code: Code::new("XX"),
        shown: reference.to_owned(),
        reference: Code::new(reference),
        amount,
        action,
        place: Place {
            entity: Code::new("MAIN"),
            facility: Code::new("CITY"),
            department: Code::new("100"),
            service_line: Code::new("unassigned"),
        },
        cash: None,
        pool: Code::new("pool"),
        account: Code::from(format!("MAIN/{reference}")),
        barred: None,
    }
}

fn open(forwarded: &[(&str, Minor)], announced: &[(&str, Minor)]) -> Resources {
    let mut pool = Pool::default();
    for (reference, amount) in forwarded {
        pool.apply(Origin::Forwarded, &Code::new(reference), *amount);
    }
    for (reference, amount) in announced {
        pool.apply(Origin::Announced, &Code::new(reference), *amount);
    }
    Resources { pools: [(Code::new("pool"), pool)].into(), ..Resources::default() }
}

fn net(decisions: &[Decision], role: Role) -> Minor {
    let legs = decisions.iter().flat_map(|decision| &decision.legs);
    let of = |leg: &crate::account::Leg| {
        let debit = if leg.debit.role == role { leg.amount } else { 0 };
        debit - if leg.credit.role == role { leg.amount } else { 0 }
    };
    legs.map(|(leg, _)| of(leg)).sum()
}

fn decided(lines: &[PlbLine], resources: &mut Resources) -> Vec<Decision> {
    let decisions = decide(&Code::new("MCR"), lines, resources);
    let adjusted: Minor = lines.iter().map(|line| line.amount).sum();
    assert_eq!(net(&decisions, Role::Clearing), -adjusted, "clearing moves by what was adjusted");
    decisions
}

#[test]
fn a_recovery_takes_its_own_reference_first_and_suspense_last() {
    let mut resources = open(&[("A", 10), ("F", 10)], &[("A", 20), ("B", 30)]);
    resources.credits.insert(Code::new("MAIN/A"), 5);
    let lines = [line(Some(PlbAction::Recovery), "A", 40)];
    let decisions = decided(&lines, &mut resources);
    assert_eq!(net(&decisions, Role::PayerTakeback), 30, "20 announced under A, 10 forwarded");
    assert_eq!(resources.pools["pool"].open_by(Origin::Forwarded, "F"), 10, "not its reference");
    assert_eq!(net(&decisions, Role::ReceivablePayer), 5);
    assert_eq!(net(&decisions, Role::ProviderSuspense), 5);
    let unknown = Note { code: exception::Code::WriteOffUnknown, amount: 5 };
    assert_eq!(decisions[0].notes, [unknown]);
    assert_eq!(resources.pools["pool"].open_by(Origin::Announced, "B"), 30, "not its reference");
}

#[test]
fn what_a_remittance_forwards_is_not_what_it_applies() {
    let mut resources = open(&[("OLD", 10)], &[]);
    let lines = [
        line(Some(PlbAction::Forward), "NEW", -25),
        line(Some(PlbAction::Forward), "OLD", 10),
        line(Some(PlbAction::Recovery), "W", 25),
    ];
    let decisions = decided(&lines, &mut resources);
    assert_eq!(resources.pools["pool"].open_by(Origin::Forwarded, "NEW"), 25);
    assert_eq!(resources.pools["pool"].open_by(Origin::Forwarded, "OLD"), 0);
    assert_eq!(net(&decisions, Role::ProviderSuspense), 25);
}

#[test]
fn an_acknowledged_refund_gives_back_what_the_recovery_beside_it_took() {
    let mut resources = open(&[], &[("A", 30)]);
    let lines = [
        line(Some(PlbAction::Acknowledgement), "A", -50),
        line(Some(PlbAction::Recovery), "A", 50),
    ];
    let decisions = decided(&lines, &mut resources);
    assert_eq!(net(&decisions, Role::PayerTakeback), 0);
    assert_eq!(net(&decisions, Role::ProviderSuspense), 0);
    assert!(decisions.iter().all(|decision| decision.notes.is_empty()), "{decisions:?}");
    assert_eq!(resources.pools["pool"].open_by(Origin::Announced, "A"), 30);
}

#[test]
fn an_acknowledgement_that_answers_nothing_waits_in_suspense() {
    let lines = [line(Some(PlbAction::Acknowledgement), "A", -50)];
    let decisions = decided(&lines, &mut Resources::default());
    assert_eq!(net(&decisions, Role::ProviderSuspense), -50);
    assert_eq!(decisions[0].notes[0].code, exception::Code::WriteOffUnknown);
}

#[test]
fn a_barred_line_is_held_and_moves_nothing_else() {
    let code = exception::Code::MasterFacility;
    for (amount, role) in [(-7, Role::Quarantine), (7, Role::ProviderSuspense)] {
        let barred = Barred { code, hold: HoldWith::OwnDimensions, reason: None };
        let mut held = line(Some(PlbAction::Forward), "A", amount);
        held.barred = Some(barred);
        let mut resources = open(&[("A", 9)], &[]);
        let decisions = decided(&[held], &mut resources);
        assert_eq!(net(&decisions, role), amount);
        assert_eq!(decisions[0].held, Some(code));
        assert_eq!(resources.pools["pool"].open_by(Origin::Forwarded, "A"), 9);
    }
}

#[test]
fn interest_and_withholds_keep_their_own_names() {
    use model::row::Purpose;
    for (role, purpose) in [
        (Role::Interest, Purpose::Interest),
        (Role::Withhold, Purpose::Withhold),
        (Role::Settlement, Purpose::ProviderAdjustment),
    ] {
        let lines = [line(Some(PlbAction::Account(role)), "", 5)];
        let decisions = decided(&lines, &mut Resources::default());
        assert_eq!(decisions[0].legs[0].0.purpose, purpose);
        assert_eq!(net(&decisions, role), 5);
    }
}
