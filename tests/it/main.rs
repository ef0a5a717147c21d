// SPDX-License-Identifier: Apache-2.0
//! Scenarios over the real programs: what a hospital, an auditor or a vandal would notice.

mod api;
mod canaries;
mod day;
mod deployment;
mod fields;
mod folder;
mod held;
mod keys;
mod manual;
mod password;
mod residual;
mod samples;
mod setup;
mod telemetry;
