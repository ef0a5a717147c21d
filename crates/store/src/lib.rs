// SPDX-License-Identifier: Apache-2.0
//! Every SQL statement of the product: the book of a room on Postgres, sealed where it holds what a
//! person said or did. One [`PostgresBook`] serves one schema; [`migrate`] is the only DDL.

mod apply;
mod book;
mod data_keys;
mod encoding;
mod entry;
mod error;
mod feed;
mod inbox;
mod inquiry;
mod lane;
mod log_proof;
mod measures;
mod migration;
mod opened;
mod raw;
mod records;
mod retention;
pub mod sealing;
mod settings;
mod state;
mod state_pack;
mod vault;

pub use book::PostgresBook;
pub use error::Error;
pub use measures::{ItemMeasure, LaneMeasure, Measures, Standing};
pub use migration::{MONTHS_AHEAD, SCHEMA_MAX, SCHEMA_MIN, migrate};
pub use retention::DataKeyRecord;
pub use settings::{PoolSettings, Room, Schema};
pub use state::{Durability, SchemaState, durability, is_ready_for_next_month, schema_states};
