// SPDX-License-Identifier: Apache-2.0
//! From the reader's borrowed views to canonical events. Every start and end is in order, so the
//! ordinals of a document's events are the same at every reading.

use interchange::x12::remittance::{
    Adjustment, Claim, CreditDebit, Header, Interchange, InterchangeEnd, Line, ProviderAdjustment,
    SetEnd, SetStart, Sink,
};
use interchange::x12::{Finding, Place, Text};
use model::code::Code;
use model::event::v1;
use model::event::{Body, Event, Position};
use model::id::{DocumentId, EventStem, Hash, RemittanceId};
use model::money::Currency;
use model::token::Clear;
use ports::source::{Closing, EventSink};
use time::{Date, Month};

/// Findings kept per transaction set, and broken interchanges named per document.
const FINDINGS_MAX: usize = 50;
const BROKEN_MAX: usize = 1_000;

/// What has been told of a document so far.
pub struct Telling {
    document: DocumentId,
    stem: EventStem,
    ordinal: u64,
    sets: u32,
    interchange: u32,
    /// The set that is open: its id, header and findings.
    set: Option<OpenSet>,
    /// Envelope findings outside any set, of the interchange that is open.
    outside: Option<v1::Finding>,
    broken: Vec<(u32, v1::Finding)>,
}

struct OpenSet {
    remittance: RemittanceId,
    header: v1::Header,
    findings: Vec<v1::Finding>,
    findings_total: u64,
    /// TS301 of the claims that follow.
    facility: Option<Code>,
    /// Something that the whole transaction needs is missing or does not balance.
    unpostable: bool,
}

/// The reader's sink: what was told, and whom to tell.
pub struct To<'a> {
    telling: &'a mut Telling,
    sink: &'a mut dyn EventSink,
}

impl Telling {
    pub fn new(tenant: Code, source: Code, document: DocumentId) -> Self {
        Self {
            document,
            stem: EventStem::of(&tenant, &source, document),
            ordinal: 0,
            sets: 0,
            interchange: 0,
            set: None,
            outside: None,
            broken: Vec::new(),
        }
    }

    pub fn to<'a>(&'a mut self, sink: &'a mut dyn EventSink) -> To<'a> {
        To { telling: self, sink }
    }

    pub fn closing(self, refusal: Option<v1::Finding>) -> Closing {
        Closing { broken_interchanges: self.broken, sets: self.sets, refusal }
    }

    fn event(&mut self, place: Place, source: &[u8], body: Body<Clear>) -> Option<Event<Clear>> {
        let remittance = self.set.as_ref()?.remittance;
        self.ordinal += 1;
        Some(Event {
            id: self.stem.event(self.ordinal),
            document: self.document,
            remittance,
            ordinal: self.ordinal,
            position: Position { segment: place.segment, offset: place.offset },
            source_hash: Hash::of(&[&place.offset.to_be_bytes(), source]),
            body,
        })
    }
}

