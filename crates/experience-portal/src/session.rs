// SPDX-License-Identifier: Apache-2.0
//! Who is signed in: the access token, sealed in a cookie that no script can read and no other site
//! can send. The token is verified anew with every request; the portal keeps nothing.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::http::header::{COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue};
use data_encoding::BASE64URL_NOPAD;
use experience_gateway::LiveKeys;
use secrecy::ExposeSecret;
use time::OffsetDateTime;

use crate::settings::{Settings, Transport};

/// Bound to the purpose: nothing else sealed under this key opens as a session.
const PURPOSE: &[u8] = b"revbridge portal session v1";
const NONCE_BYTES: usize = 12;
/// Browsers keep no cookie beyond this.
const COOKIE_CHARS_MAX: usize = 4_000;

/// What the cookie holds.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Session {
    pub token: String,
    /// In every form; a form without it was not made by us for this session.
    pub csrf: String,
    /// Unix time in seconds.
    expires: i64,
}

/// Why nobody can be signed in with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoSession {
    TokenTooLong,
    NoRandom,
}

/// A text that nobody can guess and that is never made twice.
pub(crate) fn random_mark() -> Option<String> {
    let mut random = [0u8; 32];
    aws_lc_rs::rand::fill(&mut random).ok()?;
    Some(BASE64URL_NOPAD.encode(&random))
}

impl Session {
    pub fn begin(token: &str, settings: &Settings) -> Result<Self, NoSession> {
        let csrf = random_mark().ok_or(NoSession::NoRandom)?;
        let length = i64::try_from(settings.session_s_max).unwrap_or(i64::MAX);
        let expires = OffsetDateTime::now_utc().unix_timestamp().saturating_add(length);
        Ok(Self { token: token.to_owned(), csrf, expires })
    }

    /// The session of a request, if its cookie is ours and still good.
    pub fn of(headers: &HeaderMap, settings: &Settings) -> Option<Self> {
        let name = cookie_name(settings.transport);
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = cookies.flat_map(|value| value.split("; "));
        let sealed = pairs.filter_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).next()?;
        let session = open(&settings.session_keys, sealed)?;
        (OffsetDateTime::now_utc().unix_timestamp() < session.expires).then_some(session)
    }

    /// `Set-Cookie` that signs in.
    pub fn cookie(&self, settings: &Settings) -> Result<HeaderValue, NoSession> {
        let sealed = seal(&settings.session_keys, self).ok_or(NoSession::NoRandom)?;
        if sealed.len() > COOKIE_CHARS_MAX {
            return Err(NoSession::TokenTooLong);
        }
        let age_s = settings.session_s_max;
        let text = set_cookie(settings.transport, &sealed, age_s);
        HeaderValue::from_str(&text).map_err(|_| NoSession::TokenTooLong)
    }

    pub fn is_form_of(&self, csrf: &str) -> bool {
        verify_slices_are_equal(self.csrf.as_bytes(), csrf.as_bytes()).is_ok()
    }
}

/// `Set-Cookie` that signs out.
pub(crate) fn cleared(transport: Transport) -> HeaderValue {
    HeaderValue::from_str(&set_cookie(transport, "", 0))
        .unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Whether a form was sent from a page of ours. Browsers say where a form comes from; whoever says
/// nothing is no browser and has no cookie to abuse.
pub(crate) fn from_our_own_page(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    if text("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
        return false;
    }
    let Some(origin) = text(ORIGIN.as_str()) else { return true };
    let host = text(HOST.as_str()).unwrap_or_default();
    origin.split_once("://").is_some_and(|(_, origin)| !host.is_empty() && origin == host)
}

fn cookie_name(transport: Transport) -> &'static str {
    match transport {
        Transport::Loopback => "revbridge",
        Transport::Tls => "__Host-revbridge",
    }
}

fn set_cookie(transport: Transport, value: &str, age_s: u64) -> String {
    let name = cookie_name(transport);
    let secure = match transport {
        Transport::Loopback => "",
        Transport::Tls => "; Secure",
    };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age_s}{secure}")
}

fn seal(keys: &LiveKeys, session: &Session) -> Option<String> {
    let ring = keys.get();
    let key = RandomizedNonceKey::new(&AES_256_GCM, ring.first()?.expose_secret()).ok()?;
    let content = format!("{}\n{}\n{}", session.expires, session.csrf, session.token);
    let mut sealed = content.into_bytes();
    let nonce = key.seal_in_place_append_tag(Aad::from(PURPOSE), &mut sealed).ok()?;
    let mut bytes = nonce.as_ref().to_vec();
    bytes.append(&mut sealed);
    Some(BASE64URL_NOPAD.encode(&bytes))
}

/// Under any key of the ring: a session goes on while its key is on the way out.
fn open(keys: &LiveKeys, text: &str) -> Option<Session> {
    if text.len() > COOKIE_CHARS_MAX {
        return None;
    }
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
    let ring = keys.get();
    ring.iter().find_map(|key| open_under(key.expose_secret(), &bytes))
}

fn open_under(key: &[u8], bytes: &[u8]) -> Option<Session> {
    let key = RandomizedNonceKey::new(&AES_256_GCM, key).ok()?;
    let (nonce, sealed) = bytes.split_at_checked(NONCE_BYTES)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut sealed = sealed.to_vec();
    let content = key.open_in_place(nonce, Aad::from(PURPOSE), &mut sealed).ok()?;
    let mut parts = std::str::from_utf8(content).ok()?.splitn(3, '\n');
    let expires = parts.next()?.parse().ok()?;
    let csrf = parts.next()?.to_owned();
    let token = parts.next()?.to_owned();
    Some(Session { token, csrf, expires })
}
