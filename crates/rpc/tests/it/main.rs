// SPDX-License-Identifier: Apache-2.0
//! The ports over real connections: local sockets, loopback with certificates made for the test, and a
//! proxy that can cut them.

mod authority;
mod callers;
mod calls;
mod certificates;
mod contract;
mod erp;
mod healing;
mod health;
mod people;
mod uploads;
mod world;
