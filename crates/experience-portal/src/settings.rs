// SPDX-License-Identifier: Apache-2.0
//! Limits of the portal and the key that seals its sessions.

use std::fmt;

/// Seals session cookies. The same key on every portal; another one signs everybody out.
#[derive(Clone)]
pub struct SessionKey(pub [u8; 32]);

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(…)")
    }
}

/// How browsers reach the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Plain HTTP on this machine only: the cookie cannot be marked `Secure`.
    Loopback,
    /// TLS, here or at a proxy in front.
    Tls,
}

#[derive(Debug, Clone)]
pub struct Settings {
    pub session_key: SessionKey,
    pub transport: Transport,
    /// After so long a person signs in again, however long the token lives.
    pub session_s_max: u64,
    pub request_ms_max: u64,
    pub in_flight_max: usize,
    pub form_bytes_max: usize,
}

impl Settings {
    pub fn new(session_key: SessionKey, transport: Transport) -> Self {
        Self {
            session_key,
            transport,
            session_s_max: 8 * 3_600,
            request_ms_max: 30_000,
            in_flight_max: 64,
            form_bytes_max: 16 << 10,
        }
    }
}
