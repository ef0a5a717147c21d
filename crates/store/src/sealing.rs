// SPDX-License-Identifier: Apache-2.0
//! Seals bytes before they reach the database and opens them again. A sealed value can only be
//! opened with the same data key, for the same tenant, purpose and record that it was sealed for.

mod smaller;

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::rand;
use model::retention::RetentionClass;
use ports::keys::{KEY_BYTES, KeyBytes};
use secrecy::{ExposeSecret, SecretBox};
use uuid::Uuid;

/// AES-256-GCM with key and nonce from HKDF-SHA256 over a random salt; the data key is named by its
/// id. Algorithm 1 named a key file by its fingerprint and was never released.
#[derive(Clone, Copy)]
enum Algorithm {
    /// The bytes as they are.
    Plain,
    /// Made smaller first.
    Smaller,
}

impl Algorithm {
    fn number(self) -> u8 {
        match self {
            Algorithm::Plain => 2,
            Algorithm::Smaller => 3,
        }
    }

    fn of(number: u8) -> Option<Self> {
        [Algorithm::Plain, Algorithm::Smaller].into_iter().find(|own| own.number() == number)
    }

    /// Each derives keys of its own: one is not opened as the other.
    fn purpose(self) -> &'static [u8] {
        match self {
            Algorithm::Plain => b"revbridge seal 2",
            Algorithm::Smaller => b"revbridge seal 3",
        }
    }
}

const NONCE_BYTES: usize = 12;
const SALT_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
const ID_BYTES: usize = 16;
const HEADER_BYTES: usize = 1 + ID_BYTES + SALT_BYTES;

/// What a sealed value is for. Moving it to another purpose makes it unreadable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    RawChunk,
    VaultValue,
    EventBatch,
    State,
    StatePack,
    SegmentSecret,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Purpose::RawChunk => "raw-chunk",
            Purpose::VaultValue => "vault-value",
            Purpose::EventBatch => "event-batch",
            Purpose::State => "state",
            Purpose::StatePack => "state-pack",
            Purpose::SegmentSecret => "segment-secret",
        }
    }

    /// Whose data key seals it.
    pub fn class(self) -> RetentionClass {
        match self {
            Purpose::RawChunk | Purpose::SegmentSecret => RetentionClass::Raw,
            Purpose::VaultValue => RetentionClass::Vault,
            Purpose::EventBatch => RetentionClass::Canonical,
            Purpose::State | Purpose::StatePack => RetentionClass::Standing,
        }
    }
}

/// Where a sealed value belongs: authenticated with it, not stored in it.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub tenant: &'a str,
    pub purpose: Purpose,
    pub record: &'a str,
}

impl Place<'_> {
    /// Every part is preceded by its length, so that parts cannot run into each other.
    fn associated_data(&self) -> Vec<u8> {
        let mut data = Vec::with_capacity(64 + self.record.len());
        for part in [self.tenant, self.purpose.as_str(), self.record] {
            data.extend_from_slice(&(part.len() as u64).to_be_bytes());
            data.extend_from_slice(part.as_bytes());
        }
        data
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error("sealed under the data key {found}, not under {ours}")]
    OtherKey { found: Uuid, ours: Uuid },
    #[error("sealed in a way that this version does not know")]
    UnknownAlgorithm,
    #[error("not what was sealed here: altered, or moved from another record")]
    NotAuthentic,
    #[error("the cryptographic library failed")]
    Library,
}

/// One data key. It shows nothing of itself and is wiped when the last clone is dropped.
#[derive(Clone)]
pub struct DataKey {
    id: Uuid,
    bytes: Arc<KeyBytes>,
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKey({})", self.id)
    }
}

impl DataKey {
    pub fn new(id: Uuid, bytes: KeyBytes) -> Self {
        Self { id, bytes: Arc::new(bytes) }
    }

    /// A new key under a new id, in memory only.
    pub fn draw() -> Result<Self, SealError> {
        let mut bytes = Box::new([0u8; KEY_BYTES]);
        rand::fill(bytes.as_mut()).map_err(|_| SealError::Library)?;
        Ok(Self::new(Uuid::new_v4(), SecretBox::new(bytes)))
    }

