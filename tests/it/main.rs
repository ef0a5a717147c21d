// SPDX-License-Identifier: Apache-2.0
//! Scenarios over the real programs: what a hospital, an auditor or a vandal would notice.

mod day;
mod held;
mod residual;
