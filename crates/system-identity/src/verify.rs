// SPDX-License-Identifier: Apache-2.0
//! Verifies a bearer token from the outside in: size, form, header, key, signature, claims. The
//! caller learns only that it was not accepted; the reason is for our log.

use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use jsonwebtoken::{Algorithm, Validation};
use model::code::Code;
use ports::identity::{Denied, Identity, Principal, Unverified};
use serde_json::Value;
use time::OffsetDateTime;

use crate::claims;
use crate::header::{Header, denied};
use crate::keys::{Key, KeyRing};
use crate::signed::Signed;
use crate::strict::Members;

/// What every token has to keep to, whoever issued it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Our name in `aud`.
    pub audience: String,
    /// The tenant that this installation serves.
    pub tenant: Code,
    /// Tolerated difference between the issuer's clock and ours.
    pub leeway_s: u64,
    pub token_bytes_max: usize,
    /// Between `iat` and `exp`, and between `iat` and now.
    pub lifetime_s_max: u64,
}

impl Rules {
    pub fn new(audience: &str, tenant: Code) -> Self {
        Self {
            audience: audience.to_owned(),
            tenant,
            leeway_s: 30,
            token_bytes_max: 8 << 10,
            lifetime_s_max: 12 * 3600,
        }
    }
}

/// Verifies JSON Web Tokens of type `at+jwt` (RFC 9068).
pub struct JwtIdentity {
    in_force: RwLock<Arc<InForce>>,
    rules: Rules,
}

/// The keys, and the tokens whose signature has been found to hold under them.
struct InForce {
    keys: KeyRing,
    signed: Signed,
}

impl InForce {
    fn new(keys: KeyRing) -> Self {
        Self { keys, signed: Signed::default() }
    }
}

impl JwtIdentity {
    pub fn new(keys: KeyRing, rules: Rules) -> Self {
        Self { in_force: RwLock::new(Arc::new(InForce::new(keys))), rules }
    }

    /// Puts other keys in force, for rotation. During a rotation the ring holds the old and the new.
    /// Every signature is checked anew under them.
    pub fn replace_keys(&self, keys: KeyRing) {
        let mut in_force = self.in_force.write().unwrap_or_else(PoisonError::into_inner);
        *in_force = Arc::new(InForce::new(keys));
    }

    /// `now` in seconds of Unix time.
    pub(crate) fn verify_at(&self, bearer: &str, now: u64) -> Result<Principal, Denied> {
        if bearer.len() > self.rules.token_bytes_max {
            return Err(denied("larger than a token may be"));
        }
        let in_force = Arc::clone(&self.in_force.read().unwrap_or_else(PoisonError::into_inner));
        let claims = match in_force.signed.claims(bearer) {
            Some(claims) => claims,
            None => in_force.signed.keep(bearer, signed_claims(&in_force.keys, bearer)?),
        };
        // The signature holds for ever; what the claims say of time is judged at each call.
        claims::principal(&claims, &self.rules, now)
    }
}

/// The claims of a token whose signature holds.
fn signed_claims(keys: &KeyRing, bearer: &str) -> Result<Members, Denied> {
    let mut parts = bearer.split('.');
    let (Some(head), Some(body), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(denied("not three parts"));
    };
    let header = Header::read(head)?;
    let claims = Members::decode(body).ok_or_else(|| denied("the claims are not readable"))?;
    let key = keys
        .find(claims::issuer(&claims)?, &header.key)
        .ok_or_else(|| denied("no such key of this issuer"))?;
    if header.algorithm != algorithm_name(key.algorithm) {
        return Err(denied("not the algorithm of this key"));
    }
    signature(bearer, key)?;
    Ok(claims)
}

/// The library checks the signature under the key's own algorithm; every claim is checked by us,
/// because a claim of the wrong type counts as absent there.
fn signature(bearer: &str, key: &Key) -> Result<(), Denied> {
    let mut validation = Validation::new(key.algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    jsonwebtoken::decode::<Value>(bearer, &key.decoding, &validation)
        .map(|_| ())
        .map_err(|_| denied("the signature does not hold"))
}

fn algorithm_name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::EdDSA => "EdDSA",
        Algorithm::ES256 => "ES256",
        Algorithm::RS256 => "RS256",
        Algorithm::PS256 => "PS256",
        // No key is ever pinned to another algorithm; a name that no header can carry.
        _ => "",
    }
}

#[async_trait]
impl Identity for JwtIdentity {
    async fn verify(&self, bearer: &str) -> Result<Principal, Unverified> {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        Ok(self.verify_at(bearer, u64::try_from(now).unwrap_or(0))?)
    }
}
