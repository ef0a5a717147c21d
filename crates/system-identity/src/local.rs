// SPDX-License-Identifier: Apache-2.0
//! An issuer of our own for one machine: an Ed25519 key in a file that only its owner can read, and
//! tokens for at most twelve hours. It refuses to exist where the listener is reachable from outside.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use ports::identity::Permission;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::keys::KeyRing;
use crate::role::Role;
use crate::verify::Rules;

/// Twelve hours.
pub const LOCAL_LIFETIME_S_MAX: u64 = 12 * 3600;

/// The name of this issuer in `iss`.
const ISSUER: &str = "https://revbridge.localhost";

const PEM_HEAD: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_FOOT: &str = "-----END PRIVATE KEY-----";

/// Why there is no local issuer.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    #[error("the local issuer is for a listener on this machine only, not for {address}")]
    NotLoopback { address: IpAddr },
    #[error("the key file {}: {why}", path.display())]
    File { path: PathBuf, why: io::Error },
    #[error(
        "the key file {} can be read by others (mode {mode:o}): make a new one, or chmod 600 if \
         nobody else can have read it",
        path.display()
    )]
    Exposed { path: PathBuf, mode: u32 },
    #[error("the key file {} does not hold an Ed25519 key in PKCS #8 PEM", path.display())]
    NotAKey { path: PathBuf },
    #[error("a local token lives between 1 and {LOCAL_LIFETIME_S_MAX} seconds, not {lifetime_s}")]
    Lifetime { lifetime_s: u64 },
    #[error("the subject must be 1 to 64 of a-z, 0-9, dot, dash and at sign")]
    Subject,
    #[error("the operating system gave no random bytes")]
    Random,
}

/// Issues access tokens to people and programs on this machine.
pub struct LocalIssuer {
    rules: Rules,
    key: EncodingKey,
    kid: String,
    public: Vec<u8>,
}

impl LocalIssuer {
    /// Opens the key file, or makes it with mode 0600. `listener` is where the gateway listens.
    pub fn open(path: &Path, rules: &Rules, listener: IpAddr) -> Result<Self, LocalError> {
        if !listener.is_loopback() {
            return Err(LocalError::NotLoopback { address: listener });
        }
        let file = |why| LocalError::File { path: path.to_owned(), why };
        let not_a_key = || LocalError::NotAKey { path: path.to_owned() };
        if !path.try_exists().map_err(file)? {
            create(path)?;
        }
        let found = fs::symlink_metadata(path).map_err(file)?;
        let mode = found.permissions().mode() & 0o777;
        if !found.is_file() || mode & 0o077 != 0 {
            return Err(LocalError::Exposed { path: path.to_owned(), mode });
        }
        let text = fs::read_to_string(path).map_err(file)?;
        let der = from_pem(&text).ok_or_else(not_a_key)?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map_err(|_| not_a_key())?;
        let public = pair.public_key().as_ref().to_vec();
        let kid = thumbprint(&public);
        Ok(Self { rules: rules.clone(), key: EncodingKey::from_ed_der(&der), kid, public })
    }

    /// The public half, as served to whoever verifies.
    pub fn jwks(&self) -> Value {
        let x = BASE64URL_NOPAD.encode(&self.public);
        let kid = &self.kid;
        json!({"keys": [
            {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid, "x": x}
        ]})
    }

    /// A ring with this issuer's key beside those already in it.
    pub fn believed(&self, ring: KeyRing) -> Result<KeyRing, crate::keys::KeyError> {
        ring.with(ISSUER, self.jwks().to_string().as_bytes())
    }

    /// A token for `subject` in a role, seeing every entity, or only `entities` where any are named.
    pub fn issue(
        &self,
        role: Role,
        subject: &str,
        entities: &[String],
        lifetime_s: u64,
    ) -> Result<String, LocalError> {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        self.issue_at(role, subject, entities, lifetime_s, u64::try_from(now).unwrap_or(0))
    }

    pub(crate) fn issue_at(
        &self,
        role: Role,
        subject: &str,
        entities: &[String],
        lifetime_s: u64,
        now: u64,
    ) -> Result<String, LocalError> {
        if lifetime_s == 0 || lifetime_s > LOCAL_LIFETIME_S_MAX {
            return Err(LocalError::Lifetime { lifetime_s });
        }
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let sound = |byte: u8| allowed(byte) || b".-@".contains(&byte);
        if subject.is_empty() || subject.len() > 64 || !subject.bytes().all(sound) {
            return Err(LocalError::Subject);
        }
        let scopes: Vec<&str> = role.permissions().iter().map(|p: &Permission| p.scope()).collect();
        let mut claims = json!({
            "iss": ISSUER,
            "aud": self.rules.audience,
            "sub": subject,
            "tenant": self.rules.tenant,
            "scope": scopes.join(" "),
            "iat": now,
            "nbf": now,
            "exp": now + lifetime_s,
            "jti": random_id()?,
        });
        if !entities.is_empty() {
            claims["entities"] = json!(entities);
        }
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, &claims, &self.key).map_err(|_| LocalError::Random)
    }
}

impl std::fmt::Debug for LocalIssuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LocalIssuer({})", self.kid)
    }
}

/// Written beside its place and linked there whole: two processes that start together get one key.
fn create(path: &Path) -> Result<(), LocalError> {
    let file = |why| LocalError::File { path: path.to_owned(), why };
    let random = SystemRandom::new();
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&random).map_err(|_| LocalError::Random)?;
    let beside = path.with_extension(random_id()?);
    let mut made =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside).map_err(file)?;
    let written = made.write_all(to_pem(pkcs8.as_ref()).as_bytes()).and_then(|()| made.sync_all());
    let linked = written.and_then(|()| fs::hard_link(&beside, path));
    let removed = fs::remove_file(&beside);
    match linked {
        Err(why) if why.kind() == io::ErrorKind::AlreadyExists => removed.map_err(file),
        Err(why) => Err(file(why)),
        Ok(()) => removed.map_err(file),
    }
}

fn to_pem(der: &[u8]) -> String {
    let text = BASE64.encode(der);
    let mut pem = format!("{PEM_HEAD}\n");
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str(PEM_FOOT);
    pem.push('\n');
    pem
}

fn from_pem(text: &str) -> Option<Vec<u8>> {
    let body = text.trim().strip_prefix(PEM_HEAD)?.strip_suffix(PEM_FOOT)?;
    let joined: String = body.split_whitespace().collect();
    BASE64.decode(joined.as_bytes()).ok()
}

/// RFC 7638: the same key always has the same id.
fn thumbprint(public: &[u8]) -> String {
    let x = BASE64URL_NOPAD.encode(public);
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    BASE64URL_NOPAD.encode(digest(&SHA256, members.as_bytes()).as_ref())
}

fn random_id() -> Result<String, LocalError> {
    let mut bytes = [0u8; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| LocalError::Random)?;
    Ok(BASE64URL_NOPAD.encode(&bytes))
}
