// SPDX-License-Identifier: Apache-2.0
//! The nouns of the money and the pure rules over them: no clock, no I/O, no vendor, no patient.

pub mod money;
