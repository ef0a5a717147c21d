// SPDX-License-Identifier: Apache-2.0
//! Who calls: verifies access tokens ([`JwtIdentity`]) of the issuers that are configured, and issues
//! short-lived ones for people on this machine ([`LocalIssuer`]). And what must stay secret: read
//! from its place and followed ([`SecretStore`]), and the keys that wrap our data keys.

mod claims;
mod header;
mod keys;
mod local;
mod role;
mod secrets;
mod signed;
mod strict;
mod transit;
mod vault;
mod verify;
mod wrapping;

pub use keys::{KeyError, KeyRing};
pub use local::{LOCAL_LIFETIME_S_MAX, LocalError, LocalIssuer};
pub use role::Role;
pub use secrets::{SecretStore, draw_keys};
pub use transit::TransitKeys;
pub use vault::{Vault, VaultSettings};
pub use verify::{JwtIdentity, Rules};
pub use wrapping::RingKeys;

#[cfg(test)]
mod tests;
