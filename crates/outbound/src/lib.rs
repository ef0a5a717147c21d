// SPDX-License-Identifier: Apache-2.0
//! The only way out over HTTP: one [`Client`] per configured destination, which it cannot leave.
//! A call ends as [`Outcome`], which keeps apart what never left us, what was answered, and what may
//! have happened; nothing is ever sent twice by itself.

mod address;
mod breaker;
mod call;
mod client;
mod destination;
mod measure;
mod outcome;
mod pace;
mod trace;

pub use address::Reach;
pub use call::{Call, Method};
pub use client::Client;
pub use destination::{Credential, Destination, Limits, Misconfigured};
pub use outcome::{Answer, NotSent, Outcome, Unknown};
pub use secrecy::SecretString;

#[cfg(test)]
mod tests;
