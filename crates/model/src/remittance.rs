// SPDX-License-Identifier: Apache-2.0
//! A remittance as the record shows it: its identity, its totals and what became of it.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use crate::code::Code;
use crate::event::v1::{Finding, Header, Totals};
use crate::exception;
use crate::id::{DocumentId, Hash, RemittanceId};

/// What became of a transaction set.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RemittanceState {
    /// Events arrive; not sealed or its document not yet closed.
    Receiving,
    /// Whole and sound: its claims are being booked.
    Booking,
    /// Every event of it has been decided.
    Decided,
    /// Same identity and same body as another: recorded, no effect.
    Duplicate,
    /// It posts nothing until a person decides; the code says why.
    Held,
}

impl RemittanceState {
    pub const ALL: [RemittanceState; 5] = [
        RemittanceState::Receiving,
        RemittanceState::Booking,
        RemittanceState::Decided,
        RemittanceState::Duplicate,
        RemittanceState::Held,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            RemittanceState::Receiving => "receiving",
            RemittanceState::Booking => "booking",
            RemittanceState::Decided => "decided",
            RemittanceState::Duplicate => "duplicate",
            RemittanceState::Held => "held",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// One transaction set and its fate.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Remittance {
    pub id: RemittanceId,
    pub document: DocumentId,
    pub source: Code,
    pub header: Header,
    pub totals: Totals,
    pub balanced: bool,
    pub envelope: bool,
    pub findings: Vec<Finding>,
    pub body_hash: Hash,
    pub interchange: u32,
    /// Hash of payee, TRN03, TRN02, BPR04, BPR16, BPR02 (and the body hash where BPR02 = 0).
    pub identity: Hash,
    pub state: RemittanceState,
    pub code: Option<exception::Code>,
    /// Payer, entity and facility as resolved against reference data; empty until then.
    pub payer: Code,
    pub entity: Code,
    pub facility: Code,
    /// The date received, in the entity's time zone: the accounting date of its postings.
    pub received_on: Date,
    #[serde(with = "time::serde::rfc3339")]
    pub sealed_at: OffsetDateTime,
}

impl Remittance {
    /// Identity of a remittance: the same payment told twice has the same one.
    pub fn identity_of(header: &Header, body_hash: &Hash) -> Hash {
        let payee = header.payee_npi.as_ref().or(header.payee_tin.as_ref());
        let date = header.effective_date.map(|date| date.to_string()).unwrap_or_default();
        let payment = header.signed_payment().to_string();
        let body: &[u8] = if header.payment == 0 { &body_hash.0 } else { b"" };
        Hash::of(&[
            b"remittance-identity",
            payee.map_or("", |payee| payee.as_str()).as_bytes(),
            header.originator.as_bytes(),
            header.trace.as_bytes(),
            header.method.as_bytes(),
            date.as_bytes(),
            payment.as_bytes(),
            body,
        ])
    }
}
