// SPDX-License-Identifier: Apache-2.0
//! Single claims taken up again: looked up anew, put in their old place on their account, or moved to
//! another where the reference data now says so, and settled there.

use std::collections::BTreeMap;

use model::code::Code;
use model::event::Event;
use model::event::v1::ClaimAdjudicated;
use model::token::Token;
use ports::book::{Effects, Records};
use ports::failure::Failure;

use crate::account::{Adjudication, Barred};
use crate::adjudicate::{Parties, adjudicate};
use crate::control::Controls;
use crate::decide_claims::place;
use crate::provisional;
use crate::room::{self, account_key};
use crate::scene::Scene;
use crate::settle_account::{Renewed, settle_account};
use crate::takeback::waiters_for_credits;

/// A claim that is decided anew; `barred` keeps it out of its account.
#[derive(Clone, Debug)]
pub struct Moved<'a> {
    pub event: &'a Event<Token>,
    pub claim: &'a ClaimAdjudicated<Token>,
    pub barred: Option<Barred>,
}

/// Claims of one remittance.
pub async fn decide(
    effects: &mut Effects,
    records: &dyn Records,
    scene: &Scene<'_>,
    claims: &[Moved<'_>],
    renewed: &Renewed,
) -> Result<(), Failure> {
    let parties = Parties::of(scene);
    let (mut first_seen, mut controls) = (Vec::new(), Controls::default());
    let mut wanted: BTreeMap<Code, Vec<Adjudication>> = BTreeMap::new();
    for moved in claims {
        let adjudicated = adjudicate(scene, &parties, moved.event, moved.claim);
        first_seen.extend(adjudicated.first_seen);
        let mut adjudication = adjudicated.adjudication;
        if moved.barred.is_some() {
            adjudication.barred = moved.barred.clone();
        }
        controls.of_reversal(&adjudicated.key, &adjudication);
        // A claim that was held for its facility stands on the account of its payee's entity.
        let held_at = account_key(&parties.payee.entity, moved.claim.patient_control.as_str());
        wanted.entry(held_at).or_default();
        wanted.entry(adjudicated.key).or_default().push(adjudication);
    }
    let keys: Vec<Code> = wanted.keys().cloned().collect();
    let mut accounts = room::accounts(records, &keys).await?;
    let mut verdicts = BTreeMap::new();
    for (key, adjudications) in &wanted {
        let Some(account) = accounts.get_mut(key) else { continue };
        let goes_elsewhere = |one: &Adjudication| {
            let here = adjudications.iter().any(|own| own.event == one.event);
            !here && wanted.values().flatten().any(|other| other.event == one.event)
        };
        for one in account.value.adjudications.iter().filter(|one| goes_elsewhere(one)) {
            verdicts.insert(one.event, one.verdict.clone());
        }
        account.value.adjudications.retain(|one| !goes_elsewhere(one));
    }
    let mut grown = Vec::new();
    for (key, adjudications) in wanted {
        let Some(mut account) = accounts.remove(&key) else { continue };
        if account.version == 0 && adjudications.is_empty() {
            continue;
        }
        for mut adjudication in adjudications {
            controls.of_opening(&key, &account.value, &adjudication);
            if let Some(verdict) = verdicts.remove(&adjudication.event) {
                adjudication.verdict = verdict;
            }
            place(&mut account.value.adjudications, adjudication);
        }
        grown.extend(settle_account(effects, records, scene, &key, account, renewed).await?);
    }
    controls.write(effects, records).await?;
    provisional::flag(effects, records, scene, first_seen).await?;
    waiters_for_credits(effects, records, scene, &grown).await
}
