// SPDX-License-Identifier: Apache-2.0
//! The delimiters of one interchange, as its own ISA declares them.
//! Those that would tear amounts or names apart are refused.

use super::finding::{Code, Place, Refusal};

/// The four delimiters of an interchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delimiters {
    pub element: u8,
    pub component: u8,
    /// ISA11, where it declares one (5010); in 4010 that element is a standards identifier.
    pub repetition: Option<u8>,
    pub terminator: u8,
}

impl Delimiters {
    /// Checks the three bytes that structure the whole file.
    pub(super) fn checked(
        element: u8,
        component: u8,
        terminator: u8,
        isa11: &[u8],
        place: Place,
    ) -> Result<Self, Refusal> {
        let refuse = |message: String| Err(Refusal::new(place, Code::Delimiters, message));
        for (name, byte) in [
            ("element separator", element),
            ("component separator", component),
            ("segment terminator", terminator),
        ] {
            let blank =
                byte == b' ' || (byte == b'\r' || byte == b'\n') && name != "segment terminator";
            if byte == 0 || byte >= 0x7f || byte.is_ascii_alphanumeric() || blank {
                return refuse(format!("the {name} is byte 0x{byte:02x}, which cannot delimit"));
            }
        }
        if element == component || element == terminator || component == terminator {
            return refuse("two delimiters are the same byte".to_owned());
        }
        if matches!(element, b'.' | b'-') || matches!(terminator, b'.' | b'-') {
            return refuse("a delimiter is part of amounts".to_owned());
        }
        let repetition = match *isa11 {
            [byte]
                if byte.is_ascii_punctuation()
                    && ![element, component, terminator].contains(&byte) =>
            {
                Some(byte)
            }
            _ => None,
        };
        Ok(Self { element, component, repetition, terminator })
    }
}