impl Sink for To<'_> {
    fn interchange_start(&mut self, _: &Interchange<'_>) {
        self.telling.interchange += 1;
        self.telling.outside = None;
    }

    fn set_start(&mut self, start: &SetStart<'_>) {
        let telling = &mut *self.telling;
        telling.sets += 1;
        let header = v1::Header {
            set: telling.sets,
            control_number: code(start.control_number),
            ..v1::Header::default()
        };
        telling.set = Some(OpenSet {
            remittance: RemittanceId::of(telling.document, telling.sets),
            header,
            findings: Vec::new(),
            findings_total: 0,
            facility: None,
            unpostable: false,
        });
    }

    fn header(&mut self, header: &Header<'_>) {
        if let Some(set) = &mut self.telling.set {
            fill_header(&mut set.header, header);
        }
    }

    fn claim_group(&mut self, facility: Text<'_>) {
        if let Some(set) = &mut self.telling.set {
            set.facility = optional(facility);
        }
    }

    fn claim(&mut self, claim: &Claim<'_>) {
        let facility = self.telling.set.as_ref().and_then(|set| set.facility.clone());
        let body = Body::Claim(adjudicated(claim, facility));
        if let Some(event) = self.telling.event(claim.place, claim.source(), body) {
            self.sink.event(event);
        }
    }

    fn provider_adjustment(&mut self, told: &ProviderAdjustment<'_>) {
        let adjustment = v1::ProviderAdjustment {
            provider_npi: code(told.provider),
            fiscal_date: date(told.fiscal_date),
            code: code(told.reason),
            reference: clear(told.reference),
            amount: told.amount,
        };
        let body = Body::ProviderAdjustment(adjustment);
        let source = told.ordinal.to_be_bytes();
        if let Some(event) = self.telling.event(told.place, &source, body) {
            self.sink.event(event);
        }
    }

    fn set_end(&mut self, end: &SetEnd<'_>) {
        let Some(set) = &mut self.telling.set else { return };
        let sealed = v1::RemittanceSealed {
            header: std::mem::take(&mut set.header),
            totals: v1::Totals {
                claims: end.claims,
                lines: end.lines,
                provider_adjustments: end.provider_adjustments,
                claims_paid: end.sum_clp04.unwrap_or_default(),
                provider_adjusted: end.sum_plb.unwrap_or_default(),
            },
            balanced: !set.unpostable,
            envelope: end.envelope,
            findings: std::mem::take(&mut set.findings),
            findings_total: set.findings_total,
            body_hash: Hash(end.body_hash.unwrap_or_default()),
            interchange: self.telling.interchange,
        };
        let source = sealed.body_hash.0;
        let body = Body::RemittanceSealed(Box::new(sealed));
        let event = self.telling.event(end.place, &source, body);
        self.telling.set = None;
        if let Some(event) = event {
            self.sink.event(event);
        }
    }

    fn interchange_end(&mut self, end: &InterchangeEnd) {
        let outside = self.telling.outside.take();
        if end.envelope && outside.is_none() {
            return;
        }
        let unnamed = || v1::Finding {
            code: Code::new("STRUCT"),
            segment: end.place.segment,
            message: "the interchange's envelope is broken".to_owned(),
        };
        if self.telling.broken.len() < BROKEN_MAX {
            let finding = outside.unwrap_or_else(unnamed);
            self.telling.broken.push((self.telling.interchange, finding));
        }
    }

    fn finding(&mut self, told: &Finding) {
        match &mut self.telling.set {
            Some(set) => {
                set.findings_total += 1;
                set.unpostable |= needed_by_all(told.code);
                if set.findings.len() < FINDINGS_MAX {
                    set.findings.push(finding(told));
                }
            }
            None if told.code.is_warning() => {}
            None => {
                self.telling.outside.get_or_insert_with(|| finding(told));
            }
        }
    }
}

/// Whether a finding concerns the transaction as a whole; an unbalanced line or claim is held alone.
fn needed_by_all(code: interchange::x12::Code) -> bool {
    use interchange::x12::Code as Told;
    matches!(
        code,
        Told::TotalOff
            | Told::NoPaymentSegment
            | Told::NoTrace
            | Told::NoSetEnd
            | Told::BadAmount
            | Told::NegativeTotal
            | Told::Limit
    )
}

/// A reader's finding in canonical form.
pub fn finding(told: &Finding) -> v1::Finding {
    v1::Finding {
        code: Code::new(told.code.as_str()),
        segment: told.place.segment,
        message: told.message.to_string(),
    }
}

