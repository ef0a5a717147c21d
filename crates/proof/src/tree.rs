// SPDX-License-Identifier: Apache-2.0
//! The hash tree of RFC 6962 over SHA-256, grown entry by entry. Of all leaves only the roots of the
//! complete subtrees are kept: at most 64 hashes, whatever the size.

use aws_lc_rs::digest::{Context, SHA256, digest};

pub const HASH_BYTES: usize = 32;

/// A SHA-256.
pub type Hash = [u8; HASH_BYTES];

/// Says "a leaf" and "a node" to the hash, so that neither can be passed off as the other.
pub(crate) const LEAF: u8 = 0;
const NODE: u8 = 1;

/// The leaf of an entry's bytes.
pub fn leaf(bytes: &[u8]) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(&[LEAF]);
    context.update(bytes);
    finished(context)
}

/// The node above two.
pub fn node(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [NODE; 1 + 2 * HASH_BYTES];
    bytes[1..=HASH_BYTES].copy_from_slice(left);
    bytes[1 + HASH_BYTES..].copy_from_slice(right);
    sha256(&bytes)
}

pub(crate) fn sha256(bytes: &[u8]) -> Hash {
    sized(digest(&SHA256, bytes).as_ref())
}

pub(crate) fn finished(context: Context) -> Hash {
    sized(context.finish().as_ref())
}

fn sized(bytes: &[u8]) -> Hash {
    let mut hash = [0; HASH_BYTES];
    hash.copy_from_slice(bytes);
    hash
}

/// The right edge of a growing tree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    /// Roots of the complete subtrees, the largest first: one per bit of `size`.
    peaks: Vec<Hash>,
}

/// Stored peaks that do not belong to a tree of this size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored edge of the tree does not fit its size")]
pub struct Misfit;

impl Frontier {
    pub fn new() -> Self {
        Self::default()
    }

    /// From what [`Frontier::peaks`] gave.
    pub fn restore(size: u64, peaks: &[u8]) -> Result<Self, Misfit> {
        let (hashes, rest) = peaks.as_chunks::<HASH_BYTES>();
        if !rest.is_empty() || hashes.len() != size.count_ones() as usize {
            return Err(Misfit);
        }
        Ok(Self { size, peaks: hashes.to_vec() })
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    /// All there is to keep beside the size.
    pub fn peaks(&self) -> Vec<u8> {
        self.peaks.concat()
    }

    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        // Each trailing one bit of the size is a complete subtree that the new one completes further.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = node(&left, &hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root of the tree so far; of an empty one the hash of nothing.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return sha256(b"") };
        peaks.fold(*last, |right, left| node(left, &right))
    }
}

/// The largest power of two below `size`, for a size of at least two: where a tree divides.
pub(crate) fn split(size: u64) -> u64 {
    1 << (u64::BITS - 1 - (size - 1).leading_zeros())
}
