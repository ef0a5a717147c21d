// SPDX-License-Identifier: Apache-2.0
//! Gives a program its own private Postgres: found, created, started, adopted, stopped and
//! recovered, reachable through a Unix socket that only its owner can open. It installs nothing,
//! opens no TCP port and leaves nothing running after the process that asked for it has ended.
//!
//! ```no_run
//! use local_postgres::{Cluster, Settings};
//!
//! # fn main() -> Result<(), local_postgres::Error> {
//! // A durable cluster at a place of one's own.
//! let cluster = Cluster::open(Settings::at("/var/lib/revbridge/postgres"))?;
//! cluster.ensure_database("revbridge")?;
//! let url = cluster.database_url("revbridge");
//! // A throw-away cluster for a demonstration or a test.
//! let scratch = Cluster::temporary()?;
//! # let _ = (url, scratch); Ok(()) }
//! ```
//!
//! Run as root, Postgres refuses to work, so every one of its processes runs as `postgres` (or
//! `nobody`), and the cluster's directory is given to that user. It must therefore lie where that
//! user can reach it: [`Cluster::open`] refuses a place below, say, `/root` and says why, while
//! [`Cluster::temporary`] picks a reachable temporary directory by itself.

mod account;
mod cluster;
mod error;
mod installation;
mod obtain;

mod settings;
mod watchdog;
mod wire;

pub use cluster::{Cluster, Tenure, private_directory};
pub use error::Error;
pub use installation::{BIN_VARIABLE, Installation, MAJOR_MIN, Search, Version};

pub use obtain::{Obtain, obtain};
pub use settings::{Fsync, Settings};

/// What every fallible call of this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;
