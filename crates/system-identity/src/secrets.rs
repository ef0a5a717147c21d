// SPDX-License-Identifier: Apache-2.0
//! Reads secrets from files, from the environment and from HashiCorp Vault, and follows them: each
//! [`SecretStore::poll`] reads every place again and puts what has changed in force.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use data_encoding::HEXLOWER;
use ports::failure::Failure;
use ports::keys::KEY_BYTES;
use ports::secret::{Live, LiveKeys, LiveText, Secret, Secrets, keys};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize};

use crate::vault::Vault;

/// The most bytes that a secret of ours has.
const SECRET_BYTES_MAX: u64 = 64 << 10;

/// Who follows a place.
#[derive(Clone)]
enum Follower {
    Text(LiveText),
    Keys(LiveKeys),
}

struct Followed {
    place: Secret,
    last: SecretString,
    follower: Follower,
}

/// What became of the places that changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Polled {
    pub renewed: Vec<Secret>,
    /// Places that cannot be read now, with the reason; what was in force stays so.
    pub failed: Vec<(Secret, String)>,
}

/// The secrets of one installation.
#[derive(Default)]
pub struct SecretStore {
    vault: Option<Vault>,
    followed: Mutex<Vec<Followed>>,
}

impl SecretStore {
    /// Without a vault, a place in one is a mistake of the configuration.
    pub fn new(vault: Option<Vault>) -> Self {
        Self { vault, followed: Mutex::default() }
    }

    fn followed(&self) -> MutexGuard<'_, Vec<Followed>> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a secret once.
    pub async fn read(&self, place: &Secret) -> Result<SecretString, Failure> {
        match (place, &self.vault) {
            (Secret::Vault(at), Some(vault)) => vault.read(at).await,
            (Secret::Vault(_), None) | (Secret::File(_) | Secret::Env(_), _) => read_here(place),
        }
    }

    /// Reads every place that somebody follows and puts what has changed in force.
    pub async fn poll(&self) -> Polled {
        let mut polled = Polled::default();
        let count = self.followed().len();
        for index in 0..count {
            let place = self.followed().get(index).map(|followed| followed.place.clone());
            let Some(place) = place else { break };
            let renewed = match self.read(&place).await {
                Ok(now) => self.renew(index, now),
                Err(failure) => Err(failure.to_string()),
            };
            match renewed {
                Ok(true) => polled.renewed.push(place),
                Ok(false) => {}
                Err(why) => polled.failed.push((place, why)),
            }
        }
        polled
    }

    fn renew(&self, index: usize, now: SecretString) -> Result<bool, String> {
        let mut all = self.followed();
        let Some(followed) = all.get_mut(index) else { return Ok(false) };
        if followed.last.expose_secret() == now.expose_secret() {
            return Ok(false);
        }
        match &followed.follower {
            Follower::Text(live) => live.replace(now.clone()),
            Follower::Keys(live) => live.replace(keys(&now).map_err(|why| why.to_string())?),
        }
        followed.last = now;
        Ok(true)
    }

    /// A handle that was given out for the same place: one place is read once.
    fn following(&self, place: &Secret) -> Vec<Follower> {
        let all = self.followed();
        let same = all.iter().filter(|followed| followed.place == *place);
        same.map(|followed| followed.follower.clone()).collect()
    }

    fn follow(&self, place: &Secret, last: SecretString, follower: Follower) {
        match place {
            Secret::File(_) | Secret::Vault(_) => {
                self.followed().push(Followed { place: place.clone(), last, follower });
            }
            // The environment of a process is what it was at its start.
            Secret::Env(_) => {}
        }
    }
}

#[async_trait]
impl Secrets for SecretStore {
    async fn text(&self, secret: &Secret) -> Result<LiveText, Failure> {
        for follower in self.following(secret) {
            match follower {
                Follower::Text(live) => return Ok(live),
                Follower::Keys(_) => {}
            }
        }
        let text = self.read(secret).await?;
        let live = Live::new(text.clone());
        self.follow(secret, text, Follower::Text(live.clone()));
        Ok(live)
    }

    async fn keys(&self, secret: &Secret) -> Result<LiveKeys, Failure> {
        for follower in self.following(secret) {
            match follower {
                Follower::Keys(live) => return Ok(live),
                Follower::Text(_) => {}
            }
        }
        let text = self.read(secret).await?;
        let ring = keys(&text).map_err(|why| missing(secret, &why.to_string()))?;
        let live = Live::new(ring);
        self.follow(secret, text, Follower::Keys(live.clone()));
        Ok(live)
    }
}

/// Reads what is kept on this machine.
pub(crate) fn read_here(place: &Secret) -> Result<SecretString, Failure> {
    match place {
        Secret::File(path) => from_file(path),
        Secret::Env(name) => match std::env::var(name) {
            Ok(value) => Ok(SecretString::from(value.trim().to_owned())),
            Err(_) => Err(missing(place, "it is not set")),
        },
        Secret::Vault(_) => Err(missing(place, "no vault is configured under [keys.vault]")),
    }
}

/// The place and the cure, never the value.
fn missing(place: &Secret, why: &str) -> Failure {
    Failure::defect(format!("the secret in {place}: {why}"))
}

fn from_file(path: &Path) -> Result<SecretString, Failure> {
    let place = Secret::File(path.to_owned());
    let unread = |error: std::io::Error| missing(&place, &error.to_string());
    let found = fs::metadata(path).map_err(unread)?;
    if found.permissions().mode() & 0o007 != 0 {
        return Err(missing(&place, "everybody can read it: chmod 600 it"));
    }
    if found.len() > SECRET_BYTES_MAX {
        return Err(missing(&place, "it is too large for a secret"));
    }
    let mut text = fs::read_to_string(path).map_err(unread)?;
    let secret = SecretString::from(text.trim().to_owned());
    text.zeroize();
    Ok(secret)
}

/// Draws a new key and makes it the first of the ring in a file, which is made when it is not there.
/// The file is replaced as a whole: a reader sees the old ring or the new one.
pub fn draw_keys(path: &Path) -> std::io::Result<()> {
    let mut bytes = [0u8; KEY_BYTES];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| std::io::Error::other("the system gives no random bytes"))?;
    let older = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    let text = format!("{}\n{older}", HEXLOWER.encode(&bytes));
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.and_then(|()| fs::rename(&beside, path)).inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}

#[cfg(test)]
mod tests;
