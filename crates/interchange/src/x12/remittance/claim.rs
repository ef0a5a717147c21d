// SPDX-License-Identifier: Apache-2.0
//! A complete claim of an 835 with its lines, as views on the reader's buffer.
//! The consumer decides what to own; names, dates and references are taken apart when asked for.

use std::ops::Range;

use model::money::Minor;

use super::arena::Detail;
use super::claim_buffer::{ClaimBuffer, LineRecord};
use super::header::Reference;
use crate::x12::finding::Place;
use crate::x12::segment::tag;
use crate::x12::text::{Composite, Text};

/// Whether a claim and its lines balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimVerdict {
    pub lines_off: u64,
    pub claim_off: bool,
    /// An amount could not be read, so that nothing can be said.
    pub unreadable: bool,
}

impl ClaimVerdict {
    pub fn balanced(&self) -> bool {
        self.lines_off == 0 && !self.claim_off && !self.unreadable
    }
}

/// One claim payment (CLP and all that belongs to it).
#[derive(Clone, Copy)]
pub struct Claim<'a> {
    buffer: &'a ClaimBuffer,
    pub place: Place,
    /// 1 for the set's first claim.
    pub ordinal: u64,
    /// CLP01.
    pub patient_control_number: Text<'a>,
    /// CLP02.
    pub status: Text<'a>,
    /// CLP03.
    pub charge: Minor,
    /// CLP04.
    pub paid: Minor,
    /// CLP05.
    pub patient_responsibility: Minor,
    /// CLP06.
    pub filing_indicator: Text<'a>,
    /// CLP07.
    pub payer_claim_control_number: Text<'a>,
    /// CLP08.
    pub facility_type: Text<'a>,
    /// CLP09.
    pub frequency: Text<'a>,
    /// CLP11.
    pub drg: Text<'a>,
    pub verdict: ClaimVerdict,
}

/// A CAS triplet; positive lowers the payment.
#[derive(Debug, Clone, Copy)]
pub struct Adjustment<'a> {
    /// CAS01: `CO`, `PR`, `OA`, `PI`, and `CR` in 4010.
    pub group: Text<'a>,
    /// The CARC.
    pub code: Text<'a>,
    pub amount: Minor,
    pub quantity: Text<'a>,
}

/// An NM1 of a claim.
#[derive(Debug, Clone, Copy, Default)]
pub struct Name<'a> {
    /// NM101, such as `QC` patient, `IL` insured, `82` rendering provider.
    pub entity: Text<'a>,
    /// NM102: `1` a person, `2` an organisation.
    pub kind: Text<'a>,
    /// NM103: family name or the organisation's name.
    pub last: Text<'a>,
    pub first: Text<'a>,
    pub middle: Text<'a>,
    pub suffix: Text<'a>,
    pub id_qualifier: Text<'a>,
    pub id: Text<'a>,
}

impl<'a> Claim<'a> {
    pub(super) fn new(buffer: &'a ClaimBuffer, verdict: ClaimVerdict) -> Self {
        let text = |position: usize| buffer.arena.text(buffer.elements[position]);
        Self {
            buffer,
            place: buffer.place,
            ordinal: buffer.ordinal,
            patient_control_number: text(1),
            status: text(2),
            charge: buffer.charge,
            paid: buffer.paid,
            patient_responsibility: buffer.responsibility,
            filing_indicator: text(6),
            payer_claim_control_number: text(7),
            facility_type: text(8),
            frequency: text(9),
            drg: text(11),
            verdict,
        }
    }