fn fill_header(into: &mut v1::Header, header: &Header<'_>) {
    into.handling = code(header.handling);
    into.payment = header.total.unwrap_or_default();
    into.credit_debit = Code::new(match header.credit_debit {
        CreditDebit::Credit => "C",
        CreditDebit::Debit => "D",
        CreditDebit::Unstated => "",
    });
    into.method = code(header.method);
    into.company_id = optional(header.originating_company);
    into.effective_date = date(header.effective_date);
    into.trace = code(header.trace_number);
    into.originator = code(header.payer_identifier);
    into.payer_name = code(header.payer.name);
    let additional = || header.payer_references().find(|pair| pair.qualifier == "2U");
    into.payer_id =
        optional(header.payer.id).or_else(|| additional().and_then(|pair| optional(pair.value)));
    into.payee_name = code(header.payee.name);
    let payee = header.payee;
    into.payee_npi = optional(payee.id).filter(|_| payee.id_qualifier == "XX");
    let tax = || header.payee_references().find(|pair| pair.qualifier == "TJ");
    into.payee_tin = optional(payee.id)
        .filter(|_| payee.id_qualifier == "FI")
        .or_else(|| tax().and_then(|pair| optional(pair.value)));
    into.production_date = date(header.production_date);
    into.currency = Currency::parse(&header.currency.to_str());
}

fn adjudicated(claim: &Claim<'_>, facility: Option<Code>) -> v1::ClaimAdjudicated<Clear> {
    let patient = claim.patient();
    let member = patient.and_then(|name| clear(name.id));
    let insured = || claim.insured().and_then(|name| clear(name.id));
    let crossover = claim.crossover_carrier();
    v1::ClaimAdjudicated {
        patient_control: Clear::new(claim.patient_control_number.to_owned_string()),
        payer_control: clear(claim.payer_claim_control_number),
        member: member.or_else(insured),
        patient: patient
            .map(|name| Clear::new(format!("{}, {}", name.last.to_str(), name.first.to_str()))),
        status: code(claim.status),
        filing: optional(claim.filing_indicator),
        charge: claim.charge,
        paid: claim.paid,
        patient_responsibility: Some(claim.patient_responsibility),
        adjustments: claim.adjustments().map(|own| adjustment(&own)).collect(),
        lines: claim.lines().map(|own| line(&own)).collect(),
        remarks: claim.remarks().map(code).collect(),
        service_from: claim.date("232").and_then(date),
        service_through: claim.date("233").and_then(date),
        rendering_npi: claim
            .rendering_provider()
            .filter(|name| name.id_qualifier == "XX")
            .and_then(|name| optional(name.id)),
        facility_npi: facility,
        crossover: crossover.and_then(|name| optional(name.id).or_else(|| optional(name.last))),
        lines_out_of_balance: u32::try_from(claim.verdict.lines_off).unwrap_or(u32::MAX),
        balanced: claim.verdict.balanced(),
    }
}

fn line(line: &Line<'_>) -> v1::ServiceLine {
    let parts: Vec<String> =
        line.procedure.components().map(|part| part.to_owned_string()).collect();
    let period = || line.date("150").and_then(date);
    v1::ServiceLine {
        procedure: Code::from(parts.join(":")),
        revenue_code: optional(line.revenue_code),
        charge: line.charge,
        paid: line.paid,
        adjustments: line.adjustments().map(|own| adjustment(&own)).collect(),
        remarks: line.remarks().map(|pair| code(pair.value)).collect(),
        service_date: line.date("472").and_then(date).or_else(period),
        position_segment: line.place.segment,
    }
}

fn adjustment(told: &Adjustment<'_>) -> v1::Adjustment {
    v1::Adjustment { group: code(told.group), reason: code(told.code), amount: told.amount }
}

fn code(text: Text<'_>) -> Code {
    Code::new(&text.to_str())
}

fn optional(text: Text<'_>) -> Option<Code> {
    text.filled().map(code)
}

fn clear(text: Text<'_>) -> Option<Clear> {
    text.filled().map(|text| Clear::new(text.to_owned_string()))
}

/// `CCYYMMDD`; anything else is no date, and dates are never part of a balance.
fn date(text: Text<'_>) -> Option<Date> {
    let digits = text.as_bytes();
    if digits.len() != 8 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = |from: usize, to: usize| {
        digits[from..to].iter().fold(0u16, |value, digit| value * 10 + u16::from(digit - b'0'))
    };
    let month = Month::try_from(u8::try_from(number(4, 6)).ok()?).ok()?;
    Date::from_calendar_date(i32::from(number(0, 4)), month, u8::try_from(number(6, 8)).ok()?).ok()
}
