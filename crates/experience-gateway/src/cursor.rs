// SPDX-License-Identifier: Apache-2.0
//! Where a page ends: opaque to the caller, signed by us, good for one list with one filter.

use data_encoding::BASE64URL_NOPAD;
use model::id::Hash;
use ports::keys::KeyBytes;
use ports::secret::LiveKeys;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use crate::problem::{Kind, Problem};

const VERSION: u8 = 1;
const TAG_BYTES: usize = 16;
/// No cursor of ours is longer.
const CHARS_MAX: usize = 1_024;

#[derive(Serialize, Deserialize)]
struct Content {
    v: u8,
    /// The list and its filter.
    list: String,
    after: String,
}

pub(crate) fn seal(keys: &LiveKeys, list: &str, after: &str) -> String {
    let content = Content { v: VERSION, list: list.to_owned(), after: after.to_owned() };
    let mut bytes = serde_json::to_vec(&content).unwrap_or_default();
    if let Some(key) = keys.get().first() {
        let tag = tag(key, &bytes);
        bytes.extend_from_slice(&tag);
    }
    BASE64URL_NOPAD.encode(&bytes)
}

/// A cursor that was signed under an older key of the ring is as good.
pub(crate) fn open(keys: &LiveKeys, list: &str, cursor: &str) -> Result<String, Problem> {
    let opened = || {
        let within = cursor.len() <= CHARS_MAX;
        let bytes = within.then(|| BASE64URL_NOPAD.decode(cursor.as_bytes()).ok())??;
        let (content, signed) = bytes.split_at_checked(bytes.len().checked_sub(TAG_BYTES)?)?;
        let ring = keys.get();
        if !ring.iter().any(|key| equal(&tag(key, content), signed)) {
            return None;
        }
        let content: Content = serde_json::from_slice(content).ok()?;
        (content.v == VERSION && content.list == list).then_some(content.after)
    };
    opened().ok_or_else(|| Problem::new(Kind::InvalidCursor))
}

/// Keyed twice over length-prefixed parts: without the key no other content has a known tag.
fn tag(key: &KeyBytes, content: &[u8]) -> [u8; TAG_BYTES] {
    let key = key.expose_secret();
    let inner = Hash::of(&[key, b"cursor-inner", content]);
    let outer = Hash::of(&[key, b"cursor-outer", &inner.0]);
    let mut tag = [0; TAG_BYTES];
    tag.copy_from_slice(&outer.0[..TAG_BYTES]);
    tag
}

/// In the same time wherever they differ.
fn equal(ours: &[u8; TAG_BYTES], theirs: &[u8]) -> bool {
    let differing = ours.iter().zip(theirs).fold(0, |seen, (a, b)| seen | (a ^ b));
    differing == 0 && theirs.len() == TAG_BYTES
}
