// SPDX-License-Identifier: Apache-2.0
//! Tryton over its REST interface, as a user of the application `rest`. A journal becomes a move: first
//! a draft that carries our key as its description, then posted; nothing there keeps a key unique.

use std::sync::Arc;
use std::time::Duration;

use model::code::Code;
use ports::erp::Erp;
use ports::failure::Failure;
use ports::secret::Secrets;

pub use config::Config;

mod balances;
mod book;
mod client;
mod config;
mod directory;
mod errors;
mod journal;
mod lines;
mod mapping;
mod master_data;

#[cfg(test)]
mod tests;

/// Shows that the key is valid and gives the ERP's ports. `Transient` while it cannot be reached.
pub async fn connect(
    name: &str,
    config: &Config,
    call_max: Duration,
    secrets: &dyn Secrets,
) -> Result<Erp, Failure> {
    let client = client::Client::new(name, config, call_max, secrets).await?;
    if directory::companies(&client).await?.is_empty() {
        return Err(Failure::defect(format!("erp {name}: its user sees no company")));
    }
    Ok(Erp {
        target: Code::new(name),
        journals: Arc::new(journal::Journals::new(client.clone(), config)),
        book: Arc::new(book::Book::new(client.clone(), config)),
        balances: Arc::new(balances::Balances::new(client.clone(), config)),
        master: Arc::new(master_data::Master::new(client, config)),
    })
}
