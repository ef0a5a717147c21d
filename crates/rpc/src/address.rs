// SPDX-License-Identifier: Apache-2.0
//! Where a peer is: `https://host:port`, `http://127.0.0.1:port` or `unix:/path`.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

/// Where to call. Plain HTTP never leaves the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    Tls { host: String, port: u16 },
    Loopback { host: String, port: u16 },
    Local(PathBuf),
}

/// Why an address cannot be called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{address}`: {why}; write https://host:port, http://127.0.0.1:port or unix:/path")]
pub struct AddressError {
    pub address: String,
    pub why: &'static str,
}

impl std::str::FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let wrong = |why| AddressError { address: text.to_owned(), why };
        if let Some(path) = text.strip_prefix("unix:") {
            if !path.starts_with('/') {
                return Err(wrong("a local socket needs an absolute path"));
            }
            return Ok(Self::Local(PathBuf::from(path)));
        }
        if let Some(rest) = text.strip_prefix("https://") {
            let (host, port) =
                host_and_port(rest).ok_or(wrong("host and port are not readable"))?;
            return Ok(Self::Tls { host, port });
        }
        let rest = text.strip_prefix("http://").ok_or(wrong("the scheme is not known"))?;
        let (host, port) = host_and_port(rest).ok_or(wrong("host and port are not readable"))?;
        if !is_loopback(&host) {
            return Err(wrong("plain HTTP is spoken on this machine only"));
        }
        Ok(Self::Loopback { host, port })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tls { host, port } => write!(f, "https://{}:{port}", bracketed(host)),
            Self::Loopback { host, port } => write!(f, "http://{}:{port}", bracketed(host)),
            Self::Local(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

fn host_and_port(text: &str) -> Option<(String, u16)> {
    let text = text.strip_suffix('/').unwrap_or(text);
    let (host, port) = text.rsplit_once(':')?;
    let host = match host.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']')?,
        None if host.contains(':') => return None,
        None => host,
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '_');
    if host.is_empty() || !host.chars().all(allowed) {
        return None;
    }
    let port = port.parse().ok().filter(|port| *port > 0)?;
    Some((host.to_owned(), port))
}

pub(crate) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
