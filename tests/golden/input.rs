// SPDX-License-Identifier: Apache-2.0
//! What a case says, and the canonical events that it stands for. Synthetic and our own.

use model::code::Code;
use model::event::v1::{
    Adjustment, ClaimAdjudicated, Header, ProviderAdjustment, RemittanceSealed, Totals,
};
use model::event::{Body, Event, Position};
use model::id::{DocumentId, EventId, Hash, RemittanceId};
use model::money::{Currency, Minor, parse_minor};
use model::token::Token;
use serde::{Deserialize, Serialize};
use time::Date;

pub const TENANT: &str = "demo";
pub const SOURCE: &str = "clearing-house";

/// One case: how the world is set up, then one thing after another.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    #[serde(default)]
    pub setup: Setup,
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Setup {
    /// Basis `expected` for every payer class.
    pub expected: bool,
    pub cut_over: Option<String>,
    /// What the reference data lacks becomes provisional instead of being held.
    pub provisional: bool,
    /// The first day of the only open period.
    pub open_from: Option<String>,
    /// How long what may be explained waits before it becomes an exception.
    pub patience_s: u64,
    /// Identifiers that the reference data lacks at first.
    pub unknown: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// A document arrives, is read and is decided.
    Receive(Receive),
    /// The opening file of the case is loaded.
    Open {},
    /// Every open row is posted in a journal.
    Post {},
    /// The reference data learns what it lacked.
    Learn {},
    /// A person decides about the open item with this code.
    Decide(Decide),
    /// These rules are put before the compiled-in ones.
    Rules { text: String },
    /// The target refuses the rows of this claim for good.
    Refuse { claim: String, code: String },
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decide {
    pub code: String,
    pub action: String,
    #[serde(default)]
    pub reason: String,
    pub by: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receive {
    pub on: String,
    pub sets: Vec<Set>,
    /// The interchange's end is missing.
    #[serde(default)]
    pub cut_off: bool,
    /// The independent count has so many events more.
    #[serde(default)]
    pub lost_events: u64,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Set {
    pub payer: String,
    pub payee: Option<String>,
    pub trace: String,
    pub payment: String,
    pub takes_money: bool,
    pub currency: Option<String>,
    pub claims: Vec<Claim>,
    pub plb: Vec<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Claim {
    pub claim: String,
    pub icn: String,
    pub status: String,
    pub charge: String,
    pub paid: String,
    /// `CO 45 400.00; PR 1 120.00`
    pub cas: String,
    pub facility: Option<String>,
    pub crossover: Option<String>,
    pub served: Option<String>,
    pub lines_out_of_balance: u32,
}

pub fn money(text: &str) -> Minor {
    parse_minor(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

pub fn date(text: &str) -> Date {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    Date::parse(text, format).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

pub fn token(clear: &str) -> Token {
    Token { token: format!("tok_{clear}").into(), last4: None }
}

/// A document as events, one list per set, each ending with its seal.
pub struct Document {
    pub id: DocumentId,
    pub sets: Vec<Vec<Event<Token>>>,
}

/// `number` makes the same content another document, as a second delivery under another name is.
pub fn document(receive: &Receive, number: usize) -> Document {
    let content = format!("{number}/{}", serde_json::to_string(receive).expect("it serialises"));
    let id = DocumentId::of(&Code::new(TENANT), &Hash::of(&[content.as_bytes()]));
    let mut ordinal = 0_u64;
    let mut sets = Vec::new();
    for (index, set) in receive.sets.iter().enumerate() {
        let number = u32::try_from(index + 1).expect("few sets");
        let remittance = RemittanceId::of(id, number);
        let bodies = bodies(set, number);
        let events = bodies.into_iter().map(|body| {
            ordinal += 1;
            let source_hash = Hash::of(&[content.as_bytes(), &ordinal.to_be_bytes()]);
            Event {
                id: EventId::of(&Code::new(TENANT), &Code::new(SOURCE), id, ordinal),
                document: id,
                remittance,
                ordinal,
                position: Position { segment: ordinal, offset: 0 },
                source_hash,
                body,
            }
        });
        sets.push(events.collect());
    }
    Document { id, sets }
}

fn bodies(set: &Set, number: u32) -> Vec<Body<Token>> {
    let claims: Vec<ClaimAdjudicated<Token>> = set.claims.iter().map(claim).collect();
    let adjustments: Vec<ProviderAdjustment<Token>> =
        set.plb.iter().map(|text| adjustment(set, text)).collect();
    let paid: Minor = claims.iter().map(|claim| claim.paid).sum();
    let adjusted: Minor = adjustments.iter().map(|one| one.amount).sum();
    let header = header(set, number);
    let seal = RemittanceSealed {
        totals: Totals {
            claims: claims.len() as u64,
            lines: 0,
            provider_adjustments: adjustments.len() as u64,
            claims_paid: paid,
            provider_adjusted: adjusted,
        },
        balanced: paid - adjusted == header.signed_payment(),
        envelope: true,
        findings: Vec::new(),
        findings_total: 0,
        body_hash: Hash::of(&[serde_json::to_string(set).expect("it serialises").as_bytes()]),
        interchange: 1,
        header,
    };
    let claims = claims.into_iter().map(Body::Claim);
    let adjustments = adjustments.into_iter().map(Body::ProviderAdjustment);
    claims.chain(adjustments).chain([Body::RemittanceSealed(Box::new(seal))]).collect()
}

pub const CITY: &str = "1111111112";

fn header(set: &Set, number: u32) -> Header {
    let payment = money(&set.payment);
    Header {
        set: number,
        control_number: Code::from(format!("{number:04}")),
        handling: Code::new("I"),
        payment,
        credit_debit: Code::new(if set.takes_money { "D" } else { "C" }),
        method: Code::new(if payment == 0 { "NON" } else { "ACH" }),
        company_id: None,
        effective_date: Some(date("2026-03-02")),
        trace: Code::new(&set.trace),
        originator: Code::from(format!("TIN-{}", set.payer)),
        payer_name: Code::from(format!("Payer {}", set.payer)),
        payer_id: None,
        payee_name: Code::new("Hospital group"),
        payee_npi: Some(Code::new(set.payee.as_deref().unwrap_or(CITY))),
        payee_tin: None,
        production_date: None,
        currency: set.currency.as_deref().and_then(Currency::parse),
    }
}

fn claim(claim: &Claim) -> ClaimAdjudicated<Token> {
    let adjustments: Vec<Adjustment> =
        claim.cas.split(';').map(str::trim).filter(|text| !text.is_empty()).map(cas).collect();
    let (charge, paid) = (money(&claim.charge), money(&claim.paid));
    let adjusted: Minor = adjustments.iter().map(|one| one.amount).sum();
    let icn = if claim.icn.is_empty() { format!("{}-I", claim.claim) } else { claim.icn.clone() };
    ClaimAdjudicated {
        patient_control: token(&claim.claim),
        payer_control: Some(token(&icn)),
        member: None,
        patient: None,
        status: Code::new(&claim.status),
        filing: None,
        charge,
        paid,
        patient_responsibility: None,
        adjustments,
        lines: Vec::new(),
        remarks: Vec::new(),
        service_from: Some(date(claim.served.as_deref().unwrap_or("2026-02-10"))),
        service_through: None,
        rendering_npi: None,
        facility_npi: claim.facility.as_deref().map(Code::new),
        crossover: claim.crossover.as_deref().map(Code::new),
        lines_out_of_balance: claim.lines_out_of_balance,
        balanced: charge - adjusted == paid,
    }
}

fn cas(text: &str) -> Adjustment {
    let parts: Vec<&str> = text.split_whitespace().collect();
    let [group, reason, amount] = parts.as_slice() else { panic!("no adjustment: {text:?}") };
    Adjustment { group: Code::new(group), reason: Code::new(reason), amount: money(amount) }
}

/// `WO ICN1 20.16`, `L6 - -5.00`, `WO@2222222222 ICN1 20.16`
fn adjustment(set: &Set, text: &str) -> ProviderAdjustment<Token> {
    let parts: Vec<&str> = text.split_whitespace().collect();
    let [code, reference, amount] = parts.as_slice() else { panic!("no adjustment: {text:?}") };
    let (code, npi) = code.split_once('@').unwrap_or((code, set.payee.as_deref().unwrap_or(CITY)));
    ProviderAdjustment {
        provider_npi: Code::new(npi),
        fiscal_date: None,
        code: Code::new(code),
        reference: (*reference != "-").then(|| token(reference)),
        amount: money(amount),
    }
}
