// SPDX-License-Identifier: Apache-2.0
//! Proof that a log and a document are what they were: RFC 6962 trees, checkpoints as signed notes,
//! salted segment trees. It imports nothing of the rest, and `revbridge-verify` needs no database.

pub mod checkpoint;
pub mod entry;
pub mod note;
pub mod path;
pub mod segments;
pub mod tree;
pub mod verify;

#[cfg(test)]
mod tests;
