// SPDX-License-Identifier: Apache-2.0
//! The header of an 835: who pays whom how much, by which trace.
//! It is complete, and handed over, when the first claim or provider adjustment begins.

use model::money::Minor;

use super::arena::{Arena, Detail, Span};
use super::events::CreditDebit;
use crate::x12::finding::Place;
use crate::x12::segment::tag;
use crate::x12::text::Text;

/// Whose details follow an N1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Set,
    Payer,
    Payee,
    Other,
}

/// The segments of a header while it is read.
pub(super) struct HeaderBuffer {
    pub arena: Arena,
    pub place: Place,
    pub payment: Option<Span>,
    pub trace: Option<Span>,
    pub total: Option<Minor>,
}

impl HeaderBuffer {
    pub fn new() -> Self {
        Self {
            arena: Arena::new(),
            place: Place::default(),
            payment: None,
            trace: None,
            total: None,
        }
    }

    pub fn view(&self) -> Header<'_> {
        let mut header = Header {
            buffer: self,
            place: self.place,
            handling: Text::default(),
            total: self.total,
            credit_debit: CreditDebit::Unstated,
            method: Text::default(),
            format: Text::default(),
            originating_company: Text::default(),
            effective_date: Text::default(),
            trace_number: Text::default(),
            payer_identifier: Text::default(),
            trace_originator: Text::default(),
            production_date: Text::default(),
            currency: Text::default(),
            payer: Party::default(),
            payee: Party::default(),
        };
        for (at, text) in
            self.payment.into_iter().flat_map(|span| self.arena.elements(span)).enumerate()
        {
            match at {
                1 => header.handling = text,
                3 => header.credit_debit = CreditDebit::read(text.as_bytes()),
                4 => header.method = text,
                5 => header.format = text,
                10 => header.originating_company = text,
                16 => header.effective_date = text,
                _ => {}
            }
        }
        for (at, text) in
            self.trace.into_iter().flat_map(|span| self.arena.elements(span)).enumerate()
        {
            match at {
                2 => header.trace_number = text,
                3 => header.payer_identifier = text,
                4 => header.trace_originator = text,
                _ => {}
            }
        }
        self.read_details(&mut header);
        header
    }

    fn read_details<'a>(&'a self, header: &mut Header<'a>) {
        for (owner, detail) in self.owned() {
            let element = |at| self.arena.elements(detail.span).nth(at).unwrap_or_default();
            if detail.tag == tag(b"CUR") && header.currency.is_empty() {
                header.currency = element(2);
            } else if detail.tag == tag(b"DTM") && element(1) == "405" {
                header.production_date = element(2);
            } else if detail.tag == tag(b"N1") {
                let party = Party { name: element(2), id_qualifier: element(3), id: element(4) };
                match owner {
                    Owner::Payer if header.payer.is_empty() => header.payer = party,
                    Owner::Payee if header.payee.is_empty() => header.payee = party,
                    Owner::Payer | Owner::Payee | Owner::Set | Owner::Other => {}
                }
            }
        }
    }

    /// Each detail with the party it belongs to.
    fn owned(&self) -> impl Iterator<Item = (Owner, Detail)> + '_ {
        let mut owner = Owner::Set;
        self.arena.details.iter().map(move |detail| {
            if detail.tag == tag(b"N1") {
                let entity = self.arena.elements(detail.span).nth(1).unwrap_or_default();
                owner = match entity.as_bytes() {
                    b"PR" => Owner::Payer,
                    b"PE" => Owner::Payee,
                    _ => Owner::Other,
                };
            }
            (owner, *detail)
        })
    }

    fn references(&self, wanted: Owner) -> impl Iterator<Item = Reference<'_>> {
        self.owned()
            .filter(move |(owner, detail)| *owner == wanted && detail.tag == tag(b"REF"))
            .map(|(_, detail)| {
                let mut elements = self.arena.elements(detail.span).skip(1);
                Reference {
                    qualifier: elements.next().unwrap_or_default(),
                    value: elements.next().unwrap_or_default(),
                }
            })
    }
}

/// Payer or payee (N1).
#[derive(Debug, Clone, Copy, Default)]
pub struct Party<'a> {
    pub name: Text<'a>,
    /// `XX` NPI, `FI` tax id, `XV` health plan id.
    pub id_qualifier: Text<'a>,
    pub id: Text<'a>,
}

impl Party<'_> {
    fn is_empty(&self) -> bool {
        self.name.is_empty() && self.id.is_empty()
    }
}

/// A REF: what kind of number, and the number.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reference<'a> {
    pub qualifier: Text<'a>,
    pub value: Text<'a>,
}

/// The complete header of one 835.
#[derive(Clone, Copy)]
pub struct Header<'a> {
    buffer: &'a HeaderBuffer,
    /// Of the ST.
    pub place: Place,
    /// BPR01.
    pub handling: Text<'a>,
    /// BPR02 as written, sign included; nothing when missing or unreadable.
    pub total: Option<Minor>,
    pub credit_debit: CreditDebit,
    /// BPR04.
    pub method: Text<'a>,
    /// BPR05.
    pub format: Text<'a>,
    /// BPR10.
    pub originating_company: Text<'a>,
    /// BPR16, CCYYMMDD.
    pub effective_date: Text<'a>,
    /// TRN02.
    pub trace_number: Text<'a>,
    /// TRN03.
    pub payer_identifier: Text<'a>,
    /// TRN04.
    pub trace_originator: Text<'a>,
    /// DTM*405, CCYYMMDD.
    pub production_date: Text<'a>,
    /// CUR02; empty means US dollars.
    pub currency: Text<'a>,
    pub payer: Party<'a>,
    pub payee: Party<'a>,
}

impl<'a> Header<'a> {
    /// REF of the set itself, such as `EV` receiver and `F2` version.
    pub fn references(&self) -> impl Iterator<Item = Reference<'a>> {
        self.buffer.references(Owner::Set)
    }

    /// REF of the payer, such as `2U` payer identifier.
    pub fn payer_references(&self) -> impl Iterator<Item = Reference<'a>> {
        self.buffer.references(Owner::Payer)
    }

    /// REF of the payee, such as `TJ` tax id and `PQ` payee identifier.
    pub fn payee_references(&self) -> impl Iterator<Item = Reference<'a>> {
        self.buffer.references(Owner::Payee)
    }

    /// The payee's NPI: N1*PE with `XX`.
    pub fn payee_npi(&self) -> Option<Text<'a>> {
        (self.payee.id_qualifier == "XX").then_some(self.payee.id).and_then(Text::filled)
    }

    /// The payee's tax id: N1*PE with `FI`, else REF*TJ.
    pub fn payee_tax_id(&self) -> Option<Text<'a>> {
        if self.payee.id_qualifier == "FI" {
            return self.payee.id.filled();
        }
        self.payee_references().find(|reference| reference.qualifier == "TJ")?.value.filled()
    }
}
