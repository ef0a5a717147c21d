// SPDX-License-Identifier: Apache-2.0
//! Raw input made durable before it is acknowledged, then read into canonical events.
//! From here on nobody sees a patient: identifiers become tokens, their values go to the vault.

mod accept;
mod disclose;
mod opening;
mod read_document;
mod screen;
mod tokens;
mod underway;

pub use accept::{INTAKE_LANES, Intake, Limits, READ_DOCUMENT};
pub use disclose::disclose;
pub use opening::Opening;
pub use read_document::ReadDocument;
pub use tokens::{Met, Tokeniser};

#[cfg(test)]
mod tests;
