// SPDX-License-Identifier: Apache-2.0
//! The verifier as an auditor has it, against a thousand ways to tamper; and our tree and notes against
//! implementations that others have written.

mod cross_check;
mod large;
mod tampers;
mod world;
