// SPDX-License-Identifier: Apache-2.0
//! Tokens: keyed, joinable, irreversible stand-ins for identifiers of patients.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::hmac;
use model::code::Code;
use model::event::v1::{ClaimAdjudicated, ProviderAdjustment};
use model::event::{Body, Event};
use model::token::{Clear, Field, Reason, Token};

use crate::screen;

/// Shown of a control number; shorter numbers show nothing, four would be most of them.
const LAST_CHARACTERS: usize = 4;
const CONTROL_CHARACTERS_MIN: usize = 8;

/// The key under which tokens are made. It lives outside the database.
#[derive(Clone)]
pub struct TokenKey([u8; 32]);

impl TokenKey {
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKey(…)")
    }
}

/// Makes tokens for one tenant and gathers what the vault has to keep.
#[derive(Clone)]
pub struct Tokeniser {
    tenant: Code,
    keys: Arc<[(Field, hmac::Key)]>,
}

/// Values met since the last hand-over to the vault, each once.
#[derive(Default)]
pub struct Met {
    values: BTreeMap<(Field, Token), Clear>,
    /// Card numbers that were masked since the beginning.
    cards: u64,
}

impl Met {
    pub fn len(&self) -> usize {
        self.values.len()
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub fn cards(&self) -> u64 {
        self.cards
    }

    /// Everything met, in order of token; nothing is left.
    pub fn take(&mut self) -> Vec<(Field, Token, Clear)> {
        let met = std::mem::take(&mut self.values);
        met.into_iter().map(|((field, token), clear)| (field, token, clear)).collect()
    }
}

impl Tokeniser {
    pub fn new(tenant: Code, key: &TokenKey) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, &key.0);
        let mut keys = Vec::new();
        for field in [Field::Control, Field::Member, Field::Name] {
            let own = hmac::sign(&root, format!("field:{}", field.as_str()).as_bytes());
            keys.push((field, hmac::Key::new(hmac::HMAC_SHA256, own.as_ref())));
        }
        Self { tenant, keys: keys.into() }
    }

    /// The token of a value: the same value of the same field and tenant always has the same one.
    pub fn token(&self, field: Field, clear: &Clear) -> Token {
        let normalised = clear.expose(Reason::Tokenise).trim().to_uppercase();
        let mut tag = None;
        for (own, key) in self.keys.iter() {
            if *own != field {
                continue;
            }
            let mut context = hmac::Context::with_key(key);
            for part in [self.tenant.as_bytes(), field.as_str().as_bytes(), normalised.as_bytes()] {
                context.update(&(part.len() as u64).to_be_bytes());
                context.update(part);
            }
            tag = Some(context.sign());
        }
        let tag = tag.expect("every field has a key");
        let text = data_encoding::BASE32_NOPAD.encode(&tag.as_ref()[..16]).to_lowercase();
        Token { token: Arc::from(format!("tok_v1_{text}")), last4: last_four(field, &normalised) }
    }

    fn keep(&self, field: Field, clear: Clear, met: &mut Met) -> Token {
        let token = self.token(field, &clear);
        let kept = screen::kept(clear, &mut met.cards);
        met.values.insert((field, token.clone()), kept);
        token
    }

    /// The same event with tokens, and without card numbers; the values are added to `met`.
    pub fn tokenise(&self, mut event: Event<Clear>, met: &mut Met) -> Event<Token> {
        met.cards += screen::screen(&mut event.body);
        let body = match event.body {
            Body::Claim(claim) => Body::Claim(self.claim(claim, met)),
            Body::ProviderAdjustment(adjustment) => {
                Body::ProviderAdjustment(self.provider_adjustment(adjustment, met))
            }
            Body::RemittanceSealed(sealed) => Body::RemittanceSealed(sealed),
        };
        Event {
            id: event.id,
            document: event.document,
            remittance: event.remittance,
            ordinal: event.ordinal,
            position: event.position,
            source_hash: event.source_hash,
            body,
        }
    }

    fn claim(&self, claim: ClaimAdjudicated<Clear>, met: &mut Met) -> ClaimAdjudicated<Token> {
        ClaimAdjudicated {
            patient_control: self.keep(Field::Control, claim.patient_control, met),
            payer_control: claim.payer_control.map(|own| self.keep(Field::Control, own, met)),
            member: claim.member.map(|own| self.keep(Field::Member, own, met)),
            patient: claim.patient.map(|own| self.keep(Field::Name, own, met)),
            status: claim.status,
            filing: claim.filing,
            charge: claim.charge,
            paid: claim.paid,
            patient_responsibility: claim.patient_responsibility,
            adjustments: claim.adjustments,
            lines: claim.lines,
            remarks: claim.remarks,
            service_from: claim.service_from,
            service_through: claim.service_through,
            rendering_npi: claim.rendering_npi,
            facility_npi: claim.facility_npi,
            crossover: claim.crossover,
            lines_out_of_balance: claim.lines_out_of_balance,
            balanced: claim.balanced,
        }
    }

    fn provider_adjustment(
        &self,
        adjustment: ProviderAdjustment<Clear>,
        met: &mut Met,
    ) -> ProviderAdjustment<Token> {
        ProviderAdjustment {
            provider_npi: adjustment.provider_npi,
            fiscal_date: adjustment.fiscal_date,
            code: adjustment.code,
            reference: adjustment.reference.map(|own| self.keep(Field::Control, own, met)),
            amount: adjustment.amount,
        }
    }
}

fn last_four(field: Field, value: &str) -> Option<Arc<str>> {
    let long_enough = value.chars().count() >= CONTROL_CHARACTERS_MIN;
    if field != Field::Control || !long_enough {
        return None;
    }
    let skip = value.chars().count() - LAST_CHARACTERS;
    Some(Arc::from(value.chars().skip(skip).collect::<String>()))
}
