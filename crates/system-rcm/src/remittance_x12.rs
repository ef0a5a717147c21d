// SPDX-License-Identifier: Apache-2.0
//! Remittances in X12 (835): counted by a pass of its own, read into canonical events as they stream.

use interchange::x12::Limits;
use interchange::x12::control_totals::Counter;
use interchange::x12::remittance::{BodyHashing, Remittance835};
use model::code::Code;
use model::document::ControlTotals;
use model::event::v1;
use model::id::DocumentId;
use model::money::Minor;
use ports::source::{Closing, ControlPass, DocumentParser, EventSink, SourceAdapter};

mod events;

use events::Telling;

/// Reads 835 documents within the given limits.
pub struct RemittanceX12 {
    limits: Limits,
}

impl RemittanceX12 {
    pub fn new(limits: Limits) -> Self {
        Self { limits }
    }
}

impl SourceAdapter for RemittanceX12 {
    fn version(&self) -> Code {
        Code::new("x12-835/1")
    }

    fn control_pass(&self) -> Box<dyn ControlPass> {
        Box::new(Counting(Counter::default()))
    }

    fn parser(
        &self,
        tenant: &Code,
        source: &Code,
        document: DocumentId,
    ) -> Box<dyn DocumentParser> {
        Box::new(Reading {
            reader: Remittance835::new(self.limits.clone(), BodyHashing::Sha256),
            telling: Telling::new(tenant.clone(), source.clone(), document),
            refusal: None,
        })
    }
}

struct Counting(Counter);

impl ControlPass for Counting {
    fn push(&mut self, bytes: &[u8], ends: &mut Vec<usize>) {
        self.0.push_telling_ends(bytes, ends);
    }

    fn finish(self: Box<Self>) -> ControlTotals {
        let counted = self.0.finish();
        ControlTotals {
            interchanges: counted.interchanges,
            sets: counted.remittances,
            claims: counted.claims,
            provider_adjustments: counted.provider_adjustment_entries,
            claims_paid: minor(counted.claim_payments),
            provider_adjusted: minor(counted.provider_adjustments),
            payments: minor(counted.totals),
            unreadable_amounts: counted.unreadable,
        }
    }
}

/// Sums beyond what cents can hold end at the limit, and then tie with nothing.
fn minor(sum: i128) -> Minor {
    Minor::try_from(sum).unwrap_or(if sum < 0 { Minor::MIN } else { Minor::MAX })
}

/// One document on its way through the reader.
struct Reading {
    reader: Remittance835,
    telling: Telling,
    refusal: Option<v1::Finding>,
}

impl DocumentParser for Reading {
    fn push(&mut self, bytes: &[u8], sink: &mut dyn EventSink) {
        if self.refusal.is_some() {
            return;
        }
        let mut to = self.telling.to(sink);
        if let Err(refusal) = self.reader.push(bytes, &mut to) {
            self.refusal = Some(events::finding(&refusal.into()));
        }
    }

    fn finish(mut self: Box<Self>, sink: &mut dyn EventSink) -> Closing {
        if self.refusal.is_none() {
            let mut to = self.telling.to(sink);
            if let Err(refusal) = self.reader.finish(&mut to) {
                self.refusal = Some(events::finding(&refusal.into()));
            }
        }
        self.telling.closing(self.refusal)
    }
}

#[cfg(test)]
mod tests;
