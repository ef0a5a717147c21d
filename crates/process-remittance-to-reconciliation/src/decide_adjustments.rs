// SPDX-License-Identifier: Apache-2.0
//! The step `decide-adjustments`: all provider adjustments of a remittance together, after its claims,
//! and the end of its first pass. Run again, it undoes what it took before and decides anew.

use std::collections::{BTreeMap, BTreeSet};

use model::code::Code;
use model::event::{Body, Event};
use model::exception;
use model::id::{EventId, ExceptionId, RemittanceId};
use model::remittance::RemittanceState;
use model::token::Token;
use ports::book::{Effects, Records, Unit};
use ports::failure::Failure;
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;

use crate::account::{Account, Barred, Note, Recovery};
use crate::adjudicate::Parties;
use crate::adjustment_lines::{self, Lines};
use crate::book_event::{Known, Outcome, Target, book_event};
use crate::decide_claims::log;
use crate::drafts::{Draft, Places};
use crate::patience::long_ago;
use crate::provider_adjustment::{Decision, PlbLine, Resources, decide};
use crate::provisional;
use crate::room::{self, Room, Versioned};
use crate::scene::Scene;
use crate::sentence;
use crate::settle_account::{Renewed, settle_account};
use crate::takeback::{self, Movement, Pool, Waiting};

/// Kind of the unit.
pub const KIND: &str = "decide-adjustments";

/// The round of a unit that is put because something it waited for has appeared.
pub const AGAIN: &str = "again";

/// Kind of the process state, by remittance.
pub const STATE: &str = "adjustments";

/// What a unit of this kind carries.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Work {
    pub remittance: RemittanceId,
    /// First ordinal of the first batch with adjustments; nothing when there are none.
    pub from: Option<u64>,
    pub round: Code,
    /// When the document was ready to be decided; long ago where nothing is to be waited for.
    #[serde(default = "long_ago", with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
}

impl Work {
    pub fn unit(&self, now: OffsetDateTime) -> Unit {
        let id = Code::from(format!("{}/adjustments", self.remittance));
        room::unit(self.remittance, KIND, id, self, now)
    }
}

/// The stored form.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "v")]
pub enum Stored {
    #[serde(rename = "1")]
    V1(Adjustments),
}

/// What the adjustments of a remittance have come to.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Adjustments {
    pub from: u64,
    pub lines: Vec<Done>,
}

/// One line as it was decided last.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Done {
    pub event: EventId,
    /// Kept out by a refusal of a target or by a person, until replayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub barred: Option<Barred>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub movements: Vec<Movement>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recoveries: Vec<(Code, i64)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

/// A person's decision, or a refusal, about one line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    pub event: EventId,
    pub barred: Option<Barred>,
    pub left_out: Option<exception::Code>,
    pub replayed: Option<(ExceptionId, exception::Code)>,
}

/// The whole step.
pub async fn decide_adjustments(
    room: &Room,
    records: &dyn Records,
    work: &Work,
    generation: u64,
    now: OffsetDateTime,
) -> Result<Effects, Failure> {
    let key = format!("{KIND}/{}/{}/{generation}", work.remittance, work.round);
    let mut effects = Effects::new(Code::from(key));
    let Some(mut remittance) = records.remittance(work.remittance).await? else {
        return Err(Failure::defect(format!("remittance {} is not known", work.remittance)));
    };
    let booking = remittance.state == RemittanceState::Booking;
    let again = remittance.state == RemittanceState::Decided && remittance.code.is_none();
    if !booking && !again {
        return Ok(effects);
    }
    let reference = room.reference.current().await?;
    let scene = room.scene(&reference, &remittance, now, KIND);
    if let Some(from) = work.from {
        decide_lines(&mut effects, records, &scene, from, &[]).await?;
    }
    if booking {
        let held = remittance.code.is_some();
        remittance.state = if held { RemittanceState::Held } else { RemittanceState::Decided };
        effects.remittances.push(remittance);
    }
    Ok(effects)
}

/// Undoes what the lines took before, decides them together, and books what has changed.
pub async fn decide_lines(
    effects: &mut Effects,
    records: &dyn Records,
    scene: &Scene<'_>,
    from: u64,
    changes: &[Change],
) -> Result<(), Failure> {
    let events = adjustment_lines::events(records, scene.remittance.id, from).await?;
    if events.is_empty() {
        return Ok(());
    }
    let state = Code::from(scene.remittance.id.to_string());
    let mut before = room::read::<Stored>(records, STATE, std::slice::from_ref(&state)).await?;
    let before = before.remove(&state);
    let version = before.as_ref().map_or(0, |found| found.version);
    let mut earlier = match before {
        Some(Versioned { value: Stored::V1(adjustments), .. }) => adjustments,
        None => Adjustments { from, lines: Vec::new() },
    };
    bar(&mut earlier, changes);
    let parties = Parties::of(scene);
    let mut lines = adjustment_lines::lines(scene, &parties, &events, &earlier);
    // Pools first: whatever makes a credit writes its pool too, so that one that is missed below is
    // noticed when ours are written.
    let pools = pools(records, &lines, &earlier).await?;
    lines.find_accounts(records).await?;
    let mut held = holdings(records, scene, &parties, &lines, &earlier, pools).await?;
    let decisions = decide(&parties.payer.code, &lines.lines, &mut held.resources);
    let done = book_lines(effects, records, scene, &lines, &decisions, &earlier, changes).await?;
    write_pools(effects, scene, &lines, &decisions, held.pools, held.resources, from)?;
    write_accounts(effects, records, scene, &parties, held.accounts, &decisions, &lines).await?;
    provisional::flag(effects, records, scene, lines.first_seen.clone()).await?;
    let stored = Stored::V1(Adjustments { from: earlier.from, lines: done });
    room::write(effects, STATE, &state, version, &stored)?;
    log(effects, scene, "adjustments.decided", json!({ "lines": events.len() }));
    Ok(())
}

