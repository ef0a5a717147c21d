// SPDX-License-Identifier: Apache-2.0
//! From what an event should come to, to what has to change: new rows, contra rows for posted ones,
//! its state, and its work items. What already stands as it should is left alone.

use model::code::Code;
use model::event::EventState;
use model::exception::{self, Holds, ItemState, Subject};
use model::id::{ExceptionId, RowId};
use model::money::{Minor, Money};
use model::reference::Reference;
use model::row::{Purpose, Row};
use ports::book::{Effects, InboxEntry, RowPlace, RowStanding, Transition};
use ports::failure::Failure;

use crate::account::Note;
use crate::drafts::Draft;
use crate::resolve_reference;
use crate::scene::Scene;
use crate::work_item::{self, Opened, SETTLEMENT};

/// What an event shall come to.
#[derive(Clone, PartialEq, Debug)]
pub struct Target {
    pub drafts: Vec<Draft>,
    pub outcome: Outcome,
    pub notes: Vec<Note>,
    /// Notes that were there before: a person may have dealt with them.
    pub earlier_notes: Vec<Note>,
    /// How many claims an item on this event concerns.
    pub claims: u64,
    /// What its items say, by code.
    pub sentences: Vec<(exception::Code, String)>,
}

/// Booked (or nothing to book), held, or left out by a rule or a person's decision.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    Booked,
    /// Held under an item of its own.
    Held(exception::Code),
    /// Held under the one item of its remittance or document.
    HeldAsPart(exception::Code),
    LeftOut(exception::Code),
}

/// What is known of the event now.
#[derive(Clone, Debug)]
pub struct Known {
    pub entry: InboxEntry,
    pub rows: Vec<RowStanding>,
    pub items: Vec<exception::Item>,
    /// The item that is being sent through again.
    pub replayed: Option<(ExceptionId, exception::Code)>,
}

/// Codes of items that follow from a decision about the event itself.
fn is_decided_here(code: exception::Code) -> bool {
    use exception::Code as C;
    matches!(
        code,
        C::BalanceLine
            | C::BalanceClaim
            | C::Overflow
            | C::DuplicateClaim
            | C::ReversalOrphan
            | C::MapCarc
            | C::MapPlb
            | C::CoordinationExcess
            | C::OtherAdjusted
            | C::Capitation
            | C::WriteOffUnknown
            | C::BalanceForwardUnknown
            | C::MasterFacility
            | C::MasterPayer
            | C::MasterEntity
            | C::MasterDimension
            | C::PeriodClosed
            | C::PostRejected
    )
}

/// Puts everything that has to change into the effects.
pub fn book_event(
    effects: &mut Effects,
    scene: &Scene<'_>,
    target: &Target,
    known: &Known,
) -> Result<(), Failure> {
    let difference = difference(&target.drafts, &known.rows);
    let change = change(scene, &difference, known)?;
    let booked = !change.rows.is_empty();
    let bookings = known.entry.bookings + u32::from(booked);
    let live = booked || !difference.kept.is_empty();
    let (state, code) = match target.outcome {
        Outcome::Held(code) | Outcome::HeldAsPart(code) => (EventState::Quarantined, Some(code)),
        Outcome::LeftOut(code) => (EventState::Excluded, Some(code)),
        Outcome::Booked if !live => (EventState::Noted, None),
        Outcome::Booked if booked => (EventState::Pending, None),
        Outcome::Booked => match known.entry.state {
            EventState::Posted => (EventState::Posted, None),
            EventState::Pending
            | EventState::Quarantined
            | EventState::Excluded
            | EventState::Rejected
            | EventState::Noted => (EventState::Pending, None),
        },
    };
    let entry = &known.entry;
    if (entry.state, entry.code, entry.bookings) != (state, code, bookings) {
        effects.transitions.push(Transition { event: entry.event, to: state, code, bookings });
    }
    effects.supersede.extend(change.supersede);
    let (reference, posting) = (scene.reference, scene.posting);
    posting::book(effects, change.rows, &known.rows, reference, posting, scene.now)?;
    sync_items(effects, scene, target, known);
    Ok(())
}

/// Drafts without a row, rows without a draft.
struct Difference {
    missing: Vec<Draft>,
    kept: Vec<RowStanding>,
    surplus: Vec<RowStanding>,
}

/// A live contra row and the live row that it reverses cancel out and are left alone.
fn difference(drafts: &[Draft], rows: &[RowStanding]) -> Difference {
    let live: Vec<&RowStanding> =
        rows.iter().filter(|standing| standing.place != RowPlace::Superseded).collect();
    let is_live = |id: RowId| live.iter().any(|standing| standing.row.id == id);
    let reversed: Vec<RowId> = live
        .iter()
        .filter_map(|standing| standing.row.reverses)
        .filter(|id| is_live(*id))
        .collect();
    let counts = |standing: &&RowStanding| {
        let row = &standing.row;
        !reversed.contains(&row.id) && !row.reverses.is_some_and(is_live)
    };
    let mut surplus: Vec<RowStanding> = live.iter().copied().filter(counts).cloned().collect();
    let cancelled = live.len() - surplus.len();
    let mut kept: Vec<RowStanding> = Vec::new();
    let mut missing: Vec<Draft> = Vec::new();
    for draft in drafts {
        let mut wanted = draft.amount;
        // What has posted stays as far as it is still wanted; only the rest is booked.
        while let Some(at) =
            surplus.iter().position(|standing| is_row_of(&standing.row, draft, wanted))
        {
            wanted -= surplus[at].row.amount.minor;
            kept.push(surplus.remove(at));
        }
        if wanted > 0 {
            missing.push(Draft { amount: wanted, ..draft.clone() });
        }
    }
    if cancelled > 0 {
        let pairs = live.into_iter().filter(|standing| {
            let row = &standing.row;
            reversed.contains(&row.id) || row.reverses.is_some_and(|id| reversed.contains(&id))
        });
        kept.extend(pairs.cloned());
    }
    Difference { missing, kept, surplus }
}

