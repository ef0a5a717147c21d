// SPDX-License-Identifier: Apache-2.0
//! Reference data in force: governed CSV files, joined with what the ERP says of its periods and
//! dimension values.

mod files;
mod in_force;
mod lines;
mod opening;
mod table;
mod targets;

pub use files::{Files, Tables, read};
pub use in_force::InForce;
pub use lines::{AccountLine, RouteLine};
pub use opening::{findings as opening_findings, read as opening};
pub use table::Table;
pub use targets::Instances;
