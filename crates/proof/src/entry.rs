// SPDX-License-Identifier: Apache-2.0
//! The canonical bytes of a numbered log entry: JSON with sorted keys, no white space and one way to
//! write each value. The leaf of an entry is the hash of exactly these bytes.

use std::io::{self, Write};

use serde_json::Value;

use crate::tree::{Hash, leaf};

/// A numbered entry. Tokens only: nothing in it identifies a patient.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// From 1, without gaps.
    pub number: u64,
    /// RFC 3339 in UTC with six digits of a second: `2026-11-02T08:00:00.000000Z`.
    pub at: &'a str,
    pub kind: &'a str,
    pub subject: &'a str,
    pub by: &'a str,
    pub body: &'a Value,
}

impl Entry<'_> {
    /// `{"at":…,"body":…,"by":…,"kind":…,"number":…,"subject":…}`
    pub fn canonical(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        let written = self.write(&mut out);
        debug_assert!(written.is_ok(), "a vector takes all bytes");
        out
    }

    pub fn leaf(&self) -> Hash {
        leaf(&self.canonical())
    }

    fn write(&self, out: &mut Vec<u8>) -> io::Result<()> {
        out.write_all(b"{\"at\":")?;
        text(out, self.at)?;
        out.write_all(b",\"body\":")?;
        value(out, self.body)?;
        out.write_all(b",\"by\":")?;
        text(out, self.by)?;
        out.write_all(b",\"kind\":")?;
        text(out, self.kind)?;
        write!(out, ",\"number\":{}", self.number)?;
        out.write_all(b",\"subject\":")?;
        text(out, self.subject)?;
        out.write_all(b"}")
    }
}

fn text(out: &mut Vec<u8>, text: &str) -> io::Result<()> {
    serde_json::to_writer(out, text).map_err(io::Error::from)
}

/// Keys are sorted here, whatever order the map keeps.
fn value(out: &mut Vec<u8>, json: &Value) -> io::Result<()> {
    match json {
        Value::Null => out.write_all(b"null"),
        Value::Bool(yes) => write!(out, "{yes}"),
        Value::Number(number) => write!(out, "{number}"),
        Value::String(string) => text(out, string),
        Value::Array(values) => {
            out.write_all(b"[")?;
            for (place, one) in values.iter().enumerate() {
                if place > 0 {
                    out.write_all(b",")?;
                }
                value(out, one)?;
            }
            out.write_all(b"]")
        }
        Value::Object(map) => {
            let mut sorted: Vec<(&String, &Value)> = map.iter().collect();
            sorted.sort_by_key(|(key, _)| key.as_bytes());
            out.write_all(b"{")?;
            for (place, (key, one)) in sorted.into_iter().enumerate() {
                if place > 0 {
                    out.write_all(b",")?;
                }
                text(out, key)?;
                out.write_all(b":")?;
                value(out, one)?;
            }
            out.write_all(b"}")
        }
    }
}

/// One line of an exported log: the entry's canonical bytes and the leaf that the log keeps of it.
pub fn line(canonical: &[u8], kept: &Hash) -> Vec<u8> {
    let mut line = Vec::with_capacity(canonical.len() + 96);
    line.extend_from_slice(LINE_BEGIN);
    line.extend_from_slice(canonical);
    line.extend_from_slice(LINE_LEAF);
    line.extend_from_slice(data_encoding::HEXLOWER.encode(kept).as_bytes());
    line.extend_from_slice(LINE_END);
    line
}

pub(crate) const LINE_BEGIN: &[u8] = b"{\"entry\":";
pub(crate) const LINE_LEAF: &[u8] = b",\"leaf\":\"";
pub(crate) const LINE_END: &[u8] = b"\"}";
