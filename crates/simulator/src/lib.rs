// SPDX-License-Identifier: Apache-2.0
//! Peers to run the product against: an ERP as a server with a book of its own, and a hospital
//! group's day with its truth. Nothing here knows how the product posts.

pub mod day;
pub mod erp;
