// SPDX-License-Identifier: Apache-2.0
//! The step `decide-document`: once a document is closed, each of its sets is found whole, new and
//! sound, or is held or set aside with one work item. Some hundred sets in one transaction.

pub mod verdict;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use model::code::Code;
use model::exception::{self, Holds, Subject};
use model::id::Hash;
use model::money::decimal;
use model::reference::Reference;
use model::remittance::{Remittance, RemittanceState};
use ports::book::{Effects, LogEntry, Records};
use ports::failure::Failure;
use ports::remittances::DocumentClosed;
use serde_json::json;
use time::OffsetDateTime;

use crate::decide_claims;
use crate::identity;
use crate::provisional::{self, FirstSeen};
use crate::resolve_reference;
use crate::room::{self, Room};
use crate::work_item::{self, Opened};

/// Kind of the unit, and of the state that keeps the closing of a document.
pub const KIND: &str = "decide-document";
pub const CLOSED: &str = "document-closed";

/// Effects of one pass, and whether sets are left for another.
#[derive(Debug)]
pub struct Pass {
    pub effects: Effects,
    pub left: usize,
}

/// The closing of a document as it was kept.
pub async fn closing(
    records: &dyn Records,
    document: impl std::fmt::Display,
) -> Result<DocumentClosed, Failure> {
    let key = [Code::from(document.to_string())];
    let mut found = room::read::<DocumentClosed>(records, CLOSED, &key).await?;
    let closed = found.remove(&key[0]).map(|closed| closed.value);
    closed.ok_or_else(|| Failure::defect(format!("the closing of document {document} is missing")))
}

/// One pass over the sets that are not decided yet.
pub async fn decide_document(
    room: &Room,
    records: &dyn Records,
    closed: &DocumentClosed,
    now: OffsetDateTime,
) -> Result<Pass, Failure> {
    let mut all = records.remittances_of(closed.document).await?;
    all.sort_by_key(|remittance| (remittance.header.set, remittance.id));
    let is_open = |one: &&Remittance| one.state == RemittanceState::Receiving;
    let mut waiting: Vec<Remittance> = all.iter().filter(is_open).cloned().collect();
    let decided = all.len() - waiting.len();
    let mut effects = Effects::new(format!("{KIND}/{}/{decided}", closed.document));
    if decided == 0 {
        document_item(&mut effects, records, closed, &all, now).await?;
    }
    let left = waiting.len().saturating_sub(room.settings.remittances_max);
    waiting.truncate(room.settings.remittances_max);
    decide_sets(room, records, &mut effects, closed, waiting, "0", now).await?;
    Ok(Pass { effects, left })
}

/// Decides sets one after another; each sees those before it. `round` names a person's decision.
pub async fn decide_sets(
    room: &Room,
    records: &dyn Records,
    effects: &mut Effects,
    closed: &DocumentClosed,
    waiting: Vec<Remittance>,
    round: &str,
    now: OffsetDateTime,
) -> Result<(), Failure> {
    let reference = room.reference.current().await?;
    identity::claim(effects, records, &waiting).await?;
    let mut before: BTreeMap<Hash, Vec<Remittance>> = BTreeMap::new();
    let sets = waiting.len();
    for mut remittance in waiting {
        remittance.received_on = closed.received_on;
        let mut others = records.remittances_like(&remittance.identity).await?;
        let here = before.entry(remittance.identity).or_default();
        others.retain(|other| here.iter().all(|one| one.id != other.id));
        others.extend(here.iter().cloned());
        let scene = room.scene(&reference, &remittance, now, KIND);
        let verdict = verdict::decide(&scene, closed, &others);
        let decided = settled(room, &reference, &remittance, verdict);
        let scene = room.scene(&reference, &decided, now, KIND);
        if decided.state == RemittanceState::Booking {
            let (payee, payer) = (
                resolve_reference::payee(&reference, &room.settings, &decided.header),
                resolve_reference::payer(&reference, &room.settings, &decided.header),
            );
            let seen = FirstSeen::facility(&payee).into_iter().chain(FirstSeen::payer(&payer));
            provisional::flag(effects, records, &scene, seen.collect()).await?;
        }
        if let Some(code) = decided.code
            && verdict::document_code(closed) != Some(code)
        {
            open_item(effects, records, &decided, code, now).await?;
        }
        put_claims(effects, records, &decided, round, now).await?;
        here.push(decided.clone());
        effects.remittances.push(decided);
    }
    effects.log.push(LogEntry {
        kind: Code::new("document.decided"),
        subject: Code::from(closed.document.to_string()),
        by: Code::new(KIND),
        body: json!({ "sets": sets, "round": round }),
    });
    Ok(())
}

