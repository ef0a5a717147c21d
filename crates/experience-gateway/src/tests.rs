// SPDX-License-Identifier: Apache-2.0
//! The API as a caller meets it: over its router, with everything behind it in memory.

mod access_table;
mod asking;
mod decisions;
mod lists;
mod problems;
mod reading;
mod reveal;
mod sealed;
mod uploads;
