// SPDX-License-Identifier: Apache-2.0
//! Batches on their way to the vault and to the process, while the parser goes on with the next ones.

use std::sync::Arc;
use std::task::Poll;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use model::event::EventBatch;
use model::id::RemittanceId;
use model::token::Token;
use ports::failure::Failure;
use ports::remittances::Remittances;
use ports::vault::Vault;

use crate::tokens::Values;

/// Batches that are on their way at once.
const BATCHES_MAX: usize = 3;

/// Those of different remittances do not wait for one another; those of one go in order.
pub struct Underway {
    vault: Arc<dyn Vault>,
    remittances: Arc<dyn Remittances>,
    sending: FuturesUnordered<BoxFuture<'static, Result<(), Failure>>>,
    last: Option<RemittanceId>,
}

impl Underway {
    pub fn new(vault: Arc<dyn Vault>, remittances: Arc<dyn Remittances>) -> Self {
        Self { vault, remittances, sending: FuturesUnordered::new(), last: None }
    }

    /// Puts a batch on its way, once there is room for it.
    pub async fn send(&mut self, values: Values, batch: EventBatch<Token>) -> Result<(), Failure> {
        while self.sending.len() >= BATCHES_MAX
            || (!self.sending.is_empty() && self.last == Some(batch.remittance))
        {
            self.sending.next().await.unwrap_or(Ok(()))?;
        }
        self.last = Some(batch.remittance);
        let sent = send(self.vault.clone(), self.remittances.clone(), values, batch);
        self.sending.push(Box::pin(sent));
        self.move_on().await
    }

    /// Lets everything go on, without waiting for it.
    pub async fn move_on(&mut self) -> Result<(), Failure> {
        while !self.sending.is_empty() {
            let Poll::Ready(sent) = futures::poll!(self.sending.next()) else { break };
            sent.unwrap_or(Ok(()))?;
        }
        Ok(())
    }

    /// Waits until everything is there or has failed; tells of the first failure.
    pub async fn arrived(&mut self) -> Result<(), Failure> {
        let mut all = Ok(());
        while let Some(sent) = self.sending.next().await {
            all = all.and(sent);
        }
        all
    }
}

/// The vault first: a token that nobody could reveal would be worse than a value without events.
async fn send(
    vault: Arc<dyn Vault>,
    remittances: Arc<dyn Remittances>,
    values: Values,
    batch: EventBatch<Token>,
) -> Result<(), Failure> {
    if !values.is_empty() {
        vault.keep(values).await?;
    }
    remittances.deliver(batch).await?;
    workflow::crash_point!("intake.batch.delivered");
    Ok(())
}

#[cfg(test)]
mod tests;
