// SPDX-License-Identifier: Apache-2.0
//! Tokens made by hand, so that each can be wrong in exactly one way. None of the wrong ones may be
//! accepted, and each right one must be.

mod accepted;
mod forge;
mod issued;
mod refused;
