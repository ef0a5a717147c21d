// SPDX-License-Identifier: Apache-2.0
//! The adapter against the simulated ERP itself: what each answer and each fault comes to, proven
//! with the ERP's own book.

mod faults;
mod master;
mod modes;
mod refusals;
mod rules;
mod world;