    /// The claim's segments with the file's own delimiters, terminators included, blanks between
    /// segments left out.
    pub fn source(&self) -> &'a [u8] {
        self.buffer.arena.bytes()
    }

    pub fn segments(&self) -> u64 {
        self.buffer.segments
    }

    pub fn line_count(&self) -> usize {
        self.buffer.lines.len()
    }

    pub fn lines(&self) -> impl ExactSizeIterator<Item = Line<'a>> + use<'a> {
        let buffer = self.buffer;
        (0..buffer.lines.len()).map(move |index| Line::new(buffer, index))
    }

    /// Claim-level adjustments; lines have their own.
    pub fn adjustments(&self) -> impl ExactSizeIterator<Item = Adjustment<'a>> + use<'a> {
        let end = self.buffer.lines.first().map(|line| line.first_adjustment as usize);
        adjustments(self.buffer, 0..end.unwrap_or(self.buffer.adjustments.len()))
    }

    /// Every NM1 of the claim.
    pub fn names(&self) -> impl Iterator<Item = Name<'a>> + use<'a> {
        let buffer = self.buffer;
        details(buffer, 0..buffer.arena.details.len(), tag(b"NM1"))
            .map(|detail| name(buffer, detail))
    }

    pub fn name(&self, entity: &str) -> Option<Name<'a>> {
        self.names().find(|name| name.entity == entity)
    }

    pub fn patient(&self) -> Option<Name<'a>> {
        self.name("QC")
    }

    pub fn insured(&self) -> Option<Name<'a>> {
        self.name("IL")
    }

    pub fn rendering_provider(&self) -> Option<Name<'a>> {
        self.name("82")
    }

    pub fn crossover_carrier(&self) -> Option<Name<'a>> {
        self.name("TT")
    }

    pub fn corrected_priority_payer(&self) -> Option<Name<'a>> {
        self.name("PR")
    }

    /// A claim-level DTM: `232` and `233` statement period, `050` received.
    pub fn date(&self, qualifier: &str) -> Option<Text<'a>> {
        pairs(self.buffer, self.own_details(), tag(b"DTM"))
            .find(|pair| pair.qualifier == qualifier)
            .map(|pair| pair.value)
    }

    pub fn dates(&self) -> impl Iterator<Item = Reference<'a>> + use<'a> {
        pairs(self.buffer, self.own_details(), tag(b"DTM"))
    }

    /// Claim-level REF.
    pub fn references(&self) -> impl Iterator<Item = Reference<'a>> + use<'a> {
        pairs(self.buffer, self.own_details(), tag(b"REF"))
    }

    pub fn reference(&self, qualifier: &str) -> Option<Text<'a>> {
        self.references().find(|pair| pair.qualifier == qualifier).map(|pair| pair.value)
    }

    /// Remark codes of MIA (05, 20 to 23) and MOA (03 to 07).
    pub fn remarks(&self) -> impl Iterator<Item = Text<'a>> + use<'a> {
        let buffer = self.buffer;
        buffer.arena.details[self.own_details()].iter().flat_map(move |detail| {
            let inpatient = detail.tag == tag(b"MIA");
            let outpatient = detail.tag == tag(b"MOA");
            buffer.arena.elements(detail.span).enumerate().filter_map(move |(at, text)| {
                let remark =
                    inpatient && matches!(at, 5 | 20..=23) || outpatient && (3..=7).contains(&at);
                text.filled().filter(|_| remark)
            })
        })
    }

    fn own_details(&self) -> Range<usize> {
        let end = self.buffer.lines.first().map(|line| line.first_detail as usize);
        0..end.unwrap_or(self.buffer.arena.details.len())
    }
}

/// One service line (SVC and all that belongs to it).
#[derive(Clone, Copy)]
pub struct Line<'a> {
    buffer: &'a ClaimBuffer,
    index: usize,
    pub place: Place,
    /// 1 for the claim's first line.
    pub ordinal: usize,
    /// SVC01: qualifier, code, modifiers.
    pub procedure: Composite<'a>,
    /// SVC02.
    pub charge: Minor,
    /// SVC03.
    pub paid: Minor,
    /// SVC04.
    pub revenue_code: Text<'a>,
    /// SVC05.
    pub units: Text<'a>,
    /// SVC06.
    pub original_procedure: Composite<'a>,
    /// SVC07.
    pub original_units: Text<'a>,
}

