// SPDX-License-Identifier: Apache-2.0
//! Every SQL statement of the product: the book of a room on Postgres, sealed where it holds what a
//! person said or did. One [`PostgresBook`] serves one schema; [`migrate`] is the only DDL.

mod apply;
mod book;
mod entry;
mod error;
mod feed;
mod inquiry;
mod lane;
mod migration;
mod raw;
mod records;
pub mod sealing;
mod settings;
mod state;
mod vault;

pub use book::PostgresBook;
pub use error::Error;
pub use migration::{MONTHS_AHEAD, SCHEMA_MAX, SCHEMA_MIN, make_months, migrate};
pub use sealing::Keys;
pub use settings::{PoolSettings, Room, Schema};
pub use state::{Durability, SchemaState, durability, schema_states};
