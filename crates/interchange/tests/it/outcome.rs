// SPDX-License-Identifier: Apache-2.0
//! Everything a reader hands over for one file, as owned and comparable lines of text.
//! Tests compare whole outcomes, so a value lost anywhere is noticed.

use interchange::x12::remittance::{
    BodyHashing, Claim, FileSummary, Group, GroupEnd, Header, Interchange, InterchangeEnd,
    ProviderAdjustment, Reference, Remittance835, SetEnd, SetStart, Sink,
};
use interchange::x12::{Code, Finding, Limits, Refusal};
use model::money::decimal;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Set {
    pub st: String,
    pub balanced: bool,
    pub envelope: bool,
    pub total: Option<String>,
    pub sum_clp04: Option<String>,
    pub sum_plb: Option<String>,
    pub claims: u64,
    pub lines: u64,
    pub provider_adjustments: u64,
    pub body_hash: Option<[u8; 32]>,
    pub codes: Vec<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Each call of the sink as a line.
    pub story: Vec<String>,
    pub sets: Vec<Set>,
    pub codes: Vec<&'static str>,
    pub summary: FileSummary,
    pub refusal: Option<Refusal>,
    open_codes: Vec<&'static str>,
}

impl Outcome {
    pub fn found(&self, code: Code) -> bool {
        self.codes.contains(&code.as_str())
    }

    fn tell(&mut self, line: String) {
        self.story.push(line);
    }
}

fn pairs<'a>(references: impl Iterator<Item = Reference<'a>>) -> String {
    references
        .map(|pair| format!("{}={}", pair.qualifier.to_str(), pair.value.to_str()))
        .collect::<Vec<_>>()
        .join(",")
}

impl Sink for Outcome {
    fn interchange_start(&mut self, interchange: &Interchange<'_>) {
        self.tell(format!(
            "interchange {} {}→{} {} at {}",
            interchange.control_number.to_str(),
            interchange.sender.to_str(),
            interchange.receiver.to_str(),
            interchange.usage.to_str(),
            interchange.place
        ));
    }

    fn group_start(&mut self, group: &Group<'_>) {
        let (number, version) = (group.control_number.to_str(), group.version.to_str());
        self.tell(format!("group {number} {version} at {}", group.place));
    }

    fn set_start(&mut self, set: &SetStart<'_>) {
        self.open_codes.clear();
        self.tell(format!("set {} at {}", set.control_number.to_str(), set.place));
    }

    fn header(&mut self, header: &Header<'_>) {
        self.tell(format!(
            "header {} {:?} {:?} {} {} from {} on {} trace {} of {} produced {} in {}",
            header.handling.to_str(),
            header.total,
            header.credit_debit,
            header.method.to_str(),
            header.format.to_str(),
            header.originating_company.to_str(),
            header.effective_date.to_str(),
            header.trace_number.to_str(),
            header.payer_identifier.to_str(),
            header.production_date.to_str(),
            header.currency.to_str()
        ));
        for (role, party, references) in [
            ("payer", header.payer, pairs(header.payer_references())),
            ("payee", header.payee, pairs(header.payee_references())),
        ] {
            self.tell(format!(
                "{role} {} {}={} {references}",
                party.name.to_str(),
                party.id_qualifier.to_str(),
                party.id.to_str()
            ));
        }
        self.tell(format!("header references {}", pairs(header.references())));
    }

