// SPDX-License-Identifier: Apache-2.0
//! Borrowed element text. It may name a patient, so `Debug` tells its length and nothing else.

use std::borrow::Cow;
use std::fmt;

/// The bytes of one element or component, without surrounding blanks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes.trim_ascii())
    }

    pub fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The text itself, or nothing when the element is empty.
    pub fn filled(self) -> Option<Self> {
        (!self.0.is_empty()).then_some(self)
    }

    /// UTF-8 as it stands, else read as Latin-1. Control characters become U+FFFD, so that every
    /// database and screen can hold the result.
    pub fn to_str(self) -> Cow<'a, str> {
        let text = match std::str::from_utf8(self.0) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(self.0.iter().map(|&byte| char::from(byte)).collect()),
        };
        if text.chars().any(char::is_control) {
            return Cow::Owned(
                text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect(),
            );
        }
        text
    }

    pub fn to_owned_string(self) -> String {
        self.to_str().into_owned()
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}

/// A composite element, such as a procedure `qualifier:code:modifier…`.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Composite<'a> {
    bytes: &'a [u8],
    separator: u8,
}

impl<'a> Composite<'a> {
    pub fn new(bytes: &'a [u8], separator: u8) -> Self {
        Self { bytes: bytes.trim_ascii(), separator }
    }

    pub fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    /// The component at this position, from 1 as the guides count; empty when absent.
    pub fn component(self, position: usize) -> Text<'a> {
        self.components().nth(position.saturating_sub(1)).unwrap_or_default()
    }

    pub fn components(self) -> impl Iterator<Item = Text<'a>> {
        let separator = self.separator;
        self.bytes.split(move |&byte| byte == separator).map(Text::new)
    }
}

impl fmt::Debug for Composite<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Composite({} bytes)", self.bytes.len())
    }
}
