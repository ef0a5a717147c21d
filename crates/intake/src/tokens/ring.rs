// SPDX-License-Identifier: Apache-2.0
//! The ring of token keys as it is in force, followed while the process runs. The newest key makes the
//! tokens of new values; a key is numbered from the oldest, and its number stands in its tokens.

use std::sync::{Arc, Mutex, PoisonError};

use hmac::{Hmac, KeyInit, Mac};
use model::code::Code;
use model::token::Field;
use ports::failure::Failure;
use ports::keys::KeyBytes;
use ports::secret::LiveKeys;
use secrecy::ExposeSecret;
use sha2_next::Sha256;

/// A key that has been taken in: what is left for each value is two blocks.
type Keyed = Hmac<Sha256>;

fn keyed(key: &[u8]) -> Keyed {
    Keyed::new_from_slice(key).expect("a key of any length")
}

/// One key of the ring, with one of its own for each field.
struct Version {
    number: usize,
    keys: Vec<(Field, Keyed)>,
}

impl Version {
    fn new(number: usize, key: &KeyBytes) -> Self {
        let root = keyed(key.expose_secret());
        let mut keys = Vec::new();
        for field in Field::ALL {
            let own = root.clone().chain_update(format!("field:{}", field.as_str()));
            keys.push((field, keyed(&own.finalize().into_bytes())));
        }
        Self { number, keys }
    }

    fn token(&self, tenant: &Code, field: Field, normalised: &str) -> Code {
        let own = self.keys.iter().find(|(own, _)| *own == field);
        let (_, key) = own.expect("every field has a key");
        let mut mac = key.clone();
        for part in [tenant.as_bytes(), field.as_str().as_bytes(), normalised.as_bytes()] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        let tag = mac.finalize().into_bytes();
        let mut token = format!("tok_v{}_", self.number);
        data_encoding::BASE32_NOPAD.encode_append(&tag[..16], &mut token);
        token.make_ascii_lowercase();
        Code::from(token)
    }
}

/// The keys of one moment.
pub(super) struct Ring {
    newest: Version,
    /// Before it, the oldest first.
    older: Vec<Version>,
}

impl Ring {
    /// A place lists its newest key first.
    fn of(keys: &[KeyBytes]) -> Option<Self> {
        let numbered = keys.iter().rev().zip(1..);
        let mut older: Vec<Version> =
            numbered.map(|(key, number)| Version::new(number, key)).collect();
        older.pop().map(|newest| Self { newest, older })
    }

    /// What a new value gets.
    pub fn newest(&self, tenant: &Code, field: Field, normalised: &str) -> Code {
        self.newest.token(tenant, field, normalised)
    }

    /// What the value has if it was met before the newest key came, the oldest first.
    pub fn older(&self, tenant: &Code, field: Field, normalised: &str) -> Vec<Code> {
        self.older.iter().map(|own| own.token(tenant, field, normalised)).collect()
    }
}

/// What is in force, and which keys were looked at last.
struct InForce {
    ring: Arc<Ring>,
    keys: Arc<Vec<KeyBytes>>,
    seen: Arc<Vec<KeyBytes>>,
}

/// Follows the place of a ring.
pub(super) struct Followed {
    live: LiveKeys,
    in_force: Mutex<InForce>,
}

impl Followed {
    pub fn new(live: LiveKeys) -> Result<Self, Failure> {
        let keys = live.get();
        let ring = Ring::of(&keys).ok_or_else(|| Failure::defect("there is no token key"))?;
        let in_force = InForce { ring: Arc::new(ring), keys: keys.clone(), seen: keys };
        Ok(Self { live, in_force: Mutex::new(in_force) })
    }

    /// The ring of now. One in which a key is missing or has moved would give the same value another
    /// token: the ring before it stays.
    pub fn ring(&self) -> Arc<Ring> {
        let keys = self.live.get();
        let mut in_force = self.in_force.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&in_force.seen, &keys) {
            return in_force.ring.clone();
        }
        in_force.seen = keys.clone();
        match Ring::of(&keys).filter(|_| continues(&keys, &in_force.keys)) {
            Some(ring) => {
                tracing::info!(keys = keys.len(), "new values get tokens under the newest key");
                (in_force.ring, in_force.keys) = (Arc::new(ring), keys);
            }
            None => tracing::error!(
                "a key of the token ring is missing or has moved: the ring before it stays in \
                 force; put new keys first and leave the older lines as they are"
            ),
        }
        in_force.ring.clone()
    }
}

/// Whether these keys are the ones before with new ones in front.
fn continues(keys: &[KeyBytes], before: &[KeyBytes]) -> bool {
    let Some(fresh) = keys.len().checked_sub(before.len()) else { return false };
    let bytes = |key: &KeyBytes| *key.expose_secret();
    keys[fresh..].iter().map(bytes).eq(before.iter().map(bytes))
}
