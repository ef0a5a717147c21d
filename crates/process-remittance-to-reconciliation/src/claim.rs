// SPDX-License-Identifier: Apache-2.0
//! The rules over one claim, pure: what its adjustments mean, and what it comes to beside everything
//! else that is known of it. The order in which things arrived does not change the sums.

pub mod basis;
pub mod classify;
pub mod coordination;
pub mod duplicate;
pub mod hold;
pub mod intercompany;
pub mod responsibility;
pub mod reversal;
pub mod settle;

#[cfg(test)]
mod tests;
