// SPDX-License-Identifier: Apache-2.0
//! The role `system-identity`: verifies tokens of the operator's issuer, and on one machine those of
//! our own.

use std::sync::Arc;

use anyhow::Context;
use model::code::Code;
use system_identity::{JwtIdentity, KeyRing, LocalIssuer, Rules};

use super::{Rooms, Site};
use crate::config::Config;
use crate::role::Role;

pub(super) fn wire(site: &mut Site<'_>, rooms: &mut Rooms) -> anyhow::Result<()> {
    if site.has(Role::Identity) {
        rooms.identity = Some(Arc::new(local(site.config)?));
    } else if site.asks(Role::Identity) {
        rooms.identity = Some(site.peers.identity()?);
    }
    Ok(())
}

/// Our own issuer on this machine, and the operator's by its key set.
fn local(config: &Config) -> anyhow::Result<JwtIdentity> {
    let rules = Rules::new(&config.http.audience, Code::new(&config.tenant));
    let mut ring = KeyRing::new();
    if let Some(path) = &config.http.jwks {
        let jwks = std::fs::read(path).with_context(|| format!("http.jwks {}", path.display()))?;
        ring = ring.with(&config.http.issuer, &jwks)?;
    }
    if config.only_on_this_machine() {
        ring = local_issuer(config)?.believed(ring)?;
    }
    Ok(JwtIdentity::new(ring, rules))
}

/// The issuer behind `revbridge token`.
pub fn local_issuer(config: &Config) -> anyhow::Result<LocalIssuer> {
    let rules = Rules::new(&config.http.audience, Code::new(&config.tenant));
    let folder = crate::keys::folder(&config.data_dir);
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let path = folder.join("issuer.pem");
    Ok(LocalIssuer::open(&path, &rules, config.http.listen.ip())?)
}