/// The remittance with its verdict and what was resolved.
fn settled(
    room: &Room,
    reference: &Reference,
    remittance: &Remittance,
    verdict: verdict::Verdict,
) -> Remittance {
    let mut decided = Remittance { state: verdict.state, code: verdict.code, ..remittance.clone() };
    let header = &remittance.header;
    if let Some(facility) = resolve_reference::payee(reference, &room.settings, header).value() {
        decided.entity = facility.entity.clone();
        decided.facility = facility.code.clone();
    }
    if let Some(payer) = resolve_reference::payer(reference, &room.settings, header).value() {
        decided.payer = payer.code.clone();
    }
    decided
}

/// One item per set that is held or set aside. A duplicate holds nothing: it is excluded by rule.
async fn open_item(
    effects: &mut Effects,
    records: &dyn Records,
    remittance: &Remittance,
    code: exception::Code,
    now: OffsetDateTime,
) -> Result<(), Failure> {
    let duplicate = remittance.state == RemittanceState::Duplicate;
    let holds = if duplicate { Holds::Nothing } else { Holds::Events };
    let items = records.items_about(&remittance.id.to_string()).await?;
    let parent = items.iter().rev().find(|item| item.code == code && !work_item::is_open(item));
    let totals = &remittance.totals;
    let opened = Opened {
        amount: totals.claims_paid.saturating_sub(totals.provider_adjusted),
        claims: totals.claims,
        reason: reason(remittance, code),
        round: work_item::round(&items, code),
        parent: parent.map(|item| item.id),
        ..Opened::on_remittance(remittance.id, code, holds)
    };
    effects.items.push(opened.item(now));
    Ok(())
}

/// One sentence with the figures that a person needs first; no names, no claim numbers.
fn reason(remittance: &Remittance, code: exception::Code) -> String {
    let (header, totals) = (&remittance.header, &remittance.totals);
    if code == exception::Code::BalanceTransaction {
        return format!(
            "set {}: claims paid {} less provider adjustments {} is not the payment {}",
            header.set,
            decimal(totals.claims_paid),
            decimal(totals.provider_adjusted),
            decimal(header.signed_payment()),
        );
    }
    if let Some(finding) = remittance.findings.first()
        && code == exception::Code::Structure
    {
        return format!("set {}, segment {}: {}", header.set, finding.segment, finding.message);
    }
    format!("set {} of {} claims: {}", header.set, totals.claims, code.title())
}

/// A document that was refused, or whose events differ from the independent count, has one item.
async fn document_item(
    effects: &mut Effects,
    records: &dyn Records,
    closed: &DocumentClosed,
    sets: &[Remittance],
    now: OffsetDateTime,
) -> Result<(), Failure> {
    let Some(code) = verdict::document_code(closed) else { return Ok(()) };
    let holds = if sets.is_empty() { Holds::Nothing } else { Holds::Events };
    let items = records.items_about(&closed.document.to_string()).await?;
    let reason = match &closed.refusal {
        Some(finding) => format!("segment {}: {}", finding.segment, finding.message),
        None => format!(
            "{} events of {} expected, {} of {}",
            closed.delivered_events,
            closed.expected_events,
            decimal(closed.delivered_cents),
            decimal(closed.expected_cents),
        ),
    };
    let opened = Opened {
        code,
        subject: Subject::Document { document: closed.document },
        holds,
        amount: closed.delivered_cents,
        claims: sets.iter().map(|remittance| remittance.totals.claims).sum(),
        reason,
        round: work_item::round(&items, code),
        parent: None,
    };
    effects.items.push(opened.item(now));
    Ok(())
}

/// The first batch; each puts the next.
pub async fn put_claims(
    effects: &mut Effects,
    records: &dyn Records,
    remittance: &Remittance,
    round: &str,
    now: OffsetDateTime,
) -> Result<(), Failure> {
    let first = records.inbox_of(remittance.id, 0, 1).await?;
    let Some(entry) = first.first() else { return Ok(()) };
    let work = decide_claims::Work {
        remittance: remittance.id,
        first: entry.batch,
        round: Code::new(round),
        since: now,
        adjustments: None,
    };
    effects.puts.push(work.unit(now));
    Ok(())
}