impl<'a> Line<'a> {
    fn new(buffer: &'a ClaimBuffer, index: usize) -> Self {
        let record = &buffer.lines[index];
        let component = buffer.arena.delimiters.component;
        Self {
            buffer,
            index,
            place: record.place,
            ordinal: index + 1,
            procedure: Composite::new(buffer.arena.slice(record.procedure), component),
            charge: record.charge,
            paid: record.paid,
            revenue_code: buffer.arena.text(record.revenue_code),
            units: buffer.arena.text(record.units),
            original_procedure: Composite::new(
                buffer.arena.slice(record.original_procedure),
                component,
            ),
            original_units: buffer.arena.text(record.original_units),
        }
    }

    fn record(&self) -> &'a LineRecord {
        &self.buffer.lines[self.index]
    }

    fn next(&self) -> Option<&'a LineRecord> {
        self.buffer.lines.get(self.index + 1)
    }

    /// Charge less the line's adjustments is its payment.
    pub fn balanced(&self) -> bool {
        self.record().difference() == 0
    }

    pub fn adjustments(&self) -> impl ExactSizeIterator<Item = Adjustment<'a>> + use<'a> {
        let end = self.next().map(|line| line.first_adjustment as usize);
        let range =
            self.record().first_adjustment as usize..end.unwrap_or(self.buffer.adjustments.len());
        adjustments(self.buffer, range)
    }

    /// A DTM of the line: `472` service, `150` and `151` its period.
    pub fn date(&self, qualifier: &str) -> Option<Text<'a>> {
        pairs(self.buffer, self.details(), tag(b"DTM"))
            .find(|pair| pair.qualifier == qualifier)
            .map(|pair| pair.value)
    }

    pub fn references(&self) -> impl Iterator<Item = Reference<'a>> + use<'a> {
        pairs(self.buffer, self.details(), tag(b"REF"))
    }

    /// REF*6R: the provider's own number of the line.
    pub fn control_number(&self) -> Option<Text<'a>> {
        self.references().find(|pair| pair.qualifier == "6R").map(|pair| pair.value)
    }

    /// Remark codes (LQ*HE and others) with their qualifier.
    pub fn remarks(&self) -> impl Iterator<Item = Reference<'a>> + use<'a> {
        pairs(self.buffer, self.details(), tag(b"LQ"))
    }

    fn details(&self) -> Range<usize> {
        let end = self.next().map(|line| line.first_detail as usize);
        self.record().first_detail as usize..end.unwrap_or(self.buffer.arena.details.len())
    }
}

fn adjustments(
    buffer: &ClaimBuffer,
    range: Range<usize>,
) -> impl ExactSizeIterator<Item = Adjustment<'_>> {
    buffer.adjustments[range].iter().map(|record| Adjustment {
        group: buffer.arena.text(record.group),
        code: buffer.arena.text(record.code),
        amount: record.amount,
        quantity: buffer.arena.text(record.quantity),
    })
}

fn details(
    buffer: &ClaimBuffer,
    range: Range<usize>,
    wanted: u32,
) -> impl Iterator<Item = &Detail> {
    buffer.arena.details[range].iter().filter(move |detail| detail.tag == wanted)
}

/// Segments of the form qualifier, value.
fn pairs(
    buffer: &ClaimBuffer,
    range: Range<usize>,
    wanted: u32,
) -> impl Iterator<Item = Reference<'_>> {
    details(buffer, range, wanted).map(|detail| {
        let mut elements = buffer.arena.elements(detail.span).skip(1);
        Reference {
            qualifier: elements.next().unwrap_or_default(),
            value: elements.next().unwrap_or_default(),
        }
    })
}

fn name<'a>(buffer: &'a ClaimBuffer, detail: &Detail) -> Name<'a> {
    let mut name = Name::default();
    for (at, text) in buffer.arena.elements(detail.span).enumerate() {
        match at {
            1 => name.entity = text,
            2 => name.kind = text,
            3 => name.last = text,
            4 => name.first = text,
            5 => name.middle = text,
            7 => name.suffix = text,
            8 => name.id_qualifier = text,
            9 => name.id = text,
            _ => {}
        }
    }
    name
}
