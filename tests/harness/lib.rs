// SPDX-License-Identifier: Apache-2.0
//! What the tests share: the programs as a user has them, a small hospital, and a judge that trusts
//! nothing but the sender's log and the ERP's own book.

pub mod hospital;
pub mod judge;
pub mod manual;
pub mod processes;
pub mod programs;
pub mod relay;
pub mod say;
pub mod sender;
pub mod site;
pub mod truth;
pub mod tryton;
pub mod upkeep;
pub mod wait;
