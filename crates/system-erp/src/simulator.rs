// SPDX-License-Identifier: Apache-2.0
//! The simulated ERP over HTTP, in whichever of the three posting modes it was started.

use std::sync::Arc;
use std::time::Duration;

use model::code::Code;
use ports::erp::Erp;
use ports::failure::Failure;
use ports::secret::Secrets;

pub use config::Config;

mod client;
mod config;
mod journal;
mod mapping;
mod master_data;

#[cfg(test)]
mod tests;

/// Asks the ERP how it posts and gives its ports. `Transient` while it cannot be reached.
pub async fn connect(
    name: &str,
    config: &Config,
    call_max: Duration,
    secrets: &dyn Secrets,
) -> Result<Erp, Failure> {
    let client = client::Client::new(name, config, call_max, secrets).await?;
    let told = client.capabilities().await?;
    let journals = journal::Journals::new(client.clone(), config.capabilities(&told)?);
    let book = Arc::new(master_data::Book::new(client.clone()));
    Ok(Erp {
        target: Code::new(name),
        journals: Arc::new(journals),
        book: book.clone(),
        balances: book,
        master: Arc::new(master_data::Master::new(client)),
    })
}
