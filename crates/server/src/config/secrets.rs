// SPDX-License-Identifier: Apache-2.0
//! The `[keys]` of a configuration: where keys and secrets are kept and how soon a change of them is
//! in force. What is left out is a file below `data_dir/keys`, drawn at the first start.

use std::fmt;
use std::path::{Path, PathBuf};

use ports::secret::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use system_identity::VaultSettings;

/// Where keys are kept.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Keys {
    /// The ring of key-encryption keys: the first line wraps, each line unwraps.
    pub encryption: Option<EncryptionKeys>,
    /// The ring under which tokens are made: the first line for values that are new, the others for
    /// those that have a token already. New keys come first; no line is ever taken away.
    pub token: Option<Secret>,
    /// The key that signs checkpoints of the log: the first of its ring, for good, since whoever
    /// verifies holds its public half.
    pub checkpoint: Option<Secret>,
    /// The ring that signs page cursors.
    pub cursor: Option<Secret>,
    /// The ring that seals the portal's sessions.
    pub session: Option<Secret>,
    /// HashiCorp Vault, for every place that is in it.
    pub vault: Option<VaultSettings>,
    /// How soon a changed secret is in force.
    pub secrets_poll_ms: u64,
    /// How long an unwrapped data key is held in memory: shredding has reached every replica then.
    pub data_key_cache_ms_max: u64,
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            encryption: None,
            token: None,
            checkpoint: None,
            cursor: None,
            session: None,
            vault: None,
            secrets_poll_ms: 5_000,
            data_key_cache_ms_max: 60_000,
        }
    }
}

/// Who holds the key-encryption keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EncryptionKeys {
    /// A ring in a file.
    File(PathBuf),
    /// A ring in a variable of the environment.
    Env(String),
    /// A ring in a field of a secret in Vault.
    Vault(String),
    /// The named key of Vault's transit engine: it never leaves Vault.
    Transit(String),
}

/// The URL of a database, or where the secret is kept that holds it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum DatabaseUrl {
    Plain(String),
    Secret(Secret),
}

/// A URL may hold a password.
impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DatabaseUrl::Plain(_) => f.write_str("DatabaseUrl(…)"),
            DatabaseUrl::Secret(place) => write!(f, "DatabaseUrl({place})"),
        }
    }
}

/// Makes the path of a file relative to the configuration's folder.
pub fn anchor(place: &mut Secret, base: &Path) {
    match place {
        Secret::File(path) => *path = base.join(path.as_path()),
        Secret::Env(_) | Secret::Vault(_) => {}
    }
}

impl Keys {
    pub(super) fn anchor(&mut self, base: &Path) {
        for place in [&mut self.token, &mut self.checkpoint, &mut self.cursor, &mut self.session] {
            place.iter_mut().for_each(|place| anchor(place, base));
        }
        if let Some(vault) = &mut self.vault {
            anchor(&mut vault.token, base);
        }
        match &mut self.encryption {
            Some(EncryptionKeys::File(path)) => *path = base.join(path.as_path()),
            Some(
                EncryptionKeys::Env(_) | EncryptionKeys::Vault(_) | EncryptionKeys::Transit(_),
            )
            | None => {}
        }
    }

    /// Every place of `[keys]` with the key that names it.
    pub fn places(&self) -> Vec<(&'static str, Secret)> {
        let encryption = match &self.encryption {
            Some(EncryptionKeys::File(path)) => Some(Secret::File(path.clone())),
            Some(EncryptionKeys::Env(name)) => Some(Secret::Env(name.clone())),
            Some(EncryptionKeys::Vault(at)) => Some(Secret::Vault(at.clone())),
            // The key itself never leaves Vault: there is nothing to read.
            Some(EncryptionKeys::Transit(_)) | None => None,
        };
        [
            ("keys.encryption", &encryption),
            ("keys.token", &self.token),
            ("keys.checkpoint", &self.checkpoint),
            ("keys.cursor", &self.cursor),
            ("keys.session", &self.session),
            ("keys.vault.token", &self.vault.as_ref().map(|vault| vault.token.clone())),
        ]
        .into_iter()
        .filter_map(|(key, place)| Some((key, place.clone()?)))
        .collect()
    }

    /// Whether the key-encryption keys stay in Vault.
    pub fn encrypts_in_vault(&self) -> bool {
        matches!(self.encryption, Some(EncryptionKeys::Transit(_)))
    }
}
