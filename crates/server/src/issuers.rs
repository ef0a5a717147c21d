// SPDX-License-Identifier: Apache-2.0
//! Whose tokens are believed: our own issuer's on loopback, and the operator's by its key set. Both
//! are followed where they are kept; a key that goes out of them is refused.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use model::code::Code;
use ports::identity::Identity;
use system_identity::{JwtIdentity, KeyRing, LocalIssuer, Rules};
use workflow::Shutdown;

use crate::config::Config;

/// The identity of the gateway and where its keys come from.
#[derive(Clone)]
pub struct Issuers {
    identity: Arc<JwtIdentity>,
    sources: Arc<Sources>,
    /// What the key ring in force was made of.
    last: Arc<Mutex<Found>>,
}

struct Sources {
    config: Config,
    jwks: Option<PathBuf>,
}

/// The public halves, as they are kept now.
#[derive(PartialEq, Eq)]
struct Found {
    jwks: Option<Vec<u8>>,
    local: Option<Vec<u8>>,
}

impl Issuers {
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let rules = Rules::new(&config.http.audience, Code::new(&config.tenant));
        let jwks = config.http.jwks.clone();
        let sources = Sources { config: config.clone(), jwks };
        let found = sources.read()?;
        let identity = Arc::new(JwtIdentity::new(sources.ring(&found)?, rules));
        Ok(Self { identity, sources: Arc::new(sources), last: Arc::new(Mutex::new(found)) })
    }

    pub fn identity(&self) -> Arc<dyn Identity> {
        self.identity.clone()
    }

    /// Puts in force what has changed. What cannot be read leaves everything as it was.
    fn renew(&self) -> anyhow::Result<bool> {
        let found = self.sources.read()?;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if *last == found {
            return Ok(false);
        }
        self.identity.replace_keys(self.sources.ring(&found)?);
        *last = found;
        Ok(true)
    }

    pub async fn follow(self, poll_ms: u64, mut stopping: Shutdown) {
        while !stopping.is_asked() {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(poll_ms)) => {}
                () = stopping.asked() => return,
            }
            match self.renew() {
                Ok(true) => tracing::info!("the keys of the issuers have changed and are in force"),
                Ok(false) => {}
                Err(error) => tracing::warn!("the issuers' keys in force stay: {error:#}"),
            }
        }
    }
}

impl Sources {
    fn read(&self) -> anyhow::Result<Found> {
        let jwks = match &self.jwks {
            None => None,
            Some(path) => {
                Some(std::fs::read(path).with_context(|| format!("http.jwks {}", path.display()))?)
            }
        };
        let local = match self.config.only_on_this_machine() {
            true => Some(local_issuer(&self.config)?.jwks().to_string().into_bytes()),
            false => None,
        };
        Ok(Found { jwks, local })
    }

    fn ring(&self, found: &Found) -> anyhow::Result<KeyRing> {
        let mut ring = KeyRing::new();
        if let Some(jwks) = &found.jwks {
            ring = ring.with(&self.config.http.issuer, jwks)?;
        }
        if found.local.is_some() {
            ring = local_issuer(&self.config)?.believed(ring)?;
        }
        Ok(ring)
    }
}

/// The issuer behind `revbridge token`.
pub fn local_issuer(config: &Config) -> anyhow::Result<LocalIssuer> {
    let rules = Rules::new(&config.http.audience, Code::new(&config.tenant));
    let folder = crate::keys::folder(&config.data_dir);
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let path = folder.join("issuer.pem");
    Ok(LocalIssuer::open(&path, &rules, config.http.listen.ip())?)
}
