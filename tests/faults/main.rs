// SPDX-License-Identifier: Apache-2.0
//! Faults: the programs as processes, killed under load, judged from outside.

#[cfg(debug_assertions)]
mod crash_points;
mod kills;
mod replicas;
mod restore;
mod roles;
