// SPDX-License-Identifier: Apache-2.0
//! ERPs: each vendor in a folder of its own, in the vendor's words inside and in the port's outside.
//! Adapters keep no state: cursors and document ids go back to the caller.

pub mod registry;
pub mod simulator;
pub mod tryton;
