// SPDX-License-Identifier: Apache-2.0
//! The nouns of the money and the pure rules over them: no clock, no I/O, no vendor, no patient.
//! Everything here is a value; whoever needs time or the outside passes it in.

pub mod card;
pub mod code;
pub mod document;
pub mod event;
pub mod exception;
pub mod field;
pub mod id;
pub mod journal;
pub mod money;
pub mod reference;
pub mod remittance;
pub mod retention;
pub mod role;
pub mod row;
pub mod target;
pub mod token;
pub mod transaction;
