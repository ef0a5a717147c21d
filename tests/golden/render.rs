// SPDX-License-Identifier: Apache-2.0
//! What the record shows, as text that finance can read and a diff can show.

use std::collections::BTreeSet;

use model::event::{Body, Event};
use model::exception::Subject;
use model::id::RowId;
use model::money::decimal;
use model::remittance::Remittance;
use model::role::Role;
use model::row::{Row, Side};
use model::token::Token;
use ports::book::{Records, RowPlace, RowStanding};

use crate::world::World;

/// `1090 MCR | 1200 MCR 480.00 payment`; what is not as usual follows.
pub fn row(row: &Row, usual: &Usual<'_>) -> String {
    let purpose = serde_json::to_value(row.purpose).expect("it serialises");
    let mut text = format!(
        "{} | {} {} {}",
        side(&row.debit),
        side(&row.credit),
        decimal(row.amount.minor),
        purpose.as_str().expect("a word"),
    );
    let place = (row.entity.as_str(), row.debit.facility.as_str(), row.debit.department.as_str());
    if place != ("MAIN", "CITY", "100") {
        text.push_str(&format!(" @{}/{}/{}", place.0, place.1, place.2));
    }
    if row.debit.service_line != "unassigned" {
        text.push_str(&format!(" for {}", row.debit.service_line));
    }
    if row.item != usual.trace {
        text.push_str(&format!(" item {}", row.item));
    }
    if row.accounting_date.to_string() != usual.on {
        text.push_str(&format!(" on {}", row.accounting_date));
    }
    if let Some(natural) = row.prior_period {
        text.push_str(&format!(" prior-period {natural}"));
    }
    if row.reverses.is_some() {
        text.push_str(" contra");
    }
    text
}

fn side(side: &Side) -> String {
    format!("{} {}", side.role.code(), side.payer).trim().to_owned()
}

/// What a row of this remittance usually carries.
pub struct Usual<'a> {
    pub trace: &'a str,
    pub on: &'a str,
}

/// Rows that were not there before, by remittance, and rows that will never post.
pub async fn new_rows(
    world: &World,
    seen: &mut BTreeSet<RowId>,
    gone: &mut BTreeSet<RowId>,
) -> Vec<String> {
    let mut lines = Vec::new();
    for (remittance, standing) in standings(world).await {
        let on = remittance.received_on.to_string();
        let usual = Usual { trace: &remittance.header.trace, on: &on };
        let text = format!("{}: {}", remittance.header.trace, row(&standing.row, &usual));
        if standing.place == RowPlace::Superseded {
            if gone.insert(standing.row.id) && seen.contains(&standing.row.id) {
                lines.push(format!("superseded {text}"));
            }
            seen.insert(standing.row.id);
        } else if seen.insert(standing.row.id) {
            lines.push(text);
        }
    }
    lines.sort();
    lines
}

async fn standings(world: &World) -> Vec<(Remittance, RowStanding)> {
    let mut all = Vec::new();
    for document in &world.documents {
        for remittance in world.book.remittances_of(document.id).await.expect("remittances") {
            for entry in world.book.inbox_of(remittance.id, 0, 10_000).await.expect("entries") {
                for standing in world.book.rows_of(entry.event).await.expect("rows") {
                    all.push((remittance.clone(), standing));
                }
            }
        }
    }
    all
}

/// `MAIN CITY 1200 MCR -1000.00`
pub fn balances(world: &World) -> Vec<String> {
    let lines = world.balances().into_iter().map(|((entity, facility, payer, role), net)| {
        let payer = if payer.is_empty() { String::new() } else { format!(" {payer}") };
        format!("{entity} {facility} {role}{payer} {}", decimal(net))
    });
    lines.collect()
}

/// Per remittance its state and what its clearing lines come to, then its events, then work items.
pub async fn story(world: &World) -> String {
    let mut text = String::new();
    for document in &world.documents {
        let mut remittances = world.book.remittances_of(document.id).await.expect("remittances");
        remittances.sort_by_key(|remittance| remittance.header.set);
        for remittance in remittances {
            let code = remittance.code.map(|code| format!(" {code}")).unwrap_or_default();
            text.push_str(&format!(
                "{} {} {}{code}, clearing {}\n",
                remittance.header.trace,
                decimal(remittance.header.signed_payment()),
                remittance.state.as_str(),
                decimal(clearing(world, &remittance)),
            ));
            let events = document.sets.iter().flatten();
            for event in events.filter(|event| event.remittance == remittance.id) {
                let found = world.book.inbox(&[event.id]).await.expect("an entry");
                let entry = found.first().expect("it was delivered");
                let code = entry.code.map(|code| format!(" {code}")).unwrap_or_default();
                text.push_str(&format!("  {} {}{code}\n", name(event), entry.state.as_str()));
            }
        }
    }
    let mut items: Vec<String> = Vec::new();
    for item in world.items().await {
        let subject = match &item.subject {
            Subject::Event { event, .. } => world
                .documents
                .iter()
                .flat_map(|document| document.sets.iter().flatten())
                .find(|one| one.id == *event)
                .map(name)
                .unwrap_or_default(),
            Subject::Remittance { .. } => "remittance".to_owned(),
            Subject::Document { .. } => "document".to_owned(),
            Subject::Journal { .. } => "journal".to_owned(),
            Subject::Work { .. } => "work".to_owned(),
        };
        let follows = if item.parent.is_some() { ", follows another" } else { "" };
        items.push(format!(
            "item {} {} {} of {subject}, {} claims{follows}: {}\n",
            item.code,
            item.state.as_str(),
            decimal(item.amount),
            item.claims,
            item.reason,
        ));
    }
    items.sort();
    text.push_str(&items.concat());
    text
}

/// Σ clearing over the live rows of a remittance: its payment, whatever was held.
pub fn clearing(world: &World, remittance: &Remittance) -> i64 {
    let rows = world.book.live_rows().into_iter().filter(|row| row.remittance == remittance.id);
    let net = rows.map(|row| {
        let debit = if row.debit.role == Role::Clearing { row.amount.minor } else { 0 };
        let credit = if row.credit.role == Role::Clearing { row.amount.minor } else { 0 };
        debit - credit
    });
    net.sum()
}

fn name(event: &Event<Token>) -> String {
    match &event.body {
        Body::Claim(claim) => format!(
            "claim {} status {} paid {}",
            claim.patient_control.as_str(),
            claim.status,
            decimal(claim.paid)
        ),
        Body::ProviderAdjustment(adjustment) => format!(
            "adjustment {} {} {}",
            adjustment.code,
            adjustment.reference.as_ref().map_or("-", Token::as_str),
            decimal(adjustment.amount)
        ),
        Body::RemittanceSealed(_) => "seal".to_owned(),
    }
}
