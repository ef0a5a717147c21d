// SPDX-License-Identifier: Apache-2.0
//! Seals bytes before they reach the database and opens them again. A sealed value can only be
//! opened with the same data key, for the same tenant, purpose and record that it was sealed for.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::rand;
use data_encoding::{BASE64, HEXLOWER, HEXLOWER_PERMISSIVE};
use secrecy::{ExposeSecret, SecretBox};

/// AES-256-GCM with key and nonce from HKDF-SHA256 over a random salt.
const ALGORITHM: u8 = 1;
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;
const SALT_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
const FINGERPRINT_BYTES: usize = 4;
const HEADER_BYTES: usize = 1 + FINGERPRINT_BYTES + SALT_BYTES;

/// What a sealed value is for. Moving it to another purpose makes it unreadable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    RawChunk,
    VaultValue,
    EventBatch,
    State,
    SegmentSecret,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Purpose::RawChunk => "raw-chunk",
            Purpose::VaultValue => "vault-value",
            Purpose::EventBatch => "event-batch",
            Purpose::State => "state",
            Purpose::SegmentSecret => "segment-secret",
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
    #[error("cannot read the data key: {0}")]
    Read(std::io::Error),
    #[error("cannot write the data key: {0}")]
    Write(std::io::Error),
    #[error("a data key is 32 bytes in base64 or hex")]
    Format,
    #[error("sealed under another data key ({found}; ours is {ours})")]
    OtherKey { found: String, ours: String },
    #[error("sealed in a way that this version does not know")]
    UnknownAlgorithm,
    #[error("not what was sealed here: altered, or moved from another record")]
    NotAuthentic,
    #[error("the cryptographic library failed")]
    Library,
}

/// The data key. It shows nothing of itself and is wiped when the last clone is dropped.
#[derive(Clone)]
pub struct Keys {
    data: Arc<SecretBox<[u8; KEY_BYTES]>>,
    fingerprint: [u8; FINGERPRINT_BYTES],
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

impl Keys {
    /// Reads a key file: 32 bytes in base64 or hex, white space around it ignored.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, SealError> {
        let text = SecretBox::new(Box::new(fs::read(path).map_err(SealError::Read)?));
        Self::from_text(text.expose_secret().trim_ascii())
    }

    /// Draws a new key into a new file that only its owner can read. An existing file is left alone
    /// and is an error: overwriting a key would destroy everything sealed under it.
    pub fn generate_file(path: impl AsRef<Path>) -> Result<Self, SealError> {
        let keys = Self::generate()?;
        let text = BASE64.encode(keys.data.expose_secret());
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(SealError::Write)?;
        file.write_all(format!("{text}\n").as_bytes()).map_err(SealError::Write)?;
        file.sync_all().map_err(SealError::Write)?;
        Ok(keys)
    }

    /// A key that lives in memory only, for tests and simulation.
    pub fn generate() -> Result<Self, SealError> {
        let mut bytes = [0u8; KEY_BYTES];
        rand::fill(&mut bytes).map_err(|_| SealError::Library)?;
        Self::of(bytes)
    }

    /// Tells keys apart without telling anything about them.
    pub fn fingerprint(&self) -> String {
        HEXLOWER.encode(&self.fingerprint)
    }

    pub(crate) fn fingerprint_bytes(&self) -> &[u8] {
        &self.fingerprint
    }

    fn from_text(text: &[u8]) -> Result<Self, SealError> {
        let decoded = if text.len() == KEY_BYTES * 2 {
            HEXLOWER_PERMISSIVE.decode(text)
        } else {
            BASE64.decode(text)
        };
        let bytes = decoded.map_err(|_| SealError::Format)?;
        Self::of(bytes.try_into().map_err(|_| SealError::Format)?)
    }

    fn of(bytes: [u8; KEY_BYTES]) -> Result<Self, SealError> {
        let mut fingerprint = [0u8; FINGERPRINT_BYTES];
        derive(&bytes, b"", b"revbridge data key fingerprint", &mut fingerprint)?;
        Ok(Self { data: Arc::new(SecretBox::new(Box::new(bytes))), fingerprint })
    }

    /// Seals `clear` for its place, under a key and nonce of its own. The clear bytes are overwritten.
    pub fn seal(&self, place: Place<'_>, clear: Vec<u8>) -> Result<Vec<u8>, SealError> {
        let mut salt = [0u8; SALT_BYTES];
        rand::fill(&mut salt).map_err(|_| SealError::Library)?;
        let (key, nonce) = self.key_and_nonce(&salt)?;
        let mut body = clear;
        let aad = Aad::from(place.associated_data());
        let tag = key
            .seal_in_place_separate_tag(nonce, aad, &mut body)
            .map_err(|_| SealError::Library)?;
        let mut sealed = Vec::with_capacity(HEADER_BYTES + body.len() + TAG_BYTES);
        sealed.push(ALGORITHM);
        sealed.extend_from_slice(&self.fingerprint);
        sealed.extend_from_slice(&salt);
        sealed.extend_from_slice(&body);
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Opens what was sealed for exactly this place.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (header, body) =
            sealed.split_at_checked(HEADER_BYTES).ok_or(SealError::NotAuthentic)?;
        if header[0] != ALGORITHM {
            return Err(SealError::UnknownAlgorithm);
        }
        let (fingerprint, salt) = header[1..].split_at(FINGERPRINT_BYTES);
        if fingerprint != self.fingerprint {
            let found = HEXLOWER.encode(fingerprint);
            return Err(SealError::OtherKey { found, ours: self.fingerprint() });
        }
        let (key, nonce) = self.key_and_nonce(salt)?;
        let mut clear = body.to_vec();
        let aad = Aad::from(place.associated_data());
        let length =
            key.open_in_place(nonce, aad, &mut clear).map_err(|_| SealError::NotAuthentic)?.len();
        clear.truncate(length);
        Ok(clear)
    }

    fn key_and_nonce(&self, salt: &[u8]) -> Result<(LessSafeKey, Nonce), SealError> {
        let mut derived = [0u8; KEY_BYTES + NONCE_BYTES];
        derive(self.data.expose_secret(), salt, b"revbridge seal 1", &mut derived)?;
        let key =
            UnboundKey::new(&AES_256_GCM, &derived[..KEY_BYTES]).map_err(|_| SealError::Library)?;
        let nonce = Nonce::try_assume_unique_for_key(&derived[KEY_BYTES..])
            .map_err(|_| SealError::Library)?;
        Ok((LessSafeKey::new(key), nonce))
    }
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
