// SPDX-License-Identifier: Apache-2.0
//! For tests and simulations: an ERP in memory in every posting mode, with faults by plan and a book of
//! its own; a small world of events and rows around it; and the judge who compares both books.

mod erp;
mod judge;
mod ledger;
mod simulate;
mod weather;
mod world;

pub use erp::{Call, Fault, Plan, TestErp};
pub use judge::{complaints_always, complaints_at_rest};
pub use ledger::Paper;
pub use simulate::{Life, simulate, story};
pub use weather::{Dice, weather_of_book, weather_of_erp};
pub use world::{FixedReference, Rebook, World, reference, settings};
