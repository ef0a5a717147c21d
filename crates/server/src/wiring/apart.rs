// SPDX-License-Identifier: Apache-2.0
//! Calls from reading a document as tasks of their own: the next part is read while another thread seals
//! and writes this one, as it is where another process does. One that was begun goes on to its end.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use model::code::Code;
use model::event::EventBatch;
use model::token::{Clear, Field, Token};
use ports::context;
use ports::failure::Failure;
use ports::remittances::{
    Decided, DecisionOutcome, DocumentClosed, OpeningClaim, Remittances, Taken,
};
use ports::vault::{Reveal, Vault};
use tracing::Instrument;

pub struct Apart<T: ?Sized>(pub Arc<T>);

/// For the same caller and in the same trace, and here no longer than its answer is waited for.
async fn apart<T: Send + 'static>(
    call: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<T, Failure> {
    let task = tokio::spawn(context::carried(call).in_current_span());
    // What it may have done before it ended can be asked for again.
    task.await.unwrap_or_else(|ended| {
        Err(if ended.is_cancelled() {
            Failure::transient("the process stops")
        } else {
            Failure::defect("a call within the process panicked")
        })
    })
}

#[async_trait]
impl Remittances for Apart<dyn Remittances> {
    async fn deliver(&self, batch: EventBatch<Token>) -> Result<Vec<Taken>, Failure> {
        let room = self.0.clone();
        apart(async move { room.deliver(batch).await }).await
    }

    async fn close(&self, closed: DocumentClosed) -> Result<(), Failure> {
        self.0.close(closed).await
    }

    async fn open(&self, lines: Vec<OpeningClaim>) -> Result<(), Failure> {
        self.0.open(lines).await
    }

    async fn decide(&self, decided: Decided) -> Result<DecisionOutcome, Failure> {
        self.0.decide(decided).await
    }
}

#[async_trait]
impl Reveal for Apart<dyn Vault> {
    async fn reveal(&self, token: &str, by: &str) -> Result<Option<Clear>, Failure> {
        self.0.reveal(token, by).await
    }
}

#[async_trait]
impl Vault for Apart<dyn Vault> {
    async fn keep(&self, entries: Vec<(Field, Token, Clear)>) -> Result<(), Failure> {
        let vault = self.0.clone();
        apart(async move { vault.keep(entries).await }).await
    }

    async fn held(&self, tokens: &[Code]) -> Result<BTreeSet<Code>, Failure> {
        self.0.held(tokens).await
    }
}

#[cfg(test)]
mod tests {
    use ports::context::Caller;

    use super::*;

    #[tokio::test]
    async fn a_call_apart_is_for_the_same_caller() {
        let asked = apart(async { Ok(context::current().map(|caller| caller.to_string())) });
        let caller = Caller::Service(Code::new("intake"));
        assert_eq!(context::scope(caller, asked).await, Ok(Some("the role intake".to_owned())));
    }

    #[tokio::test]
    async fn a_call_that_panics_is_a_defect_and_no_more() {
        let asked = apart::<()>(async { panic!("as it is asked to") }).await;
        assert!(matches!(asked, Err(Failure::Defect(_))), "{asked:?}");
    }
}