fn is_row_of(row: &Row, draft: &Draft, wanted: Minor) -> bool {
    row.amount.minor <= wanted
        && row.entity == draft.entity
        && row.debit == draft.debit
        && row.credit == draft.credit
        && row.purpose == draft.purpose
        && row.item == draft.item
}

struct Change {
    rows: Vec<Row>,
    supersede: Vec<RowId>,
}

/// Surplus rows that are still open never post; those in a journal get a contra row. Where nothing
/// new would be booked beside rows that stay, the open ones get a contra row too, so that the event
/// becomes posted with the journal that holds it.
fn change(scene: &Scene<'_>, difference: &Difference, known: &Known) -> Result<Change, Failure> {
    let booking = known.entry.bookings + 1;
    let mut change = Change { rows: Vec::new(), supersede: Vec::new() };
    let in_journal = |standing: &&RowStanding| matches!(standing.place, RowPlace::Member(_));
    let news = !difference.missing.is_empty() || difference.surplus.iter().any(|s| in_journal(&s));
    let contra_open = !news && !difference.kept.is_empty();
    let mut drafts: Vec<(Draft, Option<RowId>)> = Vec::new();
    for standing in &difference.surplus {
        if standing.place == RowPlace::Open && !contra_open {
            change.supersede.push(standing.row.id);
        } else {
            drafts.push((contra(&standing.row), Some(standing.row.id)));
        }
    }
    drafts.extend(difference.missing.iter().map(|draft| (draft.clone(), None)));
    for (leg, (draft, reverses)) in (0_u32..).zip(drafts) {
        let id = RowId::of(known.entry.event, booking, leg);
        change.rows.push(row(scene, known, draft, id, reverses)?);
    }
    Ok(change)
}

fn contra(row: &Row) -> Draft {
    let purpose = match row.purpose {
        Purpose::Hold => Purpose::Release,
        Purpose::Release => Purpose::Hold,
        other => other,
    };
    Draft {
        entity: row.entity.clone(),
        debit: row.credit.clone(),
        credit: row.debit.clone(),
        amount: row.amount.minor,
        purpose,
        item: row.item.clone(),
    }
}

fn row(
    scene: &Scene<'_>,
    known: &Known,
    draft: Draft,
    id: RowId,
    reverses: Option<RowId>,
) -> Result<Row, Failure> {
    let Some(dated) = scene.dated(&draft.entity) else {
        let message = format!("entity {} has no open period from {} on", draft.entity, scene.day);
        return Err(Failure::business(exception::Code::PeriodClosed, message));
    };
    Ok(Row {
        id,
        event: known.entry.event,
        remittance: known.entry.remittance,
        amount: money(scene.reference, &draft.entity, draft.amount),
        entity: draft.entity,
        accounting_date: dated.on,
        prior_period: dated.prior_period,
        debit: draft.debit,
        credit: draft.credit,
        purpose: draft.purpose,
        item: draft.item,
        reverses,
    })
}

fn money(reference: &Reference, entity: &Code, amount: Minor) -> Money {
    Money::new(amount, resolve_reference::currency(reference, entity))
}

fn sentence(target: &Target, code: exception::Code) -> String {
    let said = target.sentences.iter().find(|(about, _)| *about == code);
    said.map_or_else(|| code.title().to_owned(), |(_, sentence)| sentence.clone())
}

/// Opens what is new, moves what has changed, closes what no longer holds.
fn sync_items(effects: &mut Effects, scene: &Scene<'_>, target: &Target, known: &Known) {
    let entry = &known.entry;
    let mut wanted: Vec<(exception::Code, Minor, Holds)> = Vec::new();
    if let Outcome::Held(code) = target.outcome {
        wanted.push((code, entry.amount, Holds::Events));
    }
    wanted.extend(target.notes.iter().map(|note| (note.code, note.amount, Holds::Nothing)));

    for item in known.items.iter().filter(|item| work_item::is_open(item)) {
        let replayed = known.replayed.is_some_and(|(id, _)| id == item.id);
        let wants = wanted.iter().any(|(code, _, _)| *code == item.code);
        if replayed || wants || !is_decided_here(item.code) {
            continue;
        }
        let (by, reason) = (Code::new(SETTLEMENT), Code::new("settled"));
        effects.items.push(work_item::moved(item, ItemState::Resolved { by, reason }));
    }
    for (code, amount, holds) in wanted {
        let about = |item: &&exception::Item| item.code == code && work_item::is_open(item);
        if let Some(item) = known.items.iter().find(about) {
            if item.amount != amount {
                let mut item = work_item::moved(item, item.state.clone());
                item.amount = amount;
                item.reason = sentence(target, code);
                effects.items.push(item);
            }
            continue;
        }
        let same = |note: &&Note| note.code == code && note.amount == amount;
        let replayed = known.replayed.filter(|(_, replayed)| *replayed == code);
        let dealt_with = target.earlier_notes.iter().any(|note| same(&note));
        if holds == Holds::Nothing && dealt_with && replayed.is_none() {
            continue;
        }
        let opened = Opened {
            code,
            subject: Subject::Event { event: entry.event, remittance: entry.remittance },
            holds,
            amount,
            claims: target.claims,
            reason: sentence(target, code),
            round: work_item::round(&known.items, code),
            parent: known.replayed.map(|(id, _)| id),
        };
        effects.items.push(opened.item(scene.now));
    }
}