    fn claim(&mut self, claim: &Claim<'_>) {
        self.tell(format!(
            "claim {} {} status {} charge {} paid {} patient {} {} icn {} {} {} {:?} at {}",
            claim.ordinal,
            claim.patient_control_number.to_str(),
            claim.status.to_str(),
            decimal(claim.charge),
            decimal(claim.paid),
            decimal(claim.patient_responsibility),
            claim.filing_indicator.to_str(),
            claim.payer_claim_control_number.to_str(),
            claim.facility_type.to_str(),
            claim.frequency.to_str(),
            claim.verdict,
            claim.place
        ));
        for name in claim.names() {
            let (entity, last, id) = (name.entity.to_str(), name.last.to_str(), name.id.to_str());
            self.tell(format!("  name {entity} {last} {} {id}", name.first.to_str()));
        }
        self.tell(format!("  dates {}", pairs(claim.dates())));
        self.tell(format!("  references {}", pairs(claim.references())));
        for remark in claim.remarks() {
            self.tell(format!("  remark {}", remark.to_str()));
        }
        for adjustment in claim.adjustments() {
            self.tell(format!("  {}", self::adjustment(&adjustment)));
        }
        for line in claim.lines() {
            let procedure: Vec<_> = line.procedure.components().map(|part| part.to_str()).collect();
            self.tell(format!(
                "  line {} {} charge {} paid {} revenue {} units {} on {} number {} balanced {} at {}",
                line.ordinal,
                procedure.join("/"),
                decimal(line.charge),
                decimal(line.paid),
                line.revenue_code.to_str(),
                line.units.to_str(),
                line.date("472").unwrap_or_default().to_str(),
                line.control_number().unwrap_or_default().to_str(),
                line.balanced(),
                line.place
            ));
            for adjustment in line.adjustments() {
                self.tell(format!("    {}", self::adjustment(&adjustment)));
            }
            self.tell(format!("    remarks {}", pairs(line.remarks())));
        }
        self.tell(format!("  source {}", String::from_utf8_lossy(claim.source())));
    }

    fn provider_adjustment(&mut self, adjustment: &ProviderAdjustment<'_>) {
        self.tell(format!(
            "plb {} {} {} {} {} {}",
            adjustment.ordinal,
            adjustment.provider.to_str(),
            adjustment.fiscal_date.to_str(),
            adjustment.reason.to_str(),
            adjustment.reference.to_str(),
            decimal(adjustment.amount)
        ));
    }

    fn set_end(&mut self, end: &SetEnd<'_>) {
        self.tell(format!("end {end:?}"));
        self.sets.push(Set {
            st: end.control_number.to_owned_string(),
            balanced: end.balanced,
            envelope: end.envelope,
            total: end.total.map(decimal),
            sum_clp04: end.sum_clp04.map(decimal),
            sum_plb: end.sum_plb.map(decimal),
            claims: end.claims,
            lines: end.lines,
            provider_adjustments: end.provider_adjustments,
            body_hash: end.body_hash,
            codes: std::mem::take(&mut self.open_codes),
        });
    }

    fn group_end(&mut self, end: &GroupEnd) {
        self.tell(format!("{end:?}"));
    }

    fn interchange_end(&mut self, end: &InterchangeEnd) {
        self.tell(format!("{end:?}"));
    }

    fn finding(&mut self, finding: &Finding) {
        self.codes.push(finding.code.as_str());
        self.open_codes.push(finding.code.as_str());
        self.tell(format!("{} {} at {}", finding.code, finding.message, finding.place));
    }
}

fn adjustment(adjustment: &interchange::x12::remittance::Adjustment<'_>) -> String {
    let (group, code) = (adjustment.group.to_str(), adjustment.code.to_str());
    format!("{group} {code} {} {}", decimal(adjustment.amount), adjustment.quantity.to_str())
}

/// Reads a file in chunks of this many bytes.
pub fn read_chunked(bytes: &[u8], limits: &Limits, chunk: usize) -> Outcome {
    let mut outcome = Outcome::default();
    let mut reader = Remittance835::new(limits.clone(), BodyHashing::Sha256);
    let read = bytes
        .chunks(chunk.max(1))
        .try_for_each(|chunk| reader.push(chunk, &mut outcome))
        .and_then(|()| reader.finish(&mut outcome).map(drop));
    outcome.refusal = read.err();
    outcome.summary = reader.summary();
    outcome
}

pub fn read(bytes: &[u8]) -> Outcome {
    read_chunked(bytes, &Limits::default(), usize::MAX)
}
