// SPDX-License-Identifier: Apache-2.0
//! Reading amounts of a set: one that cannot be read counts as zero and leaves the set unjudged.
//! The finding names the element, never its content.

use model::money::{Minor, MoneyError};

use super::Sink;
use super::state::Driver;
use crate::x12::amount::read_amount;
use crate::x12::finding::Code;
use crate::x12::segment::Segment;

impl<S: Sink> Driver<'_, S> {
    /// The amount at this position of the segment in the element table.
    #[inline]
    pub fn amount(&mut self, segment: &Segment<'_>, position: usize) -> Option<Minor> {
        match read_amount(self.state.elements.get(segment.bytes, position)) {
            Ok(minor) => Some(minor),
            Err(error) => {
                self.bad_amount(segment, position, error);
                None
            }
        }
    }

    #[cold]
    fn bad_amount(&mut self, segment: &Segment<'_>, position: usize, error: MoneyError) {
        if let Some(set) = &mut self.state.set {
            set.unreadable = true;
        }
        self.find(segment.place, Code::BadAmount, || {
            let name = String::from_utf8_lossy(segment.element(0)).into_owned();
            format!("{name}{position:02}: {error}")
        });
    }
}
