// SPDX-License-Identifier: Apache-2.0
//! One segment on the bytes of its chunk, and the table of its elements.
//! Elements are found when asked for; most segments of a file never are.

use super::delimiters::Delimiters;
use super::finding::{Place, Refusal};

/// A segment without its terminator and without blanks around it.
#[derive(Clone, Copy)]
pub struct Segment<'a> {
    pub bytes: &'a [u8],
    pub place: Place,
    pub delimiters: Delimiters,
}

/// The identifier of a segment as one number, for matching.
pub(super) const fn tag(name: &[u8]) -> u32 {
    match *name {
        [a, b] => u32::from_be_bytes([0, 0, a, b]),
        [a, b, c] => u32::from_be_bytes([0, a, b, c]),
        _ => 0,
    }
}

impl<'a> Segment<'a> {
    /// `tag(b"CLP")` for a CLP segment; 0 when the identifier has neither two nor three bytes.
    pub(super) fn tag(&self) -> u32 {
        let separator = self.delimiters.element;
        match *self.bytes {
            [a, b, s, ..] if s == separator => u32::from_be_bytes([0, 0, a, b]),
            [a, b, c, s, ..] if s == separator => u32::from_be_bytes([0, a, b, c]),
            [_, _] | [_, _, _] => tag(self.bytes),
            _ => 0,
        }
    }

    /// All elements, the identifier first.
    pub fn elements(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let separator = self.delimiters.element;
        self.bytes.split(move |&byte| byte == separator)
    }

    /// The element at this position, the identifier being 0; empty when absent.
    pub fn element(&self, position: usize) -> &'a [u8] {
        self.elements().nth(position).unwrap_or_default()
    }
}

/// Where the elements of the latest segment end; one table serves a whole file.
#[derive(Default)]
pub(super) struct ElementTable {
    ends: Vec<u32>,
}

impl ElementTable {
    pub fn read(&mut self, segment: &Segment<'_>, elements_max: usize) -> Result<(), Refusal> {
        self.ends.clear();
        for end in memchr::memchr_iter(segment.delimiters.element, segment.bytes) {
            self.ends.push(end as u32);
        }
        self.ends.push(segment.bytes.len() as u32);
        if self.ends.len() > elements_max {
            return Err(Refusal::limit(segment.place, "elements_max", elements_max));
        }
        Ok(())
    }

    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// Start and end of an element within its segment; empty when absent.
    pub fn span(&self, position: usize) -> (u32, u32) {
        match (position.checked_sub(1).map(|before| self.ends.get(before)), self.ends.get(position))
        {
            (None, Some(&end)) => (0, end),
            (Some(Some(&before)), Some(&end)) => (before + 1, end),
            _ => (0, 0),
        }
    }

    pub fn get<'a>(&self, bytes: &'a [u8], position: usize) -> &'a [u8] {
        let (start, end) = self.span(position);
        bytes.get(start as usize..end as usize).unwrap_or_default()
    }

    pub fn capacity_bytes(&self) -> usize {
        self.ends.capacity() * size_of::<u32>()
    }
}
