// SPDX-License-Identifier: Apache-2.0
//! The segments of a document as leaves of a tree, each under a salt of its own: one segment can be
//! disclosed and proven without a word of the others, whose content nobody can guess from hashes.

use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt as Extraction};
use data_encoding::{BASE64, HEXLOWER};
use serde::{Deserialize, Serialize};

use crate::path::{self, Inclusion, PATH_HASHES_MAX};
use crate::tree::{Frontier, HASH_BYTES, Hash, LEAF, finished};

pub const SECRET_BYTES: usize = 32;
pub const SALT_BYTES: usize = 16;
/// A longer segment is cut: so long is what is disclosed at once at the most.
pub const SEGMENT_BYTES_MAX: usize = 4_096;
/// Salts are derived so many at a time …
const SALTS_PER_BLOCK: u64 = 128;
/// … and of a document so few to begin with: most have no more, and a longer derivation begins alike.
const FIRST_SALTS: u64 = 32;

type Salt = [u8; SALT_BYTES];

/// How many bytes of salts are derived.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// The library refused to derive. It never does for these lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the salts of a document's segments cannot be derived")]
pub struct NoSalts;

/// All salts of one document from its secret.
struct Salts {
    key: Prk,
    /// The first segment whose salt is at hand.
    first: u64,
    salts: Vec<u8>,
}

impl Salts {
    fn new(secret: &[u8; SECRET_BYTES]) -> Self {
        let key = Extraction::new(HKDF_SHA256, b"revbridge segment tree 1").extract(secret);
        Self { key, first: 0, salts: Vec::new() }
    }

    fn of(&mut self, segment: u64) -> Result<Salt, NoSalts> {
        let first = segment - segment % SALTS_PER_BLOCK;
        let place = usize::try_from(segment - first).unwrap_or(0) * SALT_BYTES;
        if self.first != first || place >= self.salts.len() {
            let few = segment < FIRST_SALTS;
            self.derive(first, if few { FIRST_SALTS } else { SALTS_PER_BLOCK })?;
        }
        let mut salt = [0; SALT_BYTES];
        salt.copy_from_slice(&self.salts[place..place + SALT_BYTES]);
        Ok(salt)
    }

    fn derive(&mut self, first: u64, salts: u64) -> Result<(), NoSalts> {
        let number = (first / SALTS_PER_BLOCK).to_be_bytes();
        let info: [&[u8]; 2] = [b"salts", &number];
        let bytes = usize::try_from(salts).map_err(|_| NoSalts)? * SALT_BYTES;
        self.salts.resize(bytes, 0);
        let expanded = self.key.expand(&info, Length(bytes)).map_err(|_| NoSalts)?;
        expanded.fill(&mut self.salts).map_err(|_| NoSalts)?;
        self.first = first;
        Ok(())
    }
}

/// Cuts a stream of bytes into segments and hands each one's leaf on. Memory does not grow.
struct Cutter {
    salts: Salts,
    segments: u64,
    open: Option<Context>,
    open_bytes: usize,
}

impl Cutter {
    fn new(secret: &[u8; SECRET_BYTES]) -> Self {
        Self { salts: Salts::new(secret), segments: 0, open: None, open_bytes: 0 }
    }

    /// Bytes and where, within them, segments end: offsets behind their last bytes, ascending.
    fn push(
        &mut self,
        bytes: &[u8],
        ends: &[usize],
        leaf: &mut dyn FnMut(u64, Hash),
    ) -> Result<(), NoSalts> {
        let mut start = 0;
        for end in ends {
            let end = (*end).min(bytes.len());
            if end > start {
                self.add(&bytes[start..end], leaf)?;
                start = end;
            }
            self.end(leaf);
        }
        self.add(&bytes[start..], leaf)
    }

    fn add(&mut self, mut bytes: &[u8], leaf: &mut dyn FnMut(u64, Hash)) -> Result<(), NoSalts> {
        while !bytes.is_empty() {
            if self.open_bytes == SEGMENT_BYTES_MAX {
                self.end(leaf);
            }
            let (now, later) = bytes.split_at(bytes.len().min(SEGMENT_BYTES_MAX - self.open_bytes));
            let context = match self.open.take() {
                Some(context) => context,
                None => begin(&self.salts.of(self.segments)?),
            };
            self.open.insert(context).update(now);
            self.open_bytes += now.len();
            bytes = later;
        }
        Ok(())
    }

    fn end(&mut self, leaf: &mut dyn FnMut(u64, Hash)) {
        if let Some(context) = self.open.take() {
            leaf(self.segments, finished(context));
            self.segments += 1;
            self.open_bytes = 0;
        }
    }
}

/// A leaf is the hash of a zero byte, the salt and the segment.
fn begin(salt: &Salt) -> Context {
    let mut context = Context::new(&SHA256);
    context.update(&[LEAF]);
    context.update(salt);
    context
}

/// The tree of a document that streams past.
pub struct SegmentTree {
    cutter: Cutter,
    frontier: Frontier,
}

impl SegmentTree {
    pub fn new(secret: &[u8; SECRET_BYTES]) -> Self {
        Self { cutter: Cutter::new(secret), frontier: Frontier::new() }
    }

    pub fn push(&mut self, bytes: &[u8], ends: &[usize]) -> Result<(), NoSalts> {
        let frontier = &mut self.frontier;
        self.cutter.push(bytes, ends, &mut |_, leaf| frontier.push(leaf))
    }

    /// Root and number of segments.
    pub fn finish(mut self) -> (Hash, u64) {
        let frontier = &mut self.frontier;
        self.cutter.end(&mut |_, leaf| frontier.push(leaf));
        (self.frontier.root(), self.frontier.size())
    }
}

