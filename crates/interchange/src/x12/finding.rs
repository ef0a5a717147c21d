// SPDX-License-Identifier: Apache-2.0
//! What a reader has to say about a file: findings, which let it read on, and the refusal, which stops it.
//! Both carry their place and a stable code, and never a word about a patient.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};

/// Where in the file: the segment's number, from 1, and the offset of its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
pub struct Place {
    pub segment: u64,
    pub offset: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "segment {}, byte {}", self.segment, self.offset)
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// The stable code of a finding or refusal.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            pub const ALL: &[Code] = &[$(Code::$name,)*];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Code::$name => $text,)*
                }
            }
        }
    };
}

codes! {
    /// Charge less adjustments is not the payment, in one service line.
    LineOff = "BAL-L1",
    /// The same for a whole claim.
    ClaimOff = "BAL-L2",
    /// Claim payments less provider adjustments are not the total.
    TotalOff = "BAL-L3",
    NoPaymentSegment = "STRUCT-NO-BPR",
    NoTrace = "STRUCT-NO-TRN",
    NoSetEnd = "STRUCT-NO-SE",
    BadAmount = "STRUCT-BAD-AMOUNT",
    NegativeTotal = "STRUCT-NEGATIVE-TOTAL",
    SetCount = "STRUCT-SE-COUNT",
    SetControl = "STRUCT-SE-CONTROL",
    NoGroupEnd = "STRUCT-NO-GE",
    GroupCount = "STRUCT-GE-COUNT",
    GroupControl = "STRUCT-GE-CONTROL",
    NoInterchangeEnd = "STRUCT-NO-IEA",
    InterchangeCount = "STRUCT-IEA-COUNT",
    InterchangeControl = "STRUCT-IEA-CONTROL",
    /// An envelope segment where none belongs, or a set outside its group.
    EnvelopeOrder = "STRUCT-ENVELOPE-ORDER",
    /// A segment in a place that keeps it out of the document.
    Order = "STRUCT-ORDER",
    /// A segment outside every transaction set.
    OutsideSet = "STRUCT-OUTSIDE-SET",
    /// What no X12 segment can begin with: a lost terminator or foreign text.
    NotASegment = "STRUCT-NOT-A-SEGMENT",
    /// Text before the first interchange.
    Prose = "STRUCT-PROSE",
    /// Text after an interchange's end: something may have been lost.
    TextAfter = "STRUCT-TEXT-AFTER",
    Unterminated = "STRUCT-UNTERMINATED",
    Repetition = "STRUCT-REPETITION",
    OtherSet = "STRUCT-OTHER-SET",
    NoRemittance = "STRUCT-NO-835",
    Empty = "STRUCT-EMPTY",
    Binary = "STRUCT-BINARY",
    Compressed = "STRUCT-COMPRESSED",
    Encoding = "STRUCT-ENCODING",
    NoInterchange = "STRUCT-NO-ISA",
    HeaderUnreadable = "STRUCT-ISA",
    Delimiters = "STRUCT-DELIMITERS",
    Limit = "STRUCT-LIMIT",
    Input = "STRUCT-INPUT",
}

impl Code {
    /// A warning leaves both verdicts as they are.
    pub fn is_warning(self) -> bool {
        matches!(self, Self::Prose | Self::Unterminated | Self::Repetition | Self::OtherSet)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One thing worth telling; reading goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub place: Place,
    pub code: Code,
    pub message: Cow<'static, str>,
}

impl Finding {
    pub fn new(place: Place, code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { place, code, message: message.into() }
    }
}

/// Why reading stopped. What was handed over before it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code} at {place}: {message}")]
pub struct Refusal {
    pub place: Place,
    pub code: Code,
    pub message: Cow<'static, str>,
}

impl Refusal {
    pub fn new(place: Place, code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { place, code, message: message.into() }
    }

    /// The refusal of what exceeds the limit of that name.
    pub fn limit(place: Place, name: &'static str, max: impl fmt::Display) -> Self {
        Self::new(place, Code::Limit, format!("more than {name} = {max}"))
    }
}

impl From<Refusal> for Finding {
    fn from(refusal: Refusal) -> Self {
        Self { place: refusal.place, code: refusal.code, message: refusal.message }
    }
}
