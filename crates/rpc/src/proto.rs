// SPDX-License-Identifier: Apache-2.0
//! The code that is generated from the contracts under `proto/`, and their descriptors.
//! One module per package: `canonical::v1` and so on.
#![allow(clippy::all, clippy::too_many_lines)]

pub use revbridge::*;

tonic::include_proto!("revbridge");

/// Every contract as a descriptor set, for reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
