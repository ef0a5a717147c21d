// SPDX-License-Identifier: Apache-2.0
//! The segments inside an 835: header, claims, service lines, adjustments.
//! A claim ends where the next begins, at PLB, or with its set; LX only numbers claims.

use super::Sink;
use super::arena::Span;
use super::claim::Claim;
use super::claim_buffer::{AdjustmentRecord, LineRecord};
use super::closing::wide;
use super::events::{CreditDebit, ProviderAdjustment};
use super::state::{Driver, Payment, Phase};
use crate::x12::finding::{Code, Refusal};
use crate::x12::segment::{Segment, tag};
use crate::x12::text::{Composite, Text};

const BPR: u32 = tag(b"BPR");
const TRN: u32 = tag(b"TRN");
const CUR: u32 = tag(b"CUR");
const N1: u32 = tag(b"N1");
const CLP: u32 = tag(b"CLP");
const CAS: u32 = tag(b"CAS");
const NM1: u32 = tag(b"NM1");
const MIA: u32 = tag(b"MIA");
const MOA: u32 = tag(b"MOA");
const REF: u32 = tag(b"REF");
const DTM: u32 = tag(b"DTM");
const SVC: u32 = tag(b"SVC");
const LQ: u32 = tag(b"LQ");
const PLB: u32 = tag(b"PLB");
/// An identifier of TS301 has at most 50 characters.
const FACILITY_BYTES_MAX: usize = 80;
const LX: u32 = tag(b"LX");
const TS2: u32 = tag(b"TS2");
const TS3: u32 = tag(b"TS3");