/// A replay takes the bar away, a refusal or an exclusion puts one there.
fn bar(earlier: &mut Adjustments, changes: &[Change]) {
    for change in changes {
        match earlier.lines.iter_mut().find(|done| done.event == change.event) {
            Some(done) => done.barred = change.barred.clone(),
            None => earlier.lines.push(Done {
                event: change.event,
                barred: change.barred.clone(),
                movements: Vec::new(),
                recoveries: Vec::new(),
                notes: Vec::new(),
            }),
        }
    }
}

/// What was read for the decision, with the versions to write it back.
struct Holdings {
    pools: BTreeMap<Code, Versioned<Pool>>,
    accounts: BTreeMap<Code, Versioned<Account>>,
    resources: Resources,
}

/// Those that lines may take from, or have taken from.
async fn pools(
    records: &dyn Records,
    lines: &Lines,
    earlier: &Adjustments,
) -> Result<BTreeMap<Code, Versioned<Pool>>, Failure> {
    let movements = earlier.lines.iter().flat_map(|done| &done.movements);
    let taken = movements.map(|movement| &movement.pool);
    let keys: BTreeSet<Code> =
        lines.lines.iter().map(|line| &line.pool).chain(taken).cloned().collect();
    takeback::pools(records, &keys).await
}

async fn holdings(
    records: &dyn Records,
    scene: &Scene<'_>,
    parties: &Parties,
    lines: &Lines,
    earlier: &Adjustments,
    mut pools: BTreeMap<Code, Versioned<Pool>>,
) -> Result<Holdings, Failure> {
    let mut account_keys: BTreeSet<Code> =
        lines.lines.iter().map(|line| line.account.clone()).collect();
    for done in &earlier.lines {
        account_keys.extend(done.recoveries.iter().map(|(account, _)| account.clone()));
    }
    let keys: Vec<Code> = account_keys.into_iter().collect();
    let mut accounts = room::accounts(records, &keys).await?;
    for done in &earlier.lines {
        for movement in &done.movements {
            if let Some(pool) = pools.get_mut(&movement.pool) {
                let undone = movement.amount.saturating_neg();
                pool.value.apply(movement.origin, &movement.reference, undone);
            }
        }
    }
    let own: BTreeSet<EventId> = lines.lines.iter().map(|line| line.event).collect();
    let mut resources = Resources::default();
    for (key, account) in &mut accounts {
        account.value.recoveries.retain(|recovery| !own.contains(&recovery.event));
        let credit = account.value.credit_at(&parties.payer.code);
        resources.credits.insert(key.clone(), credit);
        let taken_back = account
            .value
            .adjudications
            .iter()
            .filter(|one| one.remittance == scene.remittance.id && one.is_reversal())
            .filter(|one| one.counts() && one.payer == parties.payer.code)
            .map(|one| one.paid.saturating_neg().max(0));
        resources.taken_back.insert(key.clone(), taken_back.sum());
    }
    for (key, pool) in &pools {
        resources.pools.insert(key.clone(), pool.value.clone());
    }
    Ok(Holdings { pools, accounts, resources })
}

