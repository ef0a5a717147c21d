// SPDX-License-Identifier: Apache-2.0
//! Version 1 of the canonical remittance events. Amounts are minor units of the remittance's currency.

use serde::{Deserialize, Serialize};
use time::Date;

use crate::code::Code;
use crate::id::Hash;
use crate::money::{Currency, Minor};

/// One claim as a payer adjudicated it (835 loop 2100 with its lines).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ClaimAdjudicated<I> {
    /// CLP01, the provider's own claim number.
    pub patient_control: I,
    /// CLP07, the payer's claim number (ICN).
    pub payer_control: Option<I>,
    pub member: Option<I>,
    pub patient: Option<I>,
    /// CLP02 as written: `1`, `2`, `3`, `4`, `19`, `20`, `21`, `22`, `23`, `25` …
    pub status: Code,
    /// CLP06 claim filing indicator.
    pub filing: Option<Code>,
    /// CLP03.
    pub charge: Minor,
    /// CLP04.
    pub paid: Minor,
    /// CLP05, informative only.
    pub patient_responsibility: Option<Minor>,
    /// Claim-level CAS.
    pub adjustments: Vec<Adjustment>,
    pub lines: Vec<ServiceLine>,
    /// Remark codes of MIA, MOA and claim level.
    pub remarks: Vec<Code>,
    pub service_from: Option<Date>,
    pub service_through: Option<Date>,
    /// Rendering or service provider (NM1*82, XX).
    pub rendering_npi: Option<Code>,
    /// Facility of the claim when the set says it (TS301), else the payee's.
    pub facility_npi: Option<Code>,
    /// NM1*TT crossover carrier: payer identifier, or its name where none is given.
    pub crossover: Option<Code>,
    /// How many lines fail L1 (SVC02 − ΣCAS = SVC03).
    pub lines_out_of_balance: u32,
    /// Whether L2 holds (CLP03 − ΣCAS = CLP04).
    pub balanced: bool,
}

/// One CAS triplet.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Adjustment {
    /// CO, PR, OA, PI, CR.
    pub group: Code,
    /// CARC.
    pub reason: Code,
    /// Positive lowers the payment.
    pub amount: Minor,
}

/// One service line (loop 2110).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ServiceLine {
    /// SVC01 as `qualifier:code:modifiers`, joined by colons whatever the file used.
    pub procedure: Code,
    pub revenue_code: Option<Code>,
    pub charge: Minor,
    pub paid: Minor,
    pub adjustments: Vec<Adjustment>,
    pub remarks: Vec<Code>,
    pub service_date: Option<Date>,
    pub position_segment: u64,
}

/// One PLB entry: money between payer and provider that belongs to no claim of this remittance.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ProviderAdjustment<I> {
    /// PLB01.
    pub provider_npi: Code,
    pub fiscal_date: Option<Date>,
    /// PLB03-1: WO, FB, 72, L6 …
    pub code: Code,
    /// PLB03-2.
    pub reference: Option<I>,
    /// As written: positive reduces the payment.
    pub amount: Minor,
}

/// The header, counts, totals and verdicts of one transaction set, sent when its SE was read.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct RemittanceSealed {
    pub header: Header,
    pub totals: Totals,
    /// L3 and everything in the set that a posting needs.
    pub balanced: bool,
    /// SE count and control numbers; the group's and interchange's come when the document closes.
    pub envelope: bool,
    /// Codes with positions, no patient data; at most `findings_max`, `findings_total` counts all.
    pub findings: Vec<Finding>,
    pub findings_total: u64,
    /// ST to SE without control numbers.
    pub body_hash: Hash,
    /// Which interchange of the document, from 1.
    pub interchange: u32,
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Header {
    /// Ordinal of the set in the document, from 1.
    pub set: u32,
    /// ST02.
    pub control_number: Code,
    /// BPR01.
    pub handling: Code,
    /// BPR02 as written.
    pub payment: Minor,
    /// BPR03: C or D.
    pub credit_debit: Code,
    /// BPR04.
    pub method: Code,
    /// BPR10.
    pub company_id: Option<Code>,
    /// BPR16.
    pub effective_date: Option<Date>,
    /// TRN02.
    pub trace: Code,
    /// TRN03.
    pub originator: Code,
    pub payer_name: Code,
    /// N104 of N1*PR or REF*2U.
    pub payer_id: Option<Code>,
    pub payee_name: Code,
    /// N104 of N1*PE with XX.
    pub payee_npi: Option<Code>,
    /// N104 with FI, or REF*TJ.
    pub payee_tin: Option<Code>,
    /// DTM*405.
    pub production_date: Option<Date>,
    pub currency: Option<Currency>,
}

impl Header {
    /// The payment with its sign: a debit (`BPR03 = D`) counts negative.
    pub fn signed_payment(&self) -> Minor {
        if self.credit_debit == "D" { self.payment.saturating_neg() } else { self.payment }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Totals {
    pub claims: u64,
    pub lines: u64,
    pub provider_adjustments: u64,
    /// ΣCLP04.
    pub claims_paid: Minor,
    /// ΣPLB as written.
    pub provider_adjusted: Minor,
}

/// What a reader noticed, with the place. Never patient data.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Finding {
    pub code: Code,
    pub segment: u64,
    pub message: String,
}
