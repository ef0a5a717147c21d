// SPDX-License-Identifier: Apache-2.0
//! The attack list. Each token is sound but for one thing, and each must be refused.

use aws_lc_rs::signature::KeyPair;
use data_encoding::BASE64URL_NOPAD as B64;
use serde_json::{Value, json};

use super::forge::{Forge, ISSUER, NOW, OTHER_ISSUER, message, with};
use crate::keys::{KeyError, KeyRing};

type Wrong = (&'static str, String);

fn wrong_signatures(forge: &Forge) -> Vec<Wrong> {
    let header = Forge::header();
    let claims = Forge::claims();
    let sound = forge.signed(&header, &claims);
    let (unsigned, signature) = sound.rsplit_once('.').expect("three parts");
    let altered = with(claims.clone(), "scope", json!("revbridge:approve"));
    let by_stranger = {
        let message = message(&header.to_string(), &claims.to_string());
        let signature = forge.stranger.sign(message.as_bytes());
        format!("{message}.{}", B64.encode(signature.as_ref()))
    };
    let mut bytes = B64.decode(signature.as_bytes()).expect("base64");
    bytes[10] ^= 1;
    vec![
        ("stripped signature", format!("{unsigned}.")),
        ("no third part", unsigned.to_owned()),
        ("four parts", format!("{sound}.x")),
        ("five parts, as encrypted ones have", format!("{sound}.x.y")),
        ("empty", String::new()),
        ("dots", "..".to_owned()),
        ("one bit of the signature", format!("{unsigned}.{}", B64.encode(&bytes))),
        ("half the signature", format!("{unsigned}.{}", &signature[..40])),
        ("padded base64", format!("{sound}==")),
        ("blank before", format!(" {sound}")),
        ("line end after", format!("{sound}\n")),
        (
            "other claims under the same signature",
            format!("{}.{signature}", message(&header.to_string(), &altered.to_string())),
        ),
        ("signed by another's key", by_stranger),
        ("not base64", format!("{}.{}.{signature}", "{\"alg\":1}", "x")),
        ("claims not an object", forge.token(&header.to_string(), "[1]")),
        ("header not an object", forge.token("\"at+jwt\"", &claims.to_string())),
    ]
}

fn wrong_algorithms(forge: &Forge) -> Vec<Wrong> {
    let none = with(Forge::header(), "alg", json!("none"));
    let unsigned = message(&none.to_string(), &Forge::claims().to_string());
    let named = |alg: &str, kid: &str| json!({"alg": alg, "typ": "at+jwt", "kid": kid});
    let public = forge.ed.public_key().as_ref();
    let modulus = forge.rsa.public_key().as_ref();
    let claims = Forge::claims();
    vec![
        ("none, unsigned", format!("{unsigned}.")),
        ("none, signed", forge.signed(&none, &claims)),
        ("None", forge.header_with("alg", json!("None"))),
        ("HS256 with the public key", forge.hs256(public, &named("HS256", "ed"))),
        ("HS256 with the RSA public key", forge.hs256(modulus, &named("HS256", "rs"))),
        ("HS256 with an empty secret", forge.hs256(b"", &named("HS256", "ed"))),
        ("HS256 with a key of the set", forge.hs256(b"a shared secret", &named("HS256", "hs"))),
        ("RS256 name on an Ed25519 key", forge.header_with("alg", json!("RS256"))),
        ("EdDSA in another case", forge.header_with("alg", json!("eddsa"))),
        ("RS256 under a key pinned to PS256", forge.rs256(&named("RS256", "ps"), &claims)),
        ("PS256 under a key pinned to RS256", forge.ps256(&named("PS256", "rs"), &claims)),
        ("PS256 signature called RS256", forge.ps256(&named("RS256", "rs"), &claims)),
        ("ES256 under an RSA key", forge.es256(&named("ES256", "rs"), &claims)),
        ("RS384", forge.rs256(&named("RS384", "rs"), &claims)),
        ("no algorithm", forge.header_with("alg", json!(null))),
        ("algorithm not a text", forge.header_with("alg", json!(["EdDSA"]))),
    ]
}

fn wrong_headers(forge: &Forge) -> Vec<Wrong> {
    let jwk = json!({"kty": "OKP", "crv": "Ed25519",
        "x": B64.encode(forge.stranger.public_key().as_ref())});
    let twice = r#"{"alg":"EdDSA","kid":"ed","typ":"JWT","typ":"at+jwt"}"#;
    vec![
        ("ID token", forge.header_with("typ", json!("JWT"))),
        ("no typ", forge.header_with("typ", json!(null))),
        ("typ not a text", forge.header_with("typ", json!(["at+jwt"]))),
        ("logout token", forge.header_with("typ", json!("logout+jwt"))),
        ("crit", forge.header_with("crit", json!(["exp"]))),
        ("empty crit", forge.header_with("crit", json!([]))),
        ("crit not a list", forge.header_with("crit", json!("b64"))),
        ("jku", forge.header_with("jku", json!("https://evil.test/jwks.json"))),
        ("jwk", forge.header_with("jwk", jwk)),
        ("x5u", forge.header_with("x5u", json!("https://evil.test/cert.pem"))),
        ("x5c", forge.header_with("x5c", json!(["MIIB"]))),
        ("b64", forge.header_with("b64", json!(false))),
        ("zip", forge.header_with("zip", json!("DEF"))),
        ("enc", forge.header_with("enc", json!("A256GCM"))),
        ("kid unknown", forge.header_with("kid", json!("nobody"))),
        ("kid missing", forge.header_with("kid", json!(null))),
        ("kid empty", forge.header_with("kid", json!(""))),
        ("kid with a path", forge.header_with("kid", json!("../../etc/passwd"))),
        ("kid of another issuer", forge.header_with("kid", json!("stranger"))),
        ("typ twice", forge.token(twice, &Forge::claims().to_string())),
    ]
}

fn wrong_claims(forge: &Forge) -> Vec<Wrong> {
    let mut wrong: Vec<Wrong> = vec![
        ("wrong audience", forge.claim_with("aud", json!("erp"))),
        ("audience object", forge.claim_with("aud", json!({"revbridge": 1}))),
        ("audience empty list", forge.claim_with("aud", json!([]))),
        ("audience list with a number", forge.claim_with("aud", json!(["revbridge", 1]))),
        ("audience in another case", forge.claim_with("aud", json!("Revbridge"))),
        ("unknown issuer", forge.claim_with("iss", json!("https://evil.test"))),
        ("another issuer's name", forge.claim_with("iss", json!(OTHER_ISSUER))),
        ("issuer list", forge.claim_with("iss", json!([ISSUER]))),
        ("issuer with a slash", forge.claim_with("iss", json!(format!("{ISSUER}/")))),
        ("expired 45 s ago", forge.claim_with("exp", json!(NOW - 45))),
        ("expired at the end of the leeway", forge.claim_with("exp", json!(NOW - 30))),
        ("expiry text", forge.claim_with("exp", json!((NOW + 600).to_string()))),
        ("expiry fraction", forge.claim_with("exp", json!(1_900_000_600.5))),
        ("expiry negative", forge.claim_with("exp", json!(-1))),
        ("nbf in the future", forge.claim_with("nbf", json!(NOW + 45))),
        ("nbf text", forge.claim_with("nbf", json!("soon"))),
        ("nbf object", forge.claim_with("nbf", json!({}))),
        ("iat in the future", forge.claim_with("iat", json!(NOW + 45))),
        ("iat text", forge.claim_with("iat", json!("1900000000"))),
        ("issued too long ago", forge.claim_with("iat", json!(NOW - 43_300))),
        ("lifetime too long", forge.claim_with("exp", json!(NOW + 50_000))),
        ("lifetime without end", forge.claim_with("exp", json!(u64::MAX))),
        ("subject empty", forge.claim_with("sub", json!(""))),
        ("subject number", forge.claim_with("sub", json!(7))),
        ("subject with a line end", forge.claim_with("sub", json!("maria\nadmin"))),
        ("subject too long", forge.claim_with("sub", json!("m".repeat(129)))),
        ("scope list", forge.claim_with("scope", json!(["revbridge:read"]))),
        ("another tenant", forge.claim_with("tenant", json!("south"))),
        ("tenant not a text", forge.claim_with("tenant", json!(["north"]))),
        ("entities empty", forge.claim_with("entities", json!([]))),
        ("entities text", forge.claim_with("entities", json!("E1"))),
        ("entities of numbers", forge.claim_with("entities", json!([1]))),
        ("oversize", forge.claim_with("note", json!("x".repeat(9_000)))),
    ];
    for (name, claim) in [
        ("no audience", "aud"),
        ("no issuer", "iss"),
        ("no subject", "sub"),
        ("no expiry", "exp"),
        ("no time of issue", "iat"),
    ] {
        wrong.push((name, forge.claim_with(claim, Value::Null)));
    }
    let sound = Forge::claims().to_string();
    let twice = sound.replacen('{', r#"{"sub":"admin","#, 1);
    wrong.push(("subject twice", forge.token(&Forge::header().to_string(), &twice)));
    let nulled = sound.replacen(r#""nbf":1899999940"#, r#""nbf":null"#, 1);
    assert_ne!(nulled, sound, "the replacement must bite");
    wrong.push(("nbf null", forge.token(&Forge::header().to_string(), &nulled)));
    wrong
}

#[test]
fn none_of_the_wrong_tokens_is_accepted() {
    let forge = Forge::new();
    let mut wrong = wrong_signatures(&forge);
    wrong.extend(wrong_algorithms(&forge));
    wrong.extend(wrong_headers(&forge));
    wrong.extend(wrong_claims(&forge));
    let accepted: Vec<&str> = wrong
        .iter()
        .filter(|(_, token)| forge.identity.verify_at(token, NOW).is_ok())
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(accepted, Vec::<&str>::new(), "accepted of {}", wrong.len());
    assert!(wrong.len() >= 80, "the list has {} entries", wrong.len());
}

#[test]
fn a_refusal_tells_nothing_of_the_token() {
    let forge = Forge::new();
    for token in [
        forge.claim_with("sub", json!("CANARY with blanks")),
        forge.claim_with("iss", json!("CANARY")),
        forge.claim_with("tenant", json!("CANARY")),
        forge.header_with("CANARY", json!(1)),
    ] {
        let why = forge.identity.verify_at(&token, NOW).expect_err("refused");
        assert!(!why.0.contains("CANARY"), "{why}");
    }
}

#[test]
fn key_sets_that_cannot_be_used_are_refused() {
    let with = |text: &str| KeyRing::new().with(ISSUER, text.as_bytes()).map(|_| ());
    assert_eq!(with("[]"), Err(KeyError::NotAKeySet { issuer: ISSUER.to_owned() }));
    let none = Err(KeyError::NoUsableKey { issuer: ISSUER.to_owned() });
    assert_eq!(with(r#"{"keys":[]}"#), none);
    assert_eq!(with(r#"{"keys":[{"kty":"oct","kid":"a","k":"AAAA","alg":"HS256"}]}"#), none);
    let forge = Forge::new();
    let x = B64.encode(forge.ed.public_key().as_ref());
    let okp = |more: &str| format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"{more}}}"#);
    for more in ["", r#","kid":"a","use":"enc""#, r#","kid":"a","alg":"HS256""#] {
        assert_eq!(with(&format!(r#"{{"keys":[{}]}}"#, okp(more))), none, "{more}");
    }
    let named = okp(r#","kid":"a""#);
    let twice = format!(r#"{{"keys":[{named},{named}]}}"#);
    assert!(matches!(with(&twice), Err(KeyError::TwiceTheSameId { .. })));
    let small = B64.encode(&[0xff; 128]);
    let rsa = format!(r#"{{"kty":"RSA","kid":"a","alg":"RS256","n":"{small}","e":"AQAB"}}"#);
    assert_eq!(with(&format!(r#"{{"keys":[{rsa}]}}"#)), none, "1024 bits are too few");
}
