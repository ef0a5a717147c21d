// SPDX-License-Identifier: Apache-2.0
//! Which addresses a destination may resolve to. Checked at every resolution, so that a name that
//! changes its mind between two calls gets nowhere.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far a destination may lie. Link-local addresses, where machines keep their metadata and
/// credentials, multicast and unspecified ones are out of reach for every destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// This machine only.
    Loopback,
    /// Public addresses and private networks, not this machine.
    Private,
    /// Public addresses only.
    #[default]
    Public,
}

impl Reach {
    pub(crate) fn allows(self, address: IpAddr) -> bool {
        let address = match address {
            IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
            IpAddr::V4(_) => address,
        };
        match self {
            Reach::Loopback => address.is_loopback(),
            Reach::Private => is_private(address) || is_public(address),
            Reach::Public => is_public(address),
        }
    }
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || in_carrier_range(v4),
        IpAddr::V6(v6) => v6.segments()[0] & 0xfe00 == 0xfc00,
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let reserved = v4.octets()[0] == 0 || v4.octets()[0] >= 240;
            let special = v4.is_loopback() || v4.is_link_local() || v4.is_documentation();
            let set_apart = matches!(v4.octets(), [192, 0, 0, _] | [198, 18 | 19, _, _]);
            !(reserved || special || set_apart || v4.is_multicast() || is_private(address))
        }
        IpAddr::V6(v6) => is_global_unicast(v6),
    }
}

/// 100.64.0.0/10, shared between carriers and clouds.
fn in_carrier_range(v4: Ipv4Addr) -> bool {
    v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64
}

/// 2000::/3 without documentation and the tunnels that carry an IPv4 address inside.
fn is_global_unicast(v6: Ipv6Addr) -> bool {
    let segments = v6.segments();
    let documentation = segments[0] == 0x2001 && segments[1] == 0x0db8;
    let tunnel = segments[0] == 0x2002 || (segments[0] == 0x2001 && segments[1] == 0);
    segments[0] & 0xe000 == 0x2000 && !documentation && !tunnel
}

/// Resolves one host name, and only to addresses within reach.
pub(crate) struct Fenced {
    pub host: Arc<str>,
    pub reach: Reach,
}

impl Resolve for Fenced {
    fn resolve(&self, name: Name) -> Resolving {
        let (host, reach) = (Arc::clone(&self.host), self.reach);
        Box::pin(async move {
            if !name.as_str().eq_ignore_ascii_case(&host) {
                return Err(io::Error::other("not the host of this destination").into());
            }
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|at| reach.allows(at.ip())).collect();
            if allowed.is_empty() {
                return Err(io::Error::other("no address within the destination's reach").into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}
