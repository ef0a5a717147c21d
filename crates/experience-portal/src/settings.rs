// SPDX-License-Identifier: Apache-2.0
//! Limits of the portal and the keys that seal its sessions.

use experience_gateway::LiveKeys;

/// How browsers reach the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Plain HTTP on this machine only: the cookie cannot be marked `Secure`.
    Loopback,
    /// TLS, here or at a proxy in front.
    Tls,
}

/// A page of the manual. Its HTML is ours and goes out as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManualPage {
    /// The last part of its address: `/manual/<name>`.
    pub name: String,
    pub title: String,
    pub html: String,
}

#[derive(Debug, Clone)]
pub struct Settings {
    /// Seals session cookies. The same on every portal; a ring without the older keys signs out
    /// whoever signed in under them.
    pub session_keys: LiveKeys,
    pub transport: Transport,
    /// After so long a person signs in again, however long the token lives.
    pub session_s_max: u64,
    pub request_ms_max: u64,
    pub in_flight_max: usize,
    pub form_bytes_max: usize,
    /// In the order of its table of contents; the first one opens it.
    pub manual: Vec<ManualPage>,
}

impl Settings {
    pub fn new(session_keys: LiveKeys, transport: Transport) -> Self {
        Self {
            session_keys,
            transport,
            session_s_max: 8 * 3_600,
            request_ms_max: 30_000,
            in_flight_max: 64,
            form_bytes_max: 16 << 10,
            manual: Vec::new(),
        }
    }
}
