// SPDX-License-Identifier: Apache-2.0
//! Keys and secrets of a running server: read from their places, drawn where the installation is
//! new, and followed while it runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use ports::keys::{KEY_BYTES, KeyEncryption};
use ports::secret::{LiveKeys, LiveText, Secret, Secrets};
use secrecy::ExposeSecret;
use system_identity::{RingKeys, SecretStore, TransitKeys, Vault, draw_keys};
use tokio::sync::OnceCell;
use workflow::Shutdown;

use crate::config::secrets::{EncryptionKeys, Keys};
use crate::config::{Config, Database, secrets::DatabaseUrl};

/// The folder of key files.
pub fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("keys")
}

/// Where the ring of key-encryption keys is when nothing else is configured.
pub fn encryption_file(config: &Config) -> Option<PathBuf> {
    match &config.keys.encryption {
        None => Some(folder(&config.data_dir).join("encryption.keys")),
        Some(EncryptionKeys::File(path)) => Some(path.clone()),
        Some(EncryptionKeys::Env(_) | EncryptionKeys::Vault(_) | EncryptionKeys::Transit(_)) => {
            None
        }
    }
}

/// The same of the ring of token keys.
pub fn token_file(config: &Config) -> Option<PathBuf> {
    match &config.keys.token {
        None => Some(folder(&config.data_dir).join("token.key")),
        Some(Secret::File(path)) => Some(path.clone()),
        Some(Secret::Env(_) | Secret::Vault(_)) => None,
    }
}

/// Whoever needs a secret gets it from here.
pub struct Secured {
    pub store: Arc<SecretStore>,
    vault: Option<Vault>,
    encryption: OnceCell<Arc<dyn KeyEncryption>>,
}

impl Secured {
    /// Nothing is asked of any place before somebody needs what is there.
    pub async fn open(config: &Config) -> anyhow::Result<Self> {
        let vault = vault(config)?;
        let store = Arc::new(SecretStore::new(vault.clone()));
        Ok(Self { store, vault, encryption: OnceCell::new() })
    }

    /// The key-encryption keys, which only roles with a book need.
    pub async fn encryption(&self, config: &Config) -> anyhow::Result<&Arc<dyn KeyEncryption>> {
        let opening = || encryption(config, &self.store, self.vault.clone());
        self.encryption.get_or_try_init(opening).await.context("keys.encryption")
    }

    /// A ring from its place; from a file below `data_dir/keys`, drawn when it is not there, where
    /// no place is configured.
    pub async fn ring(
        &self,
        config: &Config,
        place: impl Fn(&Keys) -> &Option<Secret>,
        name: &str,
    ) -> anyhow::Result<LiveKeys> {
        let place = match place(&config.keys) {
            Some(place) => place.clone(),
            None => Secret::File(drawn(&folder(&config.data_dir).join(format!("{name}.key")))?),
        };
        self.store.keys(&place).await.with_context(|| format!("keys.{name}"))
    }

    /// The keys under which tokens are made.
    pub async fn token_keys(&self, config: &Config) -> anyhow::Result<LiveKeys> {
        self.ring(config, |keys| &keys.token, "token").await
    }

    /// The key that signs checkpoints: the first of its ring, for good.
    pub async fn checkpoint_key(&self, config: &Config) -> anyhow::Result<[u8; KEY_BYTES]> {
        let ring = self.ring(config, |keys| &keys.checkpoint, "checkpoint").await?.get();
        let first = ring.first().context("keys.checkpoint: no key in it")?;
        Ok(*first.expose_secret())
    }

    pub async fn database_url(&self, config: &Config) -> anyhow::Result<Option<String>> {
        database_url(config, &self.store).await
    }

    /// The same where it can change while the process runs: a handle that follows its place.
    pub async fn live_database_url(&self, config: &Config) -> anyhow::Result<Option<LiveText>> {
        match &config.database {
            Database::Embedded | Database::External { url: DatabaseUrl::Plain(_) } => Ok(None),
            Database::External { url: DatabaseUrl::Secret(place) } => {
                Ok(Some(self.store.text(place).await.context("database.url")?))
            }
        }
    }
}

fn vault(config: &Config) -> anyhow::Result<Option<Vault>> {
    match &config.keys.vault {
        None => Ok(None),
        Some(settings) => Ok(Some(Vault::new(settings).context("keys.vault")?)),
    }
}

/// The secrets of an installation without its keys: nothing is drawn.
pub fn secrets(config: &Config) -> anyhow::Result<SecretStore> {
    Ok(SecretStore::new(vault(config)?))
}

/// The URL of an external database, from wherever it is kept.
pub async fn database_url(
    config: &Config,
    secrets: &SecretStore,
) -> anyhow::Result<Option<String>> {
    match &config.database {
        Database::Embedded => Ok(None),
        Database::External { url: DatabaseUrl::Plain(url) } => Ok(Some(url.clone())),
        Database::External { url: DatabaseUrl::Secret(place) } => {
            let url = secrets.read(place).await.context("database.url")?;
            Ok(Some(url.expose_secret().to_owned()))
        }
    }
}

async fn encryption(
    config: &Config,
    store: &Arc<SecretStore>,
    vault: Option<Vault>,
) -> anyhow::Result<Arc<dyn KeyEncryption>> {
    let place = match &config.keys.encryption {
        None => Secret::File(drawn(&folder(&config.data_dir).join("encryption.keys"))?),
        Some(EncryptionKeys::File(path)) => Secret::File(path.clone()),
        Some(EncryptionKeys::Env(name)) => Secret::Env(name.clone()),
        Some(EncryptionKeys::Vault(at)) => Secret::Vault(at.clone()),
        Some(EncryptionKeys::Transit(name)) => {
            let vault = vault.context("keys.vault: needed for the transit engine")?;
            return Ok(Arc::new(TransitKeys::new(vault, name)));
        }
    };
    let ring = store.keys(&place).await?;
    Ok(Arc::new(RingKeys::new(ring, Arc::clone(store))))
}

/// A key file of ours, made on first start and readable by its owner alone.
fn drawn(path: &Path) -> anyhow::Result<PathBuf> {
    if !path.exists() {
        made_once(path).with_context(|| format!("making key {}", path.display()))?;
    }
    Ok(path.to_owned())
}

/// Draws a key beside its place and links it there: of two processes that do so at once, one is faster
/// and both read the same.
fn made_once(path: &Path) -> anyhow::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!("{}.{name}", uuid::Uuid::new_v4()));
    draw_keys(&beside)?;
    let linked = std::fs::hard_link(&beside, path);
    std::fs::remove_file(&beside)?;
    match linked {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        linked => Ok(linked?),
    }
}

/// Reads every place again and again until the end, and says what has changed, never to what.
pub async fn follow(store: Arc<SecretStore>, poll_ms: u64, mut stopping: Shutdown) {
    while !stopping.is_asked() {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(poll_ms)) => {}
            () = stopping.asked() => return,
        }
        let polled = store.poll().await;
        for place in polled.renewed {
            tracing::info!(%place, "a secret has changed and is in force");
        }
        for (place, why) in polled.failed {
            tracing::warn!(%place, "a secret cannot be read; the value before it stays: {why}");
        }
    }
}
