// SPDX-License-Identifier: Apache-2.0
//! Makes tokens with arbitrary header and claims, signed with the keys of two issuers.

use aws_lc_rs::encoding::{AsBigEndian, EcPublicKeyUncompressedBin};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaKeyPair,
};
use data_encoding::BASE64URL_NOPAD as B64;
use model::code::Code;
use serde_json::{Value, json};

use crate::keys::KeyRing;
use crate::verify::{JwtIdentity, Rules};

pub const NOW: u64 = 1_900_000_000;
pub const ISSUER: &str = "https://issuer.test";
pub const OTHER_ISSUER: &str = "https://other.test";
pub const AUDIENCE: &str = "revbridge";

pub struct Forge {
    pub ed: Ed25519KeyPair,
    pub stranger: Ed25519KeyPair,
    pub ec: EcdsaKeyPair,
    pub rsa: RsaKeyPair,
    pub identity: JwtIdentity,
}

pub fn rules() -> Rules {
    Rules::new(AUDIENCE, Code::new("north"))
}

fn okp(kid: &str, pair: &Ed25519KeyPair) -> Value {
    let x = B64.encode(pair.public_key().as_ref());
    json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid, "x": x})
}

fn rsa(kid: &str, alg: &str, pair: &RsaKeyPair) -> Value {
    let public = pair.public_key();
    let n = B64.encode(public.modulus().big_endian_without_leading_zero());
    let e = B64.encode(public.exponent().big_endian_without_leading_zero());
    json!({"kty": "RSA", "alg": alg, "use": "sig", "kid": kid, "n": n, "e": e})
}

fn ec(kid: &str, pair: &EcdsaKeyPair) -> Value {
    let point: EcPublicKeyUncompressedBin = pair.public_key().as_be_bytes().expect("a point");
    let point = point.as_ref();
    let (x, y) = (B64.encode(&point[1..33]), B64.encode(&point[33..]));
    json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": kid, "x": x, "y": y})
}

impl Forge {
    pub fn new() -> Self {
        let (ed, other) = (Ed25519KeyPair::generate(), Ed25519KeyPair::generate());
        let (ed, stranger) = (ed.expect("a key"), other.expect("a key"));
        let ec_pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        let rsa_pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
        let own = json!({"keys": [
            okp("ed", &ed), rsa("rs", "RS256", &rsa_pair), rsa("ps", "PS256", &rsa_pair),
            ec("es", &ec_pair),
            {"kty": "oct", "alg": "HS256", "kid": "hs", "k": B64.encode(b"a shared secret")},
        ]});
        let others = json!({"keys": [okp("stranger", &stranger)]});
        let ring = KeyRing::new()
            .with(ISSUER, own.to_string().as_bytes())
            .and_then(|ring| ring.with(OTHER_ISSUER, others.to_string().as_bytes()))
            .expect("usable keys");
        let identity = JwtIdentity::new(ring, rules());
        Self { ed, stranger, ec: ec_pair, rsa: rsa_pair, identity }
    }

    pub fn header() -> Value {
        json!({"alg": "EdDSA", "typ": "at+jwt", "kid": "ed"})
    }

    pub fn claims() -> Value {
        json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": "maria", "scope": "revbridge:read openid",
            "iat": NOW - 60, "nbf": NOW - 60, "exp": NOW + 600,
        })
    }

    /// Signed by our issuer's Ed25519 key, whatever the texts say.
    pub fn token(&self, header: &str, claims: &str) -> String {
        let message = message(header, claims);
        let signature = self.ed.sign(message.as_bytes());
        format!("{message}.{}", B64.encode(signature.as_ref()))
    }

    pub fn signed(&self, header: &Value, claims: &Value) -> String {
        self.token(&header.to_string(), &claims.to_string())
    }

    /// A sound token but for one header member; `null` removes it.
    pub fn header_with(&self, name: &str, value: Value) -> String {
        self.signed(&with(Self::header(), name, value), &Self::claims())
    }

    /// A sound token but for one claim; `null` removes it.
    pub fn claim_with(&self, name: &str, value: Value) -> String {
        self.signed(&Self::header(), &with(Self::claims(), name, value))
    }

    pub fn rs256(&self, header: &Value, claims: &Value) -> String {
        self.rsa_signed(&RSA_PKCS1_SHA256, header, claims)
    }

    pub fn ps256(&self, header: &Value, claims: &Value) -> String {
        self.rsa_signed(&RSA_PSS_SHA256, header, claims)
    }

    fn rsa_signed(
        &self,
        padding: &'static dyn aws_lc_rs::signature::RsaEncoding,
        header: &Value,
        claims: &Value,
    ) -> String {
        let message = message(&header.to_string(), &claims.to_string());
        let mut signature = vec![0u8; self.rsa.public_modulus_len()];
        let random = SystemRandom::new();
        self.rsa.sign(padding, &random, message.as_bytes(), &mut signature).expect("signed");
        format!("{message}.{}", B64.encode(&signature))
    }

    pub fn es256(&self, header: &Value, claims: &Value) -> String {
        let message = message(&header.to_string(), &claims.to_string());
        let signature = self.ec.sign(&SystemRandom::new(), message.as_bytes()).expect("signed");
        format!("{message}.{}", B64.encode(signature.as_ref()))
    }

    pub fn hs256(&self, secret: &[u8], header: &Value) -> String {
        let message = message(&header.to_string(), &Self::claims().to_string());
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
        format!("{message}.{}", B64.encode(tag.as_ref()))
    }
}

pub fn message(header: &str, claims: &str) -> String {
    format!("{}.{}", B64.encode(header.as_bytes()), B64.encode(claims.as_bytes()))
}

pub fn with(mut object: Value, name: &str, value: Value) -> Value {
    let members = object.as_object_mut().expect("an object");
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
    object
}
