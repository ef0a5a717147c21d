// SPDX-License-Identifier: Apache-2.0
//! Configuration, wiring and telemetry of the `revbridge` binary: the only place where rooms meet.

pub mod certificates;
pub mod check;
pub mod command;
pub mod config;
mod database;
mod health;
mod http;
mod issuers;
mod keys;
mod loopback;
pub mod manual;
mod outside;
mod recovery;
pub mod reference;
pub mod role;
mod serve;
pub mod telemetry;
mod watch;
mod wiring;
mod works;

pub use serve::{Running, start};
pub use wiring::Rooms;
