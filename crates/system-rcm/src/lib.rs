// SPDX-License-Identifier: Apache-2.0
//! RCM feeds: how remittance documents arrive from a revenue cycle platform, and how they are read.
//! Adapters keep no state; what they bring is durable before its sender hears of it.

pub mod folder;
pub mod remittance_x12;
