// SPDX-License-Identifier: Apache-2.0
//! What a token's header may say: its type, its algorithm, its key's name. A header that brings a
//! key, points to one, or demands something unknown is refused before any cryptography.

use ports::identity::Denied;
use serde_json::Value;

use crate::strict::Members;

/// Everything else in a header refuses the token: `crit`, `jku`, `jwk`, `x5u`, `x5c`, `b64`, `zip` …
const NAMES_ALLOWED: [&str; 5] = ["alg", "kid", "typ", "x5t", "x5t#S256"];

pub(crate) struct Header {
    pub algorithm: String,
    pub key: String,
}

impl Header {
    pub fn read(part: &str) -> Result<Self, Denied> {
        let members = Members::decode(part).ok_or_else(|| denied("the header is not readable"))?;
        if let Some(name) = members.names().find(|name| !NAMES_ALLOWED.contains(name)) {
            let known = ["crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc"];
            let shown = known.into_iter().find(|known| *known == name).unwrap_or("another");
            return Err(Denied(format!("the header carries a member we refuse: {shown}")));
        }
        let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
        let typ = text("typ").ok_or_else(|| denied("no type"))?.to_ascii_lowercase();
        if typ != "at+jwt" && typ != "application/at+jwt" {
            return Err(denied("not an access token"));
        }
        let algorithm = text("alg").ok_or_else(|| denied("no algorithm"))?;
        let key = text("kid").ok_or_else(|| denied("no key id"))?;
        Ok(Self { algorithm, key })
    }
}

pub(crate) fn denied(why: &str) -> Denied {
    Denied(why.to_owned())
}
