// SPDX-License-Identifier: Apache-2.0
//! The keys that we believe, each found by (issuer, key id) and pinned to one algorithm. Symmetric
//! keys and symmetric algorithms do not exist here.

use std::collections::BTreeMap;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm};
use jsonwebtoken::jwk::{OctetKeyPairParameters, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};

const RSA_MODULUS_BITS_MIN: usize = 2048;

#[derive(Clone)]
pub(crate) struct Key {
    pub algorithm: Algorithm,
    pub decoding: DecodingKey,
}

/// The public keys of every issuer that is configured.
#[derive(Clone, Default)]
pub struct KeyRing {
    keys: BTreeMap<(String, String), Key>,
}

/// Why a key set cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("the key set of issuer {issuer} is not a JSON Web Key Set")]
    NotAKeySet { issuer: String },
    #[error("issuer {issuer} has two keys with the id {kid}")]
    TwiceTheSameId { issuer: String, kid: String },
    #[error("the key set of issuer {issuer} has no signing key that we accept")]
    NoUsableKey { issuer: String },
}

impl KeyRing {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the keys of one issuer from its key set. A key of a kind that we do not accept is left
    /// out; a set without any that we accept is refused.
    pub fn with(mut self, issuer: &str, jwks: &[u8]) -> Result<Self, KeyError> {
        let owned = || issuer.to_owned();
        let set: JwkSet =
            serde_json::from_slice(jwks).map_err(|_| KeyError::NotAKeySet { issuer: owned() })?;
        let mut added = 0;
        for jwk in &set.keys {
            let Some((kid, key)) = accepted(jwk) else { continue };
            if self.keys.insert((owned(), kid.clone()), key).is_some() {
                return Err(KeyError::TwiceTheSameId { issuer: owned(), kid });
            }
            added += 1;
        }
        if added == 0 {
            return Err(KeyError::NoUsableKey { issuer: owned() });
        }
        Ok(self)
    }

    pub(crate) fn find(&self, issuer: &str, kid: &str) -> Option<&Key> {
        self.keys.get(&(issuer.to_owned(), kid.to_owned()))
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.keys.keys()).finish()
    }
}

fn accepted(jwk: &Jwk) -> Option<(String, Key)> {
    let kid = jwk.common.key_id.clone()?;
    match jwk.common.public_key_use {
        None | Some(PublicKeyUse::Signature) => {}
        Some(PublicKeyUse::Encryption | PublicKeyUse::Other(_)) => return None,
    }
    let algorithm = algorithm(jwk)?;
    let decoding = DecodingKey::from_jwk(jwk).ok()?;
    Some((kid, Key { algorithm, decoding }))
}

/// The one algorithm of a key: what its kind admits, and for RSA what the set states.
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    let stated = jwk.common.key_algorithm;
    let only = |own: KeyAlgorithm, algorithm: Algorithm| {
        stated.is_none_or(|stated| stated == own).then_some(algorithm)
    };
    match &jwk.algorithm {
        AlgorithmParameters::OctetKeyPair(OctetKeyPairParameters {
            curve: EllipticCurve::Ed25519,
            ..
        }) => only(KeyAlgorithm::EdDSA, Algorithm::EdDSA),
        AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => {
            only(KeyAlgorithm::ES256, Algorithm::ES256)
        }
        AlgorithmParameters::RSA(rsa) => {
            let modulus = data_encoding::BASE64URL_NOPAD.decode(rsa.n.as_bytes()).ok()?;
            if modulus.len() * 8 < RSA_MODULUS_BITS_MIN {
                return None;
            }
            match stated {
                Some(KeyAlgorithm::RS256) => Some(Algorithm::RS256),
                Some(KeyAlgorithm::PS256) => Some(Algorithm::PS256),
                _ => None,
            }
        }
        _ => None,
    }
}
