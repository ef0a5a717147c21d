// SPDX-License-Identifier: Apache-2.0
//! Inclusion and consistency proofs of RFC 9162: made while the leaves stream past, checked with a
//! handful of hashes.

use std::ops::Range;

use crate::tree::{Frontier, Hash, node, split};

/// A tree of 2^64 leaves has no longer path.
pub const PATH_HASHES_MAX: usize = 64;

/// Gathers the hashes of some ranges of leaves from one pass over all of them.
#[derive(Debug)]
struct Gather {
    /// Each with the frontier of what has been seen of it.
    ranges: Vec<(Range<u64>, Frontier)>,
    seen: u64,
}

impl Gather {
    fn new(ranges: Vec<Range<u64>>) -> Self {
        let ranges = ranges.into_iter().map(|range| (range, Frontier::new())).collect();
        Self { ranges, seen: 0 }
    }

    fn push(&mut self, leaf: Hash) {
        for (range, frontier) in &mut self.ranges {
            if range.contains(&self.seen) {
                frontier.push(leaf);
            }
        }
        self.seen += 1;
    }

    /// The hashes in the order in which the ranges were asked for, once all leaves have passed.
    fn finish(self) -> Option<Vec<Hash>> {
        let whole =
            self.ranges.iter().all(|(range, frontier)| frontier.size() == range.end - range.start);
        whole.then(|| self.ranges.iter().map(|(_, frontier)| frontier.root()).collect())
    }
}

/// Makes the proof that leaf `index` is in a tree of `size` leaves.
#[derive(Debug)]
pub struct Inclusion(Gather);

impl Inclusion {
    /// `None` where the tree has no such leaf.
    pub fn of(index: u64, size: u64) -> Option<Self> {
        if index >= size {
            return None;
        }
        let mut ranges = Vec::new();
        let (mut start, mut end) = (0, size);
        while end - start > 1 {
            let middle = start + split(end - start);
            if index < middle {
                ranges.push(middle..end);
                end = middle;
            } else {
                ranges.push(start..middle);
                start = middle;
            }
        }
        ranges.reverse();
        Some(Self(Gather::new(ranges)))
    }

    /// The leaves of the tree, in order.
    pub fn push(&mut self, leaf: Hash) {
        self.0.push(leaf);
    }

    /// `None` where not all leaves were given.
    pub fn finish(self) -> Option<Vec<Hash>> {
        self.0.finish()
    }
}

/// Makes the proof that a tree of `first` leaves is the beginning of one of `second`.
#[derive(Debug)]
pub struct Consistency(Gather);

impl Consistency {
    /// `None` where the first is empty or larger than the second.
    pub fn of(first: u64, second: u64) -> Option<Self> {
        if first == 0 || first > second {
            return None;
        }
        let mut ranges = Vec::new();
        let (mut start, mut end) = (0, second);
        // While the edge of the first tree lies inside the subtree, its other half is needed.
        while end != first {
            let middle = start + split(end - start);
            if first <= middle {
                ranges.push(middle..end);
                end = middle;
            } else {
                ranges.push(start..middle);
                start = middle;
            }
        }
        // The whole of the first tree needs no hash: who checks knows its root.
        if start > 0 {
            ranges.push(start..end);
        }
        ranges.reverse();
        Some(Self(Gather::new(ranges)))
    }

    /// The leaves of the second tree, in order.
    pub fn push(&mut self, leaf: Hash) {
        self.0.push(leaf);
    }

    pub fn finish(self) -> Option<Vec<Hash>> {
        self.0.finish()
    }
}

/// Whether `path` proves that `leaf` stands at `index` in the tree of this size and root.
pub fn includes(leaf: Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut place, mut last) = (index, size - 1);
    let mut hash = leaf;
    for other in path {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            hash = node(other, &hash);
            let level = if place & 1 == 1 { 0 } else { place.trailing_zeros().min(63) };
            place >>= level;
            last >>= level;
        } else {
            hash = node(&hash, other);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// A tree's size and root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub size: u64,
    pub root: Hash,
}

/// Whether `path` proves that the first tree is the beginning of the second.
pub fn extends(first: &Head, second: &Head, path: &[Hash]) -> bool {
    if first.size == second.size {
        return path.is_empty() && first.root == second.root;
    }
    if first.size == 0 || first.size > second.size {
        return false;
    }
    let (mut place, mut last) = (first.size - 1, second.size - 1);
    let level = place.trailing_ones();
    place >>= level;
    last >>= level;
    let mut path = path.iter();
    let beginning = if first.size.is_power_of_two() { Some(&first.root) } else { path.next() };
    let Some(beginning) = beginning else { return false };
    let (mut of_first, mut of_second) = (*beginning, *beginning);
    for other in path {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            of_first = node(other, &of_first);
            of_second = node(other, &of_second);
            let level = if place & 1 == 1 { 0 } else { place.trailing_zeros().min(63) };
            place >>= level;
            last >>= level;
        } else {
            of_second = node(&of_second, other);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && of_first == first.root && of_second == second.root
}
