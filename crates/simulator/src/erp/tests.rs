// SPDX-License-Identifier: Apache-2.0
//! The simulated ERP as a caller meets it: over HTTP, with its book on the disk.

mod faulty;
mod posting;
mod strictness;
mod world;
