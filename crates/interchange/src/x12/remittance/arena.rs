// SPDX-License-Identifier: Apache-2.0
//! The segments kept of one header or one claim, in a buffer that is used again for the next.
//! Details are kept whole and taken apart when somebody asks for them.

use crate::x12::delimiters::Delimiters;
use crate::x12::finding::Refusal;
use crate::x12::segment::Segment;
use crate::x12::text::Text;

/// A range of the arena.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub fn at(base: u32, (start, end): (u32, u32)) -> Self {
        Self { start: base + start, end: base + end }
    }
}

/// A kept segment that is taken apart later.
#[derive(Debug, Clone, Copy)]
pub(super) struct Detail {
    pub tag: u32,
    pub span: Span,
}

pub(super) struct Arena {
    bytes: Vec<u8>,
    pub details: Vec<Detail>,
    pub delimiters: Delimiters,
}

impl Arena {
    pub fn new() -> Self {
        let delimiters =
            Delimiters { element: b'*', component: b':', repetition: None, terminator: b'~' };
        Self { bytes: Vec::new(), details: Vec::new(), delimiters }
    }

    pub fn clear(&mut self, delimiters: Delimiters) {
        self.bytes.clear();
        self.details.clear();
        self.delimiters = delimiters;
    }

    /// Copies a segment and its terminator; answers where it begins.
    #[inline]
    pub fn keep(
        &mut self,
        segment: &Segment<'_>,
        limit: (&'static str, usize),
    ) -> Result<u32, Refusal> {
        let base = self.bytes.len();
        if base + segment.bytes.len() >= limit.1 {
            return Err(Refusal::limit(segment.place, limit.0, limit.1));
        }
        self.bytes.extend_from_slice(segment.bytes);
        self.bytes.push(self.delimiters.terminator);
        Ok(base as u32)
    }

    /// Keeps a segment to be taken apart later.
    #[inline]
    pub fn keep_detail(
        &mut self,
        tag: u32,
        segment: &Segment<'_>,
        limit: (&'static str, usize),
    ) -> Result<(), Refusal> {
        let base = self.keep(segment, limit)?;
        let span = Span::at(base, (0, segment.bytes.len() as u32));
        self.details.push(Detail { tag, span });
        Ok(())
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn slice(&self, span: Span) -> &[u8] {
        self.bytes.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    pub fn text(&self, span: Span) -> Text<'_> {
        Text::new(self.slice(span))
    }

    /// The elements of a kept segment, its identifier first.
    pub fn elements(&self, span: Span) -> impl Iterator<Item = Text<'_>> {
        let separator = self.delimiters.element;
        self.slice(span).split(move |&byte| byte == separator).map(Text::new)
    }

    pub fn capacity_bytes(&self) -> usize {
        self.bytes.capacity() + self.details.capacity() * size_of::<Detail>()
    }
}
