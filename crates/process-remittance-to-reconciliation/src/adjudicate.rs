// SPDX-License-Identifier: Apache-2.0
//! From a claim event to an adjudication on an account: whose books, which payer, what it means.

use model::code::Code;
use model::event::Event;
use model::event::v1::ClaimAdjudicated;
use model::exception;
use model::reference::Payer;
use model::token::Token;

use crate::account::{Adjudication, Barred, HoldWith, Place, Verdict};
use crate::claim::{classify, hold};
use crate::provisional::FirstSeen;
use crate::resolve_reference::{self, Found};
use crate::room::account_key;
use crate::scene::Scene;
use crate::sentence;

/// Payer and payee of a remittance, looked up once for all its claims.
#[derive(Clone, Debug)]
pub struct Parties {
    pub payer: Payer,
    pub payee: Place,
}

impl Parties {
    pub fn of(scene: &Scene<'_>) -> Self {
        Self { payer: scene.payer(), payee: scene.payee() }
    }
}

/// An adjudication with the key of its account.
#[derive(Clone, Debug)]
pub struct Adjudicated {
    pub key: Code,
    pub adjudication: Adjudication,
    pub first_seen: Vec<FirstSeen>,
}

/// Pure: the same event under the same scene is the same adjudication.
pub fn adjudicate(
    scene: &Scene<'_>,
    parties: &Parties,
    event: &Event<Token>,
    claim: &ClaimAdjudicated<Token>,
) -> Adjudicated {
    let mut first_seen = Vec::new();
    let mut barred = scene.remittance.code;
    let place = match &claim.facility_npi {
        None => parties.payee.clone(),
        Some(npi) => {
            let found =
                resolve_reference::facility(scene.reference, scene.settings, npi, &parties.payee);
            first_seen.extend(FirstSeen::facility(&found));
            match found {
                Found::Governed(facility) | Found::Provisional(facility, _) => {
                    resolve_reference::place(&facility, scene.settings)
                }
                Found::Unknown => {
                    barred = barred.or(Some(exception::Code::MasterFacility));
                    parties.payee.clone()
                }
            }
        }
    };
    let crossover = claim.crossover.as_ref().and_then(|carrier| {
        let found = resolve_reference::carrier(scene.reference, scene.settings, carrier);
        first_seen.extend(FirstSeen::payer(&found));
        if found == Found::Unknown {
            barred = barred.or(Some(exception::Code::MasterPayer));
        }
        found.value().map(|payer| payer.code.clone())
    });
    barred = barred.or_else(|| hold::barred(claim, scene.settings.amount_minor_max));
    let mut barred = with_open_period(scene, barred, &place, &parties.payee);
    if let Some(barred) = &mut barred {
        barred.reason = Some(sentence::of_barred(barred.code, claim));
    }
    let adjudication = Adjudication {
        event: event.id,
        remittance: event.remittance,
        payer: parties.payer.code.clone(),
        control: claim.payer_control.as_ref().map(|control| control.token.clone()),
        standing: classify::standing(claim),
        shape: classify::shape(claim),
        charge: claim.charge,
        paid: claim.paid,
        classified: classify::classify(claim, scene.rules, &parties.payer.class, scene.day),
        crossover,
        basis: scene.reference.basis(&place.entity, &parties.payer.class, scene.day),
        legacy: is_legacy(scene, claim, &place),
        cash: (parties.payee.entity != place.entity).then(|| parties.payee.clone()),
        trace: scene.remittance.header.trace.clone(),
        barred,
        verdict: Verdict::default(),
        place,
    };
    let key = account_key(&adjudication.place.entity, claim.patient_control.as_str());
    Adjudicated { key, adjudication, first_seen }
}

/// Without an open period there is no day for a row: none of the claim's entity holds the claim,
/// none of the owner of the cash leaves not even a day for the hold.
fn with_open_period(
    scene: &Scene<'_>,
    barred: Option<exception::Code>,
    place: &Place,
    payee: &Place,
) -> Option<Barred> {
    if scene.dated(&payee.entity).is_none() {
        let code = exception::Code::PeriodClosed;
        return Some(Barred { code, hold: HoldWith::NoRows, reason: None });
    }
    let closed = scene.dated(&place.entity).is_none().then_some(exception::Code::PeriodClosed);
    let hold = HoldWith::OwnDimensions;
    barred.or(closed).map(|code| Barred { code, hold, reason: None })
}

/// A claim that the opening cannot know, or need not: its entity has no cut-over, or it is older.
fn is_legacy(scene: &Scene<'_>, claim: &ClaimAdjudicated<Token>, place: &Place) -> bool {
    let entity = scene.reference.entities.get(&place.entity);
    let Some(cut_over) = entity.and_then(|entity| entity.cut_over) else { return true };
    classify::service_date(claim).is_some_and(|served| served < cut_over)
}
