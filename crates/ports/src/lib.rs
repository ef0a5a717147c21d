// SPDX-License-Identifier: Apache-2.0
//! What we ask of others and what they may ask of us, and how it may fail.
//! Each port is a small trait behind `Arc<dyn …>`; its doc says what is true after each call.

pub mod accept;
pub mod book;
pub mod checkpoint;
pub mod context;
#[cfg(feature = "contract")]
pub mod contract;
pub mod erp;
pub mod failure;
pub mod feed;
pub mod identity;
pub mod inquiry;
pub mod json;
pub mod keys;
pub mod log_proof;
#[cfg(feature = "memory")]
pub mod memory;
pub mod oversight;
pub mod raw;
pub mod reference;
pub mod release;
pub mod remittances;
pub mod secret;
pub mod source;
pub mod vault;
