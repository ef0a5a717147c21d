// SPDX-License-Identifier: Apache-2.0
//! Golden cases: what was received, the journal that was written by hand from the rules, the story of
//! what became of it; and properties over what a generator makes up. `UPDATE_GOLDEN=1` rewrites.

mod case;
mod input;
mod properties;
mod remittance;
mod render;
mod samples;
mod world;
