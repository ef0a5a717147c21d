// SPDX-License-Identifier: Apache-2.0
//! Bytes to documents and back: what the outside world sends, read in one streaming pass.
//! It knows formats and exact money, and nothing of storage, protocols or who is asking.

pub mod baseline;
pub mod inspect;
pub mod x12;
