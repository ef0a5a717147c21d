// SPDX-License-Identifier: Apache-2.0
//! An account whose adjudications have changed is settled anew, and every event that comes to
//! something else than before is booked accordingly, in the same transaction.

use std::collections::BTreeMap;

use model::code::Code;
use model::event::EventState;
use model::exception;
use model::id::{EventId, ExceptionId};
use model::money::Minor;
use ports::book::{Effects, InboxEntry, Records};
use ports::failure::Failure;

use crate::account::{self, Account, Adjudication, Stored, Verdict};
use crate::book_event::{Known, Outcome, Target, book_event};
use crate::claim::settle::settle;
use crate::drafts;
use crate::room::{self, Versioned};
use crate::scene::Scene;
use crate::sentence;

/// What of the account is decided anew.
#[derive(Clone, Debug, Default)]
pub struct Renewed {
    /// Inbox entries of events that are on the account for the first time, or once more.
    pub entries: BTreeMap<EventId, InboxEntry>,
    /// The item that is being sent through again, with its event.
    pub replayed: Option<(EventId, ExceptionId, exception::Code)>,
    /// An event that two persons leave out.
    pub left_out: Option<(EventId, exception::Code)>,
}

/// A credit on a payer's receivable that was not there before: a recovery may have waited for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Credit {
    pub entity: Code,
    pub facility: Code,
    pub payer: Code,
    pub amount: Minor,
}

/// Settles the account, books what has changed, and writes it back.
pub async fn settle_account(
    effects: &mut Effects,
    records: &dyn Records,
    scene: &Scene<'_>,
    key: &Code,
    mut loaded: Versioned<Account>,
    renewed: &Renewed,
) -> Result<Vec<Credit>, Failure> {
    take_service_line(&mut loaded.value, renewed);
    let verdicts = settle(&loaded.value);
    let held_before = credits(&loaded.value);
    for (at, verdict) in verdicts.into_iter().enumerate() {
        let one = &loaded.value.adjudications[at];
        let entry = renewed.entries.get(&one.event);
        if entry.is_none() && one.verdict == verdict {
            continue;
        }
        let known = known(records, entry, one, renewed).await?;
        let target = target(scene, one, &verdict, renewed);
        book_event(effects, scene, &target, &known)?;
        loaded.value.adjudications[at].verdict = verdict;
    }
    let stored = Stored::V1(loaded.value);
    room::write(effects, account::KIND, key, loaded.version, &stored)?;
    let Stored::V1(account) = stored;
    let now = credits(&account);
    let grown = now.into_iter().filter(|credit| {
        let before = held_before.iter().find(|other| other.payer == credit.payer);
        before.is_none_or(|before| before.amount < credit.amount)
    });
    Ok(grown.collect())
}

/// The opening may know the service line of a claim; a remittance never does.
fn take_service_line(account: &mut Account, renewed: &Renewed) {
    let Some(opening) = &account.opening else { return };
    let place = &opening.place;
    for one in &mut account.adjudications {
        if renewed.entries.contains_key(&one.event) && one.place.entity == place.entity {
            one.place.service_line = place.service_line.clone();
        }
    }
}

fn credits(account: &Account) -> Vec<Credit> {
    let Some(opening) = &account.opening else { return Vec::new() };
    let balances = account.balances();
    let negative = balances.payers.into_iter().filter(|(_, open)| *open < 0);
    let credit = |(payer, open): (Code, Minor)| Credit {
        entity: opening.place.entity.clone(),
        facility: opening.place.facility.clone(),
        payer,
        amount: open.saturating_neg(),
    };
    negative.map(credit).collect()
}

/// A first decision has nothing to look up; anything else reads what stands.
async fn known(
    records: &dyn Records,
    entry: Option<&InboxEntry>,
    one: &Adjudication,
    renewed: &Renewed,
) -> Result<Known, Failure> {
    let replayed = renewed.replayed.filter(|(event, _, _)| *event == one.event);
    let replayed = replayed.map(|(_, id, code)| (id, code));
    if let Some(entry) = entry
        && entry.state == EventState::Pending
        && entry.bookings == 0
    {
        let entry = entry.clone();
        return Ok(Known { entry, rows: Vec::new(), items: Vec::new(), replayed });
    }
    let stored = room::entries(records, &[one.event]).await?;
    let Some(entry) = entry.or_else(|| stored.get(&one.event)) else {
        return Err(Failure::defect(format!("event {} is not in the inbox", one.event)));
    };
    let rows = records.rows_of(one.event).await?;
    let items = records.items_about(&one.event.to_string()).await?;
    Ok(Known { entry: entry.clone(), rows, items, replayed })
}

fn target(scene: &Scene<'_>, one: &Adjudication, verdict: &Verdict, renewed: &Renewed) -> Target {
    let left_out = renewed.left_out.filter(|(event, _)| *event == one.event);
    let as_part = one.remittance == scene.remittance.id && scene.remittance.code == verdict.held;
    let outcome = match (left_out, verdict.held) {
        (Some((_, code)), _) => Outcome::LeftOut(code),
        (None, None) => Outcome::Booked,
        (None, Some(code)) if as_part => Outcome::HeldAsPart(code),
        (None, Some(code)) => Outcome::Held(code),
    };
    Target {
        drafts: drafts::of_claim(one, verdict),
        outcome,
        notes: verdict.notes.clone(),
        earlier_notes: one.verdict.notes.clone(),
        claims: 1,
        sentences: sentence::of_claim(one, verdict),
    }
}
