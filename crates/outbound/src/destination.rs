// SPDX-License-Identifier: Apache-2.0
//! Where calls may go and within which limits, as configured. Whatever cannot be used is refused at
//! the start, with the reason.

use std::net::IpAddr;
use std::time::Duration;

use ports::secret::LiveText;
use reqwest::Url;
use secrecy::SecretString;
use serde::Deserialize;

use crate::address::Reach;

/// How we show who we are. The secret is in no `Debug` output.
#[derive(Debug, Clone)]
pub enum Credential {
    None,
    /// `Authorization: Bearer …`.
    Bearer(SecretString),
    /// `Authorization: <scheme> …`, for systems with a scheme of their own.
    Scheme {
        scheme: &'static str,
        value: SecretString,
    },
    /// `Authorization: <scheme> …` with a secret that may change while we run: each request carries
    /// what is in force when it is sent.
    Live {
        scheme: &'static str,
        value: LiveText,
    },
}

/// One system that we call.
#[derive(Debug, Clone)]
pub struct Destination {
    /// For logs and measures.
    pub name: String,
    /// `https://host:port/base/path`; plain `http` only on this machine.
    pub base: String,
    pub reach: Reach,
    pub credential: Credential,
    /// Certificate authorities in PEM to trust in place of the machine's.
    pub authorities_pem: Option<Vec<u8>>,
    pub limits: Limits,
}

/// Limits of one destination.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    pub connect_ms_max: u64,
    /// From the first byte sent to the last byte of the answer.
    pub call_ms_max: u64,
    /// Waiting for a turn, before anything is sent.
    pub wait_ms_max: u64,
    pub in_flight_max: usize,
    pub per_second_max: u32,
    pub request_bytes_max: usize,
    pub answer_bytes_max: usize,
    /// So many failures in a row open the circuit breaker.
    pub breaker_failures_max: u32,
    pub breaker_open_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_ms_max: 2_000,
            call_ms_max: 30_000,
            wait_ms_max: 10_000,
            in_flight_max: 8,
            per_second_max: 200,
            request_bytes_max: 16 << 20,
            answer_bytes_max: 32 << 20,
            breaker_failures_max: 5,
            breaker_open_ms: 2_000,
        }
    }
}

impl Limits {
    pub(crate) fn call_max(&self) -> Duration {
        Duration::from_millis(self.call_ms_max)
    }
}

/// Why a destination cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misconfigured {
    #[error("destination {name}: the base address is not a URL with a host")]
    NotAnAddress { name: String },
    #[error("destination {name}: credentials, a query or a fragment in the base address")]
    NotPlain { name: String },
    #[error("destination {name}: plain http is for this machine only")]
    PlainHttp { name: String },
    #[error("destination {name}: the address lies beyond the configured reach")]
    OutOfReach { name: String },
    #[error("destination {name}: the credential cannot be sent as a header")]
    Credential { name: String },
    #[error("destination {name}: the limit {limit} must be above zero")]
    Limit { name: String, limit: &'static str },
    #[error("destination {name}: the client cannot be set up: {why}")]
    Client { name: String, why: String },
}

impl Destination {
    pub(crate) fn checked_base(&self) -> Result<Url, Misconfigured> {
        let name = || self.name.clone();
        let not_an_address = || Misconfigured::NotAnAddress { name: name() };
        let url = Url::parse(&self.base).map_err(|_| not_an_address())?;
        let host = url.host_str().ok_or_else(not_an_address)?.to_owned();
        let bare = url.username().is_empty() && url.password().is_none();
        if !bare || url.query().is_some() || url.fragment().is_some() {
            return Err(Misconfigured::NotPlain { name: name() });
        }
        match url.scheme() {
            "https" => {}
            "http" if self.reach == Reach::Loopback => {}
            "http" => return Err(Misconfigured::PlainHttp { name: name() }),
            _ => return Err(not_an_address()),
        }
        // A literal address is never resolved, so its reach is checked here.
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        if literal.is_ok_and(|address| !self.reach.allows(address)) {
            return Err(Misconfigured::OutOfReach { name: name() });
        }
        self.checked_limits()?;
        Ok(url)
    }

    fn checked_limits(&self) -> Result<(), Misconfigured> {
        let limits = &self.limits;
        let zeros = [
            ("connect_ms_max", limits.connect_ms_max == 0),
            ("call_ms_max", limits.call_ms_max == 0),
            ("in_flight_max", limits.in_flight_max == 0),
            ("per_second_max", limits.per_second_max == 0),
            ("answer_bytes_max", limits.answer_bytes_max == 0),
            ("breaker_failures_max", limits.breaker_failures_max == 0),
        ];
        match zeros.into_iter().find(|(_, zero)| *zero) {
            Some((limit, _)) => Err(Misconfigured::Limit { name: self.name.clone(), limit }),
            None => Ok(()),
        }
    }
}
