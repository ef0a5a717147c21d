// SPDX-License-Identifier: Apache-2.0
//! Whatever has exactly this id, trace, document number or token.

use model::event::{Body, Event};
use model::token::Token;

use super::posted_document;
use crate::inquiry::Hit;
use crate::memory::state::State;

impl State {
    pub fn search(&self, text: &str) -> Vec<Hit> {
        let mut hits = Vec::new();
        for remittance in self.remittances.values() {
            if remittance.id.to_string() == text || remittance.header.trace == text {
                hits.push(Hit::Remittance { id: remittance.id });
            }
        }
        for entry in self.inbox.values() {
            if entry.event.to_string() == text {
                hits.push(Hit::Event { id: entry.event, remittance: entry.remittance });
            }
        }
        for event in self.batches.values().flat_map(|batch| &batch.events) {
            if tokens_of(event).any(|token| token.as_str() == text) {
                hits.push(Hit::Event { id: event.id, remittance: event.remittance });
            }
        }
        for journal in self.journals.values() {
            let number = posted_document(journal).is_some_and(|document| &**document == text);
            if journal.key.as_str() == text || number {
                hits.push(Hit::Journal { key: journal.key.clone() });
            }
        }
        for kept in self.rows.values() {
            if kept.row.id.to_string() == text || kept.row.item == text {
                hits.push(Hit::Row { id: kept.row.id });
            }
        }
        for item in self.items.values() {
            if item.id.to_string() == text {
                hits.push(Hit::Exception { id: item.id });
            }
        }
        let about = self.numbered_log().filter(|one| one.entry.subject == text);
        hits.extend(about.map(|one| Hit::Log { number: one.number }));
        hits
    }
}

fn tokens_of(event: &Event<Token>) -> impl Iterator<Item = &Token> {
    let tokens: [Option<&Token>; 4] = match &event.body {
        Body::Claim(claim) => [
            Some(&claim.patient_control),
            claim.payer_control.as_ref(),
            claim.member.as_ref(),
            claim.patient.as_ref(),
        ],
        Body::ProviderAdjustment(adjustment) => [adjustment.reference.as_ref(), None, None, None],
        Body::RemittanceSealed(_) => [None; 4],
    };
    tokens.into_iter().flatten()
}
