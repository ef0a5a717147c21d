// SPDX-License-Identifier: Apache-2.0
//! A canary in every disguise that a program could put it into, and the search for all of them.
//! Canaries of one kind share a mark, so that one search finds any of them.

use std::fmt::Write as _;

/// Stands in every name, number and address; in the PANs; in the phone numbers.
pub const MARKS: [&str; 3] = ["Zyqxkestrel", "411122223333", "5550199742"];

fn base64(bytes: &[u8], url: bool) -> String {
    const PLAIN: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let letters = if url { URL } else { PLAIN };
    let mut text = String::new();
    for three in bytes.chunks_exact(3) {
        let word = u32::from(three[0]) << 16 | u32::from(three[1]) << 8 | u32::from(three[2]);
        for shift in [18, 12, 6, 0] {
            let index = usize::try_from(word >> shift & 63).expect("six bits");
            text.push(char::from(letters[index]));
        }
    }
    text
}

/// Plain and upper case, base64 in each of the three ways that it can fall, hexadecimal, as in a
/// URL, and as escapes of JSON.
fn disguises(mark: &str) -> Vec<String> {
    let mut all = Vec::new();
    for written in [mark.to_owned(), mark.to_uppercase(), mark.to_lowercase()] {
        let bytes = written.as_bytes();
        let (mut hex, mut url, mut json) = (String::new(), String::new(), String::new());
        for byte in bytes {
            let _ = write!(hex, "{byte:02x}");
            let _ = write!(url, "%{byte:02x}");
            let _ = write!(json, "\\u{byte:04x}");
        }
        for skipped in 0..3 {
            all.push(base64(&bytes[skipped..], false));
            all.push(base64(&bytes[skipped..], true));
        }
        all.extend([hex.to_uppercase(), url.to_uppercase(), hex, url, json, written]);
    }
    all.sort();
    all.dedup();
    all
}

/// What is looked for, in bytes.
pub struct Search(Vec<Vec<u8>>);

impl Search {
    pub fn new() -> Self {
        Self(MARKS.iter().flat_map(|mark| disguises(mark)).map(String::into_bytes).collect())
    }

    /// What stands around the first canary in these bytes.
    pub fn find(&self, bytes: &[u8]) -> Option<String> {
        let (at, length) = self.0.iter().find_map(|needle| {
            let at = memchr::memmem::find(bytes, needle)?;
            Some((at, needle.len()))
        })?;
        let around = &bytes[at.saturating_sub(160)..bytes.len().min(at + length + 60)];
        Some(String::from_utf8_lossy(around).into_owned())
    }
}

#[test]
fn a_canary_is_found_in_every_disguise() {
    let search = Search::new();
    for hidden in [
        "xx Zyqxkestrelaab-1",
        "ZYQXKESTREL",
        "zyqxkestrel",
        "5a7971786b65737472656c",
        "5A7971786B65737472656C",
        "WnlxeGtlc3RyZWxhYWI=",
        "eFp5cXhrZXN0cmVsYWFi",
        "eHhaeXF4a2VzdHJlbA==",
        "%5A%79%71%78%6B%65%73%74%72%65%6C",
        "%5a%79%71%78%6b%65%73%74%72%65%6c",
        r"\u005a\u0079\u0071\u0078\u006b\u0065\u0073\u0074\u0072\u0065\u006c",
        "card 4111222233330042 again",
        "NTExMTIyMjIzMzMz NDExMTIyMjIzMzMzMDA0Mg==",
        "tel:5550199742001",
    ] {
        assert!(search.find(hidden.as_bytes()).is_some(), "{hidden}");
    }
    assert_eq!(search.find(b"nothing of that kind: kestrel 4111 2222"), None);
}