    pub fn id(&self) -> Uuid {
        self.id
    }

    pub(crate) fn bytes(&self) -> &KeyBytes {
        &self.bytes
    }

    /// Seals `clear` for its place, under a key and nonce of its own.
    pub fn seal(&self, place: Place<'_>, clear: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut salt = [0u8; SALT_BYTES];
        rand::fill(&mut salt).map_err(|_| SealError::Library)?;
        let mut sealed =
            Vec::with_capacity(HEADER_BYTES + smaller::bytes_max(clear.len()) + TAG_BYTES);
        sealed.push(Algorithm::Smaller.number());
        sealed.extend_from_slice(self.id.as_bytes());
        sealed.extend_from_slice(&salt);
        let mut algorithm = Algorithm::Smaller;
        if !smaller::write(clear, &mut sealed) {
            algorithm = Algorithm::Plain;
            sealed[0] = algorithm.number();
            sealed.extend_from_slice(clear);
        }
        let (key, nonce) = self.key_and_nonce(algorithm, &salt)?;
        let aad = Aad::from(place.associated_data());
        let tag = key
            .seal_in_place_separate_tag(nonce, aad, &mut sealed[HEADER_BYTES..])
            .map_err(|_| SealError::Library)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Opens what was sealed for exactly this place.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (algorithm, found) = header(sealed)?;
        if found != self.id {
            return Err(SealError::OtherKey { found, ours: self.id });
        }
        let (header, body) =
            sealed.split_at_checked(HEADER_BYTES).ok_or(SealError::NotAuthentic)?;
        let (key, nonce) = self.key_and_nonce(algorithm, &header[1 + ID_BYTES..])?;
        let mut opened = body.to_vec();
        let aad = Aad::from(place.associated_data());
        let length =
            key.open_in_place(nonce, aad, &mut opened).map_err(|_| SealError::NotAuthentic)?.len();
        opened.truncate(length);
        match algorithm {
            Algorithm::Plain => Ok(opened),
            Algorithm::Smaller => smaller::restored(&opened).ok_or(SealError::NotAuthentic),
        }
    }

    fn key_and_nonce(
        &self,
        algorithm: Algorithm,
        salt: &[u8],
    ) -> Result<(LessSafeKey, Nonce), SealError> {
        let mut derived = [0u8; KEY_BYTES + NONCE_BYTES];
        derive(self.bytes.expose_secret(), salt, algorithm.purpose(), &mut derived)?;
        let key =
            UnboundKey::new(&AES_256_GCM, &derived[..KEY_BYTES]).map_err(|_| SealError::Library)?;
        let nonce = Nonce::try_assume_unique_for_key(&derived[KEY_BYTES..])
            .map_err(|_| SealError::Library)?;
        Ok((LessSafeKey::new(key), nonce))
    }
}

/// The id of the data key that a value was sealed under.
pub fn key_id(sealed: &[u8]) -> Result<Uuid, SealError> {
    header(sealed).map(|(_, id)| id)
}

fn header(sealed: &[u8]) -> Result<(Algorithm, Uuid), SealError> {
    let number = sealed.first().ok_or(SealError::NotAuthentic)?;
    let algorithm = Algorithm::of(*number).ok_or(SealError::UnknownAlgorithm)?;
    let id = sealed.get(1..1 + ID_BYTES).ok_or(SealError::NotAuthentic)?;
    let id = Uuid::from_slice(id).map_err(|_| SealError::NotAuthentic)?;
    Ok((algorithm, id))
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn derive(key: &[u8], salt: &[u8], purpose: &[u8], out: &mut [u8]) -> Result<(), SealError> {
    let extracted = Salt::new(HKDF_SHA256, salt).extract(key);
    let length = Length(out.len());
    let info = [purpose];
    let expanded = extracted.expand(&info, length).map_err(|_| SealError::Library)?;
    expanded.fill(out).map_err(|_| SealError::Library)
}

#[cfg(test)]
mod tests;
