// SPDX-License-Identifier: Apache-2.0
//! The hash that tells whether two remittances say the same: SHA-256 over ST to SE.
//! Delimiters are replaced by fixed ones, and the control numbers ST02 and SE02 are left out.

use sha2::{Digest, Sha256};

use crate::x12::delimiters::Delimiters;
use crate::x12::segment::Segment;

const ELEMENT: u8 = 0x1d;
const COMPONENT: u8 = 0x1f;
const REPETITION: u8 = 0x1c;
const SEGMENT: u8 = 0x1e;

pub(super) struct BodyHash {
    hasher: Sha256,
    translation: [u8; 256],
    scratch: Vec<u8>,
}

impl BodyHash {
    pub fn new() -> Self {
        Self { hasher: Sha256::new(), translation: identity(), scratch: Vec::new() }
    }

    /// Prepares for an interchange with these delimiters.
    pub fn translate(&mut self, delimiters: Delimiters) {
        self.translation = identity();
        self.translation[usize::from(delimiters.element)] = ELEMENT;
        self.translation[usize::from(delimiters.component)] = COMPONENT;
        if let Some(repetition) = delimiters.repetition {
            self.translation[usize::from(repetition)] = REPETITION;
        }
    }

    pub fn begin(&mut self) {
        self.hasher.reset();
    }

    pub fn segment(&mut self, segment: &Segment<'_>) {
        self.scratch.clear();
        let translation = &self.translation;
        self.scratch.extend(segment.bytes.iter().map(|&byte| translation[usize::from(byte)]));
        self.scratch.push(SEGMENT);
        self.hasher.update(&self.scratch);
    }

    /// A segment without its second element (ST and SE).
    pub fn segment_without_control(&mut self, segment: &Segment<'_>) {
        self.scratch.clear();
        for (at, element) in segment.elements().enumerate() {
            if at != 2 {
                let translation = &self.translation;
                self.scratch.extend(element.iter().map(|&byte| translation[usize::from(byte)]));
            }
            self.scratch.push(ELEMENT);
        }
        self.scratch.push(SEGMENT);
        self.hasher.update(&self.scratch);
    }

    pub fn finish(&mut self) -> [u8; 32] {
        self.hasher.finalize_reset().into()
    }

    pub fn capacity_bytes(&self) -> usize {
        self.scratch.capacity()
    }
}

fn identity() -> [u8; 256] {
    std::array::from_fn(|byte| byte as u8)
}