impl<S: Sink> Driver<'_, S> {
    /// One segment of an open 835.
    pub fn detail(&mut self, tag: u32, segment: &Segment<'_>) -> Result<(), Refusal> {
        match tag {
            CLP => self.begin_claim(segment),
            SVC => self.service_line(segment),
            CAS => self.adjustments(segment),
            NM1 | MIA | MOA | LQ | REF | DTM | CUR | N1 => self.keep(tag, segment),
            PLB => self.provider_adjustments(segment),
            BPR => self.payment(segment),
            TRN => self.trace(segment),
            LX => {
                self.end_header();
                self.next_claim_group(b"");
                Ok(())
            }
            TS3 => {
                self.end_header();
                self.next_claim_group(segment.element(1));
                Ok(())
            }
            TS2 => {
                self.end_header();
                Ok(())
            }
            _ => self.other(segment),
        }
    }

    /// Keeps a segment for the header or the claim that is open.
    fn keep(&mut self, tag: u32, segment: &Segment<'_>) -> Result<(), Refusal> {
        let state = &mut *self.state;
        if state.claim.open {
            let limit = ("claim_bytes_max", state.limits.claim_bytes_max);
            state.claim.segments += 1;
            return state.claim.arena.keep_detail(tag, segment, limit);
        }
        if state.set.as_ref().is_some_and(|set| set.phase == Phase::Header) {
            let limit = ("header_bytes_max", state.limits.header_bytes_max);
            return state.header.arena.keep_detail(tag, segment, limit);
        }
        Ok(())
    }

    /// A segment that carries nothing for the balance: kept as source of its claim.
    fn other(&mut self, segment: &Segment<'_>) -> Result<(), Refusal> {
        let name = segment.element(0);
        let plausible = (2..=3).contains(&name.len())
            && name[0].is_ascii_uppercase()
            && name.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if !plausible {
            let message = "this does not begin like a segment";
            self.find_broken(segment.place, Code::NotASegment, message);
        }
        let state = &mut *self.state;
        if state.claim.open {
            let limit = ("claim_bytes_max", state.limits.claim_bytes_max);
            state.claim.segments += 1;
            state.claim.arena.keep(segment, limit)?;
        }
        Ok(())
    }

    fn payment(&mut self, segment: &Segment<'_>) -> Result<(), Refusal> {
        let Some(set) = &self.state.set else { return Ok(()) };
        let (known, late) = (set.payment.is_some(), set.phase != Phase::Header);
        if known || late {
            self.find_broken(segment.place, Code::Order, "BPR is not where the header has it");
        }
        if known {
            return Ok(());
        }
        self.read_elements(segment)?;
        let total = self.amount(segment, 2);
        let credit_debit = CreditDebit::read(self.state.elements.get(segment.bytes, 3));
        if let Some(set) = &mut self.state.set {
            set.payment = Some(Payment { total, credit_debit, place: segment.place });
        }
        if !late {
            self.state.header.total = total;
            self.state.header.payment = Some(self.keep_header(segment)?);
        }
        Ok(())
    }

    fn trace(&mut self, segment: &Segment<'_>) -> Result<(), Refusal> {
        let Some(set) = &mut self.state.set else { return Ok(()) };
        let (known, late) = (set.has_trace, set.phase != Phase::Header);
        set.has_trace = true;
        if known || late {
            self.find_broken(segment.place, Code::Order, "TRN is not where the header has it");
            return Ok(());
        }
        self.state.header.trace = Some(self.keep_header(segment)?);
        Ok(())
    }

    fn keep_header(&mut self, segment: &Segment<'_>) -> Result<Span, Refusal> {
        let limit = ("header_bytes_max", self.state.limits.header_bytes_max);
        let base = self.state.header.arena.keep(segment, limit)?;
        Ok(Span::at(base, (0, segment.bytes.len() as u32)))
    }

    /// Hands the header over, at the first segment that is no longer part of it.
    pub fn end_header(&mut self) {
        match &mut self.state.set {
            Some(set) if set.phase == Phase::Header => set.phase = Phase::Detail,
            Some(_) | None => return,
        }
        self.sink.header(&self.state.header.view());
    }

    fn read_elements(&mut self, segment: &Segment<'_>) -> Result<(), Refusal> {
        self.state.elements.read(segment, self.state.limits.elements_max)
    }

    /// The group is told with its first claim: until then the last claim of the group before it may
    /// still go on.
    fn next_claim_group(&mut self, facility: &[u8]) {
        if let Some(set) = &mut self.state.set {
            let kept = facility.len().min(FACILITY_BYTES_MAX);
            set.claim_group = Some(facility[..kept].to_vec());
        }
    }

    fn tell_claim_group(&mut self) {
        if let Some(group) = self.state.set.as_mut().and_then(|set| set.claim_group.take()) {
            self.sink.claim_group(Text::new(&group));
        }
    }

    fn begin_claim(&mut self, segment: &Segment<'_>) -> Result<(), Refusal> {
        self.end_header();
        self.end_claim();
        self.tell_claim_group();
        self.read_elements(segment)?;
        let amounts = [3, 4, 5].map(|position| self.amount(segment, position));
        let state = &mut *self.state;
        let Some(set) = &mut state.set else { return Ok(()) };
        set.claims += 1;
        let claim = &mut state.claim;
        claim.arena.clear(segment.delimiters);
        claim.lines.clear();
        claim.adjustments.clear();
        let limit = ("claim_bytes_max", state.limits.claim_bytes_max);
        let base = claim.arena.keep(segment, limit)?;
        for (position, span) in claim.elements.iter_mut().enumerate() {
            *span = Span::at(base, state.elements.span(position));
        }
        claim.open = true;
        claim.place = segment.place;
        claim.ordinal = set.claims;
        claim.segments = 1;
        claim.adjusted = 0;
        claim.unreadable = amounts.contains(&None);
        [claim.charge, claim.paid, claim.responsibility] = amounts.map(Option::unwrap_or_default);
        set.sum_clp04 += i128::from(claim.paid);
        Ok(())
    }

    fn service_line(&mut self, segment: &Segment<'_>) -> Result<(), Refusal> {
        if !self.state.claim.open {
            self.find_broken(segment.place, Code::Order, "SVC outside every claim");
            return Ok(());
        }
        self.read_elements(segment)?;
        let (charge, paid) = (self.amount(segment, 2), self.amount(segment, 3));
        let state = &mut *self.state;
        let claim = &mut state.claim;
        if claim.lines.len() == state.limits.claim_lines_max {
            let max = state.limits.claim_lines_max;
            return Err(Refusal::limit(segment.place, "claim_lines_max", max));
        }
        if let Some(set) = &mut state.set {
            set.lines += 1;
        }
        let limit = ("claim_bytes_max", state.limits.claim_bytes_max);
        let base = claim.arena.keep(segment, limit)?;
        let span = |position| Span::at(base, state.elements.span(position));
        claim.segments += 1;
        claim.unreadable |= charge.is_none() || paid.is_none();
        claim.add_line(LineRecord {
            place: segment.place,
            procedure: span(1),
            charge: charge.unwrap_or_default(),
            paid: paid.unwrap_or_default(),
            revenue_code: span(4),
            units: span(5),
            original_procedure: span(6),
            original_units: span(7),
            ..LineRecord::default()
        });
        Ok(())
    }

    fn adjustments(&mut self, segment: &Segment<'_>) -> Result<(), Refusal> {
        if !self.state.claim.open {
            self.find_broken(segment.place, Code::Order, "CAS outside every claim");
            return Ok(());
        }
        self.read_elements(segment)?;
        let limit = ("claim_bytes_max", self.state.limits.claim_bytes_max);
        let base = self.state.claim.arena.keep(segment, limit)?;
        self.state.claim.segments += 1;
        let group = Span::at(base, self.state.elements.span(1));
        for position in (2..self.state.elements.count()).step_by(3) {
            let amount = self.amount(segment, position + 1);
            let state = &mut *self.state;
            let span = |position| Span::at(base, state.elements.span(position));
            let (code, quantity) = (span(position), span(position + 2));
            let blank = code.start == code.end && quantity.start == quantity.end;
            state.claim.unreadable |= amount.is_none();
            if blank && amount == Some(0) {
                continue;
            }
            let amount = amount.unwrap_or_default();
            state.claim.add_adjustment(AdjustmentRecord { group, code, amount, quantity });
        }
        Ok(())
    }

    /// Judges the claim that is open and hands it over.
    pub fn end_claim(&mut self) {
        if !self.state.claim.open {
            return;
        }
        self.state.claim.open = false;
        let verdict = self.state.claim.verdict();
        if !verdict.balanced() && !verdict.unreadable {
            self.find_imbalance();
        }
        if let Some(set) = &mut self.state.set {
            set.lines_off += verdict.lines_off;
            set.claims_off += u64::from(verdict.claim_off);
        }
        self.sink.claim(&Claim::new(&self.state.claim, verdict));
    }

    #[cold]
    fn find_imbalance(&mut self) {
        for index in 0..self.state.claim.lines.len() {
            let line = self.state.claim.lines[index];
            if line.difference() == 0 {
                continue;
            }
            self.find(line.place, Code::LineOff, || {
                let (charge, paid) = (i128::from(line.charge), i128::from(line.paid));
                equation(&format!("line {}", index + 1), charge, line.adjusted, paid)
            });
        }
        let claim = &self.state.claim;
        let (place, ordinal) = (claim.place, claim.ordinal);
        let (charge, adjusted, paid) =
            (i128::from(claim.charge), claim.adjusted, i128::from(claim.paid));
        if claim.difference() != 0 {
            self.find(place, Code::ClaimOff, || {
                equation(&format!("claim {ordinal}"), charge, adjusted, paid)
            });
        }
    }

    fn provider_adjustments(&mut self, segment: &Segment<'_>) -> Result<(), Refusal> {
        self.end_header();
        self.end_claim();
        self.read_elements(segment)?;
        for position in (4..self.state.elements.count()).step_by(2) {
            if self.state.elements.get(segment.bytes, position).is_empty() {
                continue;
            }
            let Some(amount) = self.amount(segment, position) else { continue };
            let state = &mut *self.state;
            let Some(set) = &mut state.set else { return Ok(()) };
            set.sum_plb += i128::from(amount);
            set.provider_adjustments += 1;
            let element = |at| state.elements.get(segment.bytes, at);
            let reason = Composite::new(element(position - 1), segment.delimiters.component);
            self.sink.provider_adjustment(&ProviderAdjustment {
                place: segment.place,
                ordinal: set.provider_adjustments,
                provider: Text::new(element(1)),
                fiscal_date: Text::new(element(2)),
                reason: reason.component(1),
                reference: reason.component(2),
                amount,
            });
        }
        Ok(())
    }
}

fn equation(what: &str, charge: i128, adjusted: i128, paid: i128) -> String {
    format!(
        "{what}: charge {} less adjustments {} is {}, paid {}",
        wide(charge),
        wide(adjusted),
        wide(charge - adjusted),
        wide(paid)
    )
}
