// SPDX-License-Identifier: Apache-2.0
//! An opening file is entered at every start, and is the same lines each time whatever keys have come.

use std::sync::Mutex;

use async_trait::async_trait;
use model::code::Code;
use model::event::EventBatch;
use model::token::{Clear, Field, Reason, Token};
use ports::failure::Failure;
use ports::memory::MemoryBook;
use ports::remittances::{
    Decided, DecisionOutcome, DocumentClosed, OpeningClaim, Remittances, Taken,
};
use ports::secret::LiveKeys;
use ports::vault::Reveal;

use super::Opening;
use crate::tokens::{Met, Tokeniser, settled};

/// Remembers the opening lines that it was told.
#[derive(Default)]
struct Owner(Mutex<Vec<OpeningClaim>>);

#[async_trait]
impl Remittances for Owner {
    async fn deliver(&self, _: EventBatch<Token>) -> Result<Vec<Taken>, Failure> {
        Ok(Vec::new())
    }

    async fn close(&self, _: DocumentClosed) -> Result<(), Failure> {
        Ok(())
    }

    async fn open(&self, lines: Vec<OpeningClaim>) -> Result<(), Failure> {
        self.0.lock().unwrap().extend(lines);
        Ok(())
    }

    async fn decide(&self, _: Decided) -> Result<DecisionOutcome, Failure> {
        Ok(DecisionOutcome::NotFound)
    }
}

fn number() -> Clear {
    Clear::new("CLAIM-0042".to_owned())
}

fn opening(tokeniser: &Tokeniser) -> Opening {
    let mut met = Met::default();
    let line = OpeningClaim {
        entity: Code::new("E"),
        facility: Code::new("F"),
        department: Code::new("D"),
        service_line: Code::new("S"),
        claim: tokeniser.meet(Field::Control, number(), &mut met),
        payer_control: None,
        payer: Code::new("P"),
        open: 100,
        expected_contractual: 0,
        patient_open: 0,
    };
    Opening { lines: vec![line], met }
}

#[tokio::test]
async fn an_opening_line_has_the_same_token_after_a_rotation_and_its_remittance_finds_it() {
    let (book, owner) = (MemoryBook::new(), Owner::default());
    for ring in [&[[7; 32]][..], &[[8; 32], [7; 32]], &[[9; 32], [8; 32], [7; 32]]] {
        let tokeniser = Tokeniser::new(Code::new("t"), LiveKeys::of(ring)).unwrap();
        opening(&tokeniser).enter(&book, &owner).await.unwrap();
        let mut met = Met::default();
        tokeniser.meet(Field::Control, number(), &mut met);
        let (values, _) = settled(&book, &mut met, Vec::new()).await.unwrap();
        let told = owner.0.lock().unwrap().clone();
        assert_eq!(values[0].1, told[0].claim, "the remittance has the token of the opening");
        assert!(told.iter().all(|line| line.claim == told[0].claim), "{told:?}");
    }
    let token = owner.0.lock().unwrap()[0].claim.clone();
    assert!(token.as_str().starts_with("tok_v1_"));
    let clear = book.reveal(token.as_str(), "officer").await.unwrap().unwrap();
    assert_eq!(clear.expose(Reason::Test), "CLAIM-0042");
}
