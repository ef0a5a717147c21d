// SPDX-License-Identifier: Apache-2.0
//! The portal as a browser without script meets it: over its router, on the gateway's sample world.

mod browsing;
mod decisions;
mod pages;
mod sessions;
mod words;
