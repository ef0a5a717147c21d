// SPDX-License-Identifier: Apache-2.0
//! What a sound token gives: its subject, its permissions and its scope, and nothing more.

use std::collections::BTreeSet;

use model::code::Code;
use ports::identity::{Identity, Permission};
use serde_json::json;

use super::forge::{Forge, ISSUER, NOW, OTHER_ISSUER, with};
use crate::keys::KeyRing;

#[test]
fn a_sound_token_of_each_algorithm_is_accepted() {
    let forge = Forge::new();
    let claims = Forge::claims();
    let header = |alg: &str, kid: &str| json!({"alg": alg, "typ": "at+jwt", "kid": kid});
    let tokens = [
        forge.signed(&Forge::header(), &claims),
        forge.rs256(&header("RS256", "rs"), &claims),
        forge.ps256(&header("PS256", "ps"), &claims),
        forge.es256(&header("ES256", "es"), &claims),
        forge.header_with("typ", json!("application/at+jwt")),
        forge.header_with("typ", json!("AT+JWT")),
        forge.header_with("x5t", json!("a-thumbprint-is-only-a-name")),
        forge.claim_with("nbf", json!(null)),
        forge.claim_with("aud", json!(["erp", "revbridge"])),
        forge.claim_with("exp", json!(NOW - 20)),
        forge.claim_with("nbf", json!(NOW + 20)),
        forge.claim_with("iat", json!(NOW + 20)),
        forge.claim_with("tenant", json!("north")),
        forge.claim_with("unknown", json!({"a": 1})),
    ];
    for (number, token) in tokens.iter().enumerate() {
        let principal = forge.identity.verify_at(token, NOW);
        let principal = principal.unwrap_or_else(|why| panic!("token {number}: {why}"));
        assert_eq!(principal.subject, Code::new("maria"));
        assert_eq!(principal.tenant, Code::new("north"));
        assert_eq!(principal.permissions, BTreeSet::from([Permission::Read]));
        assert!(principal.entities.is_empty());
    }
}

#[test]
fn only_scopes_of_ours_become_permissions() {
    let forge = Forge::new();
    let permissions = |scope: &str| {
        let token = forge.claim_with("scope", json!(scope));
        forge.identity.verify_at(&token, NOW).expect("accepted").permissions
    };
    assert!(permissions("").is_empty());
    assert!(permissions("read write admin revbridge revbridge: REVBRIDGE:READ").is_empty());
    let all = Permission::ALL.map(Permission::scope).join(" ");
    assert_eq!(permissions(&all), Permission::ALL.into_iter().collect());
    let none = forge.claim_with("scope", json!(null));
    assert!(forge.identity.verify_at(&none, NOW).expect("accepted").permissions.is_empty());
}

#[test]
fn the_entities_of_a_token_are_its_scope() {
    let forge = Forge::new();
    let token = forge.claim_with("entities", json!(["E1", "E2"]));
    let principal = forge.identity.verify_at(&token, NOW).expect("accepted");
    assert_eq!(principal.entities, BTreeSet::from([Code::new("E1"), Code::new("E2")]));
}

#[test]
fn a_key_that_was_taken_out_is_not_believed_any_longer() {
    let forge = Forge::new();
    let token = forge.signed(&Forge::header(), &Forge::claims());
    assert!(forge.identity.verify_at(&token, NOW).is_ok());
    forge.identity.replace_keys(KeyRing::new());
    assert!(forge.identity.verify_at(&token, NOW).is_err());
}

#[test]
fn a_token_that_was_accepted_expires_all_the_same() {
    let forge = Forge::new();
    let token = forge.signed(&Forge::header(), &Forge::claims());
    let exp = Forge::claims()["exp"].as_u64().expect("it has an end");
    assert!(forge.identity.verify_at(&token, NOW).is_ok());
    assert!(forge.identity.verify_at(&token, NOW).is_ok(), "once more");
    assert!(forge.identity.verify_at(&token, exp + 3_600).is_err());
    let mut other = token.clone();
    let last = if other.pop() == Some('A') { 'Q' } else { 'A' };
    other.push(last);
    assert!(forge.identity.verify_at(&other, NOW).is_err(), "one character of its signature");
}

#[test]
fn a_token_holds_only_under_its_own_issuer() {
    let forge = Forge::new();
    let header = with(Forge::header(), "kid", json!("stranger"));
    let claims = with(Forge::claims(), "iss", json!(OTHER_ISSUER));
    let message = super::forge::message(&header.to_string(), &claims.to_string());
    let signature = forge.stranger.sign(message.as_bytes());
    let token = format!("{message}.{}", data_encoding::BASE64URL_NOPAD.encode(signature.as_ref()));
    assert!(forge.identity.verify_at(&token, NOW).is_ok(), "the other issuer speaks for itself");
    assert_ne!(ISSUER, OTHER_ISSUER);
}

#[tokio::test]
async fn the_port_checks_against_the_clock() {
    let forge = Forge::new();
    let token = forge.signed(&Forge::header(), &Forge::claims());
    let denied = forge.identity.verify(&token).await;
    assert!(denied.is_err(), "its times lie years from now");
}
