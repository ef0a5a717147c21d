// SPDX-License-Identifier: Apache-2.0
//! The role `system-identity`: verifies tokens of the operator's issuer, and on one machine those of
//! our own.

use super::{Rooms, Site};
use crate::issuers::Issuers;
use crate::role::Role;

pub(super) fn wire(site: &mut Site<'_>, rooms: &mut Rooms) -> anyhow::Result<()> {
    if site.has(Role::Identity) {
        let issuers = Issuers::open(site.config)?;
        rooms.identity = Some(issuers.identity());
        let followed = issuers.follow(site.config.keys.secrets_poll_ms, site.works.stopping());
        site.works.spawn(Role::Identity, followed);
    } else if site.asks(Role::Identity) {
        rooms.identity = Some(site.peers.identity()?);
    }
    Ok(())
}
