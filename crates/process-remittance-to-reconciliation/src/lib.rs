// SPDX-License-Identifier: Apache-2.0
//! Remittances to reconciled cash: takes events of remittances, decides each under the posting rules,
//! books sub-ledger rows, and hands to people what no rule decides. Knows no vendor and no patient.

pub mod account;
mod adjudicate;
mod adjustment_lines;
mod book_event;
pub mod claim;
mod close;
mod control;
mod decide_adjustments;
mod decide_claims;
mod decide_document;
mod decide_item;
mod deliver;
mod drafts;
mod event_account;
mod exclude;
mod flow;
mod identity;
mod open;
mod parked;
mod patience;
mod provider_adjustment;
mod provisional;
mod rebook;
mod replay;
mod resolve_reference;
mod room;
pub mod rules;
mod scene;
mod sentence;
mod settings;
mod settle_account;
mod takeback;
mod work_item;

pub use flow::RemittanceProcess;
pub use room::{LANES, PROCESS};
pub use rules::{Rules, RulesError};
pub use settings::{Settings, UnknownReference};

#[cfg(test)]
mod tests;
