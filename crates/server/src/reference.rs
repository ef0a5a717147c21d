// SPDX-License-Identifier: Apache-2.0
//! Reference data in force: governed CSV files, joined with what the ERP says of its periods and
//! dimension values.

mod files;
mod in_force;
mod table;

pub use files::{Files, opening_findings, opening_lines};
pub use table::Table;
pub use in_force::InForce;
