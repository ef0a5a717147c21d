// SPDX-License-Identifier: Apache-2.0
//! The provider adjustments of a remittance read from its stored batches, with everything looked up
//! that their decision needs.

use std::collections::BTreeSet;

use model::code::Code;
use model::event::Event;
use model::exception;
use model::id::RemittanceId;
use model::token::Token;
use ports::book::Records;
use ports::failure::Failure;

use crate::account::{Barred, HoldWith};
use crate::adjudicate::Parties;
use crate::control;
use crate::decide_adjustments::{Adjustments, adjustment};
use crate::provider_adjustment::PlbLine;
use crate::provisional::FirstSeen;
use crate::resolve_reference::{self, Found};
use crate::room::account_key;
use crate::rules::PlbKey;
use crate::scene::Scene;
use crate::takeback::pool_key;

/// Batches read at once.
const BATCHES_MAX: usize = 8;

/// The lines, and what was noticed while they were looked up.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    pub lines: Vec<PlbLine>,
    pub first_seen: Vec<FirstSeen>,
    /// Accounts that lines of this remittance recovered from before.
    pub recovered_before: BTreeSet<Code>,
}

/// Every adjustment event from a batch on.
pub async fn events(
    records: &dyn Records,
    remittance: RemittanceId,
    from: u64,
) -> Result<Vec<Event<Token>>, Failure> {
    let mut events = Vec::new();
    let mut after = from.saturating_sub(1);
    loop {
        let batches = records.batches(remittance, after, BATCHES_MAX).await?;
        let Some(last) = batches.last() else { return Ok(events) };
        after = last.first;
        for batch in batches {
            events.extend(batch.events.into_iter().filter(|event| adjustment(event).is_some()));
        }
    }
}

/// Looks up places and rules.
pub fn lines(
    scene: &Scene<'_>,
    parties: &Parties,
    events: &[Event<Token>],
    earlier: &Adjustments,
) -> Lines {
    let mut found = Lines::default();
    for event in events {
        let Some(adjustment) = adjustment(event) else { continue };
        let (mut bar, mut place) = (scene.remittance.code, parties.payee.clone());
        let npi = &adjustment.provider_npi;
        if !npi.is_empty() {
            let (reference, settings) = (scene.reference, scene.settings);
            let facility = resolve_reference::facility(reference, settings, npi, &parties.payee);
            found.first_seen.extend(FirstSeen::facility(&facility));
            match &facility {
                Found::Governed(known) | Found::Provisional(known, _) => {
                    place = resolve_reference::place(known, settings);
                }
                Found::Unknown => bar = bar.or(Some(exception::Code::MasterFacility)),
            }
        }
        let max = scene.settings.amount_minor_max;
        if adjustment.amount.unsigned_abs() > max.unsigned_abs() {
            bar = bar.or(Some(exception::Code::Overflow));
        }
        let before = earlier.lines.iter().find(|done| done.event == event.id);
        let barred = before.and_then(|done| done.barred.clone());
        let barred = barred.or_else(|| {
            bar.map(|code| Barred { code, hold: HoldWith::OwnDimensions, reason: None })
        });
        let payer = &parties.payer;
        let key = PlbKey {
            code: &adjustment.code,
            payer: &payer.code,
            class: &payer.class,
            on: scene.day,
        };
        let token = adjustment.reference.as_ref().map(|token| Code::new(token.as_str()));
        let reference = token.unwrap_or_default();
        let shown = adjustment.reference.as_ref().map(Token::shown);
        found.lines.push(PlbLine {
            event: event.id,
            code: adjustment.code.clone(),
            shown: shown.unwrap_or_else(|| "none".to_owned()),
            amount: adjustment.amount,
            action: scene.rules.plb(&key),
            pool: pool_key(&place.entity, &payer.code, &place.facility),
            account: account_key(&place.entity, &reference),
            cash: (place.entity != parties.payee.entity).then(|| parties.payee.clone()),
            place,
            reference,
            barred,
        });
    }
    let recoveries = earlier.lines.iter().flat_map(|done| &done.recoveries);
    found.recovered_before = recoveries.map(|(account, _)| account.clone()).collect();
    found
}

impl Lines {
    /// Finds the claims that references mean.
    pub async fn find_accounts(&mut self, records: &dyn Records) -> Result<(), Failure> {
        let keys: Vec<Code> = self.lines.iter().map(|line| line.account.clone()).collect();
        let accounts = control::accounts_of(records, &keys).await?;
        for line in &mut self.lines {
            if let Some(account) = accounts.get(&line.account) {
                line.account = account.clone();
            }
        }
        Ok(())
    }
}