/// One segment of a document with the proof that it is in it, fit for a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosure {
    /// From 0.
    pub index: u64,
    pub segments: u64,
    /// The salt, in hex.
    pub salt: String,
    /// The segment's bytes, in base64.
    pub segment: String,
    /// From the leaf upwards, in hex.
    pub path: Vec<String>,
    /// The document's root, in hex: compare it with the one in the log's entry `document.accepted`.
    pub root: String,
}

/// Why a disclosure proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    #[error("a field is not what it should be: {0}")]
    Format(&'static str),
    #[error("it is for another document: its root is not the one given")]
    OtherRoot,
    #[error("the segment is not in the document at this place")]
    NotIncluded,
}

impl Disclosure {
    /// The segment, if it is what stands at its place in the document of this root.
    pub fn check(&self, root: &str) -> Result<Vec<u8>, Unproven> {
        if !root.trim().eq_ignore_ascii_case(&self.root) {
            return Err(Unproven::OtherRoot);
        }
        let root = hash(&self.root).ok_or(Unproven::Format("root"))?;
        let salt = HEXLOWER.decode(self.salt.as_bytes()).ok();
        let salt: Option<Salt> = salt.and_then(|salt| salt.try_into().ok());
        let salt = salt.ok_or(Unproven::Format("salt"))?;
        let segment = BASE64.decode(self.segment.as_bytes()).ok();
        let segment = segment.filter(|bytes| !bytes.is_empty() && bytes.len() <= SEGMENT_BYTES_MAX);
        let segment = segment.ok_or(Unproven::Format("segment"))?;
        if self.path.len() > PATH_HASHES_MAX {
            return Err(Unproven::Format("path"));
        }
        let path: Option<Vec<Hash>> = self.path.iter().map(|one| hash(one)).collect();
        let path = path.ok_or(Unproven::Format("path"))?;
        let mut context = begin(&salt);
        context.update(&segment);
        if path::includes(finished(context), self.index, self.segments, &path, &root) {
            Ok(segment)
        } else {
            Err(Unproven::NotIncluded)
        }
    }
}

fn hash(hex: &str) -> Option<Hash> {
    HEXLOWER.decode(hex.as_bytes()).ok()?.try_into().ok()
}

/// Finds one segment of a document that streams past once more, and proves it.
pub struct Disclosing {
    cutter: Cutter,
    inclusion: Inclusion,
    frontier: Frontier,
    index: u64,
    segments: u64,
    segment: Vec<u8>,
}

impl Disclosing {
    /// `None` where the document has no such segment.
    pub fn of(secret: &[u8; SECRET_BYTES], index: u64, segments: u64) -> Option<Self> {
        let inclusion = Inclusion::of(index, segments)?;
        let (cutter, frontier) = (Cutter::new(secret), Frontier::new());
        Some(Self { cutter, inclusion, frontier, index, segments, segment: Vec::new() })
    }

    pub fn push(&mut self, bytes: &[u8], ends: &[usize]) -> Result<(), NoSalts> {
        let mut start = 0;
        for end in ends.iter().map(|end| (*end).min(bytes.len())) {
            self.part(&bytes[start..end.max(start)])?;
            start = end.max(start);
            self.end();
        }
        self.part(&bytes[start..])
    }

    /// `None` where the bytes were not the document's.
    pub fn finish(mut self) -> Result<Option<Disclosure>, NoSalts> {
        self.end();
        let salt = self.cutter.salts.of(self.index)?;
        if self.frontier.size() != self.segments {
            return Ok(None);
        }
        let Some(path) = self.inclusion.finish() else { return Ok(None) };
        Ok(Some(Disclosure {
            index: self.index,
            segments: self.segments,
            salt: HEXLOWER.encode(&salt),
            segment: BASE64.encode(&self.segment),
            path: path.iter().map(|one| HEXLOWER.encode(one)).collect(),
            root: HEXLOWER.encode(&self.frontier.root()),
        }))
    }

    /// Pieces no longer than a segment, so that what belongs to the wanted one is told apart.
    fn part(&mut self, mut bytes: &[u8]) -> Result<(), NoSalts> {
        while !bytes.is_empty() {
            if self.cutter.open_bytes == SEGMENT_BYTES_MAX {
                self.end();
            }
            let room = SEGMENT_BYTES_MAX - self.cutter.open_bytes;
            let (now, later) = bytes.split_at(bytes.len().min(room));
            if self.cutter.segments == self.index {
                self.segment.extend_from_slice(now);
            }
            self.cutter.add(now, &mut |_, _| {})?;
            bytes = later;
        }
        Ok(())
    }

    fn end(&mut self) {
        let (frontier, inclusion) = (&mut self.frontier, &mut self.inclusion);
        self.cutter.end(&mut |_, leaf| {
            frontier.push(leaf);
            inclusion.push(leaf);
        });
    }
}

/// A hash as the log writes it.
pub fn hex(hash: &[u8; HASH_BYTES]) -> String {
    HEXLOWER.encode(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_salts_of_a_short_document_are_the_first_of_a_long_one() {
        let secret = [7; SECRET_BYTES];
        let mut one_by_one = Salts::new(&secret);
        let mut all_at_once = Salts::new(&secret);
        for block in 0..3 {
            let first = block * SALTS_PER_BLOCK;
            all_at_once.derive(first, SALTS_PER_BLOCK).expect("derived");
            for (place, salt) in (first..).zip(all_at_once.salts.as_chunks::<SALT_BYTES>().0) {
                assert_eq!(one_by_one.of(place).as_ref(), Ok(salt), "segment {place}");
            }
        }
    }
}
