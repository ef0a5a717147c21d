// SPDX-License-Identifier: Apache-2.0
//! Who calls: verifies access tokens ([`JwtIdentity`]) of the issuers that are configured, and issues
//! short-lived ones for people on this machine ([`LocalIssuer`]). No secret is shared with an issuer.

mod claims;
mod header;
mod keys;
mod local;
mod role;
mod strict;
mod verify;

pub use keys::{KeyError, KeyRing};
pub use local::{LOCAL_LIFETIME_S_MAX, LocalError, LocalIssuer};
pub use role::Role;
pub use verify::{JwtIdentity, Rules};

#[cfg(test)]
mod tests;
