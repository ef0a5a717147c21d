// SPDX-License-Identifier: Apache-2.0
//! Reference data in force: governed CSV files, joined with what the ERP says of its periods and
//! dimension values.

mod files;
mod in_force;

pub use files::{opening_lines, read};
pub use in_force::InForce;
