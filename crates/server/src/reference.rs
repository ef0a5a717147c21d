// SPDX-License-Identifier: Apache-2.0
//! Reference data in force: governed CSV files, joined with what the ERP says of its periods and
//! dimension values.

mod files;
mod in_force;
mod targets;

pub use files::{Files, opening_lines, read};
pub use in_force::InForce;
pub use targets::Instances;