async fn book_lines(
    effects: &mut Effects,
    records: &dyn Records,
    scene: &Scene<'_>,
    lines: &Lines,
    decisions: &[Decision],
    earlier: &Adjustments,
    changes: &[Change],
) -> Result<Vec<Done>, Failure> {
    let events: Vec<EventId> = lines.lines.iter().map(|line| line.event).collect();
    let mut entries = room::entries(records, &events).await?;
    let mut done = Vec::with_capacity(decisions.len());
    for (line, decision) in lines.lines.iter().zip(decisions) {
        let Some(entry) = entries.remove(&line.event) else {
            return Err(Failure::defect(format!("event {} is not in the inbox", line.event)));
        };
        let change = changes.iter().find(|change| change.event == line.event);
        let before = earlier.lines.iter().find(|done| done.event == line.event);
        let first = entry.bookings == 0 && before.is_none();
        let (rows, items) = if first {
            (Vec::new(), Vec::new())
        } else {
            let items = records.items_about(&line.event.to_string()).await?;
            (records.rows_of(line.event).await?, items)
        };
        let replayed = change.and_then(|change| change.replayed);
        let left_out = change.and_then(|change| change.left_out);
        let outcome = match (left_out, decision.held) {
            (Some(code), _) => Outcome::LeftOut(code),
            (None, Some(code)) if scene.remittance.code == Some(code) => Outcome::HeldAsPart(code),
            (None, Some(code)) => Outcome::Held(code),
            (None, None) => Outcome::Booked,
        };
        let is_left_out = entry.state == model::event::EventState::Excluded && left_out.is_none();
        let target = Target {
            drafts: drafts(scene, line, decision),
            outcome,
            notes: decision.notes.clone(),
            earlier_notes: before.map(|done| done.notes.clone()).unwrap_or_default(),
            claims: 0,
            sentences: sentences(line, decision),
        };
        if !is_left_out || replayed.is_some() {
            book_event(effects, scene, &target, &Known { entry, rows, items, replayed })?;
        }
        done.push(Done {
            event: line.event,
            barred: before.and_then(|done| done.barred.clone()),
            movements: decision.movements.clone(),
            recoveries: decision.recoveries.clone(),
            notes: decision.notes.clone(),
        });
    }
    Ok(done)
}

/// What a target said when it refused the line goes before what we can say of it.
fn sentences(line: &PlbLine, decision: &Decision) -> Vec<(exception::Code, String)> {
    let said = line.barred.as_ref().and_then(|barred| barred.reason.clone());
    let said = decision.held.zip(said);
    let own = sentence::of_line(line, &decision.notes, decision.held);
    said.into_iter().chain(own).collect()
}

fn drafts(scene: &Scene<'_>, line: &PlbLine, decision: &Decision) -> Vec<Draft> {
    let places = Places { claim: &line.place, cash: line.cash.as_ref() };
    let trace = &scene.remittance.header.trace;
    let item = |item: &Code| if item.is_empty() { trace.clone() } else { item.clone() };
    decision.legs.iter().map(|(leg, own)| places.draft(leg, &item(own))).collect()
}

/// Writes the pools, keeps the list of who waits, and wakes others where something was opened.
fn write_pools(
    effects: &mut Effects,
    scene: &Scene<'_>,
    lines: &Lines,
    decisions: &[Decision],
    pools: BTreeMap<Code, Versioned<Pool>>,
    mut resources: Resources,
    from: u64,
) -> Result<(), Failure> {
    let own = Code::from(scene.remittance.id.to_string());
    for (key, before) in pools {
        let Some(mut pool) = resources.pools.remove(&key) else { continue };
        if let Some(reference) = pool.overdrawn() {
            let message = format!("2115 of {key} would go debit at {reference}");
            return Err(Failure::business(exception::Code::LiabilityDebit, message));
        }
        let here = |(line, _): &(&PlbLine, &Decision)| line.pool == key;
        let uncovered = lines.lines.iter().zip(decisions).filter(here).any(|(_, decision)| {
            decision.notes.iter().any(|note| {
                matches!(
                    note.code,
                    exception::Code::WriteOffUnknown | exception::Code::BalanceForwardUnknown
                )
            })
        });
        let opened = lines
            .lines
            .iter()
            .zip(decisions)
            .filter(here)
            .any(|(_, decision)| decision.movements.iter().any(|movement| movement.amount > 0));
        pool.waiting.remove(&own);
        if opened {
            takeback::wake(effects, scene, pool.waiting.values());
        }
        if uncovered {
            pool.waiting.insert(own.clone(), Waiting { remittance: scene.remittance.id, from });
        }
        let stored = takeback::Stored::V1(pool);
        room::write(effects, takeback::KIND, &key, before.version, &stored)?;
    }
    Ok(())
}

/// Recoveries change what is open on claims; those accounts are settled anew.
async fn write_accounts(
    effects: &mut Effects,
    records: &dyn Records,
    scene: &Scene<'_>,
    parties: &Parties,
    accounts: BTreeMap<Code, Versioned<Account>>,
    decisions: &[Decision],
    lines: &Lines,
) -> Result<(), Failure> {
    let mut recovered: BTreeMap<Code, Vec<Recovery>> = BTreeMap::new();
    for (line, decision) in lines.lines.iter().zip(decisions) {
        for (account, amount) in &decision.recoveries {
            recovered.entry(account.clone()).or_default().push(Recovery {
                event: line.event,
                payer: parties.payer.code.clone(),
                amount: *amount,
            });
        }
    }
    for (key, mut account) in accounts {
        let recoveries = recovered.remove(&key).unwrap_or_default();
        if recoveries.is_empty() && !lines.recovered_before.contains(&key) {
            continue;
        }
        account.value.recoveries.extend(recoveries);
        settle_account(effects, records, scene, &key, account, &Renewed::default()).await?;
    }
    Ok(())
}

/// Only adjustments, in order.
pub fn adjustment(event: &Event<Token>) -> Option<&model::event::v1::ProviderAdjustment<Token>> {
    match &event.body {
        Body::ProviderAdjustment(adjustment) => Some(adjustment),
        Body::Claim(_) | Body::RemittanceSealed(_) => None,
    }
}
