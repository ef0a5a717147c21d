// SPDX-License-Identifier: Apache-2.0
//! Identities that are computed, never drawn: the same input always has the same id,
//! so that a repeated delivery, a replay and a crash can be recognised by it.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::code::Code;

/// SHA-256 over parts, each preceded by its length so that parts cannot run into each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        Self(digest.finalize().into())
    }

    /// Plain SHA-256 of bytes, as others compute it.
    pub fn sha256(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    pub fn hex(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }

    pub fn parse(hex: &str) -> Option<Self> {
        let bytes = data_encoding::HEXLOWER.decode(hex.as_bytes()).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

impl Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&self.hex())
        } else {
            serializer.serialize_bytes(&self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return deserializer.deserialize_bytes(Bytes);
        }
        let hex = String::deserialize(deserializer)?;
        Self::parse(&hex).ok_or_else(|| serde::de::Error::custom("not a SHA-256 in hex"))
    }
}

struct Bytes;

impl serde::de::Visitor<'_> for Bytes {
    type Value = Hash;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("32 bytes")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Hash, E> {
        bytes.try_into().map(Hash).map_err(|_| E::invalid_length(bytes.len(), &self))
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

uuid_id!(
    /// A raw document as it was received, by tenant and byte hash.
    DocumentId
);
uuid_id!(
    /// One transaction set of a remittance document.
    RemittanceId
);
uuid_id!(
    /// One canonical event: UUIDv8 of (tenant, source, document hash, ordinal). Its first eight bytes
    /// are the same for all events of a document, the next four are its ordinal.
    EventId
);
uuid_id!(
    /// One double-sided sub-ledger row.
    RowId
);
uuid_id!(
    /// One item of the work queue for people.
    ExceptionId
);

fn version_8(hash: Hash) -> Uuid {
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&hash.0[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

impl DocumentId {
    pub fn of(tenant: &Code, byte_hash: &Hash) -> Self {
        Self(version_8(Hash::of(&[b"document", tenant.as_bytes(), &byte_hash.0])))
    }
}

impl RemittanceId {
    pub fn of(document: DocumentId, set: u32) -> Self {
        Self(version_8(Hash::of(&[b"remittance", document.0.as_bytes(), &set.to_be_bytes()])))
    }
}

/// Where an event is found among all others: what its id begins with, and those of its rows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// The document's share of the id.
    pub stem: i64,
    /// The event's number in it.
    pub ordinal: u64,
}

/// The two highest bits of an ordinal in an id are those of the UUID's variant.
const ORDINAL_MASK: u32 = 0x3fff_ffff;

fn place(id: Uuid) -> Place {
    let [a, b, c, d, e, f, g, h, i, j, k, l, ..] = id.into_bytes();
    let ordinal = u32::from_be_bytes([i, j, k, l]) & ORDINAL_MASK;
    Place { stem: i64::from_be_bytes([a, b, c, d, e, f, g, h]), ordinal: u64::from(ordinal) }
}

/// What the ids of the events of one document share.
#[derive(Clone, Debug)]
pub struct EventStem {
    tenant: Code,
    source: Code,
    document: DocumentId,
    stem: Hash,
}

impl EventStem {
    pub fn of(tenant: &Code, source: &Code, document: DocumentId) -> Self {
        let parts: [&[u8]; 4] =
            [b"events", tenant.as_bytes(), source.as_bytes(), document.0.as_bytes()];
        let (stem, tenant, source) = (Hash::of(&parts), tenant.clone(), source.clone());
        Self { tenant, source, document, stem }
    }

    /// The id of its event with this number.
    pub fn event(&self, ordinal: u64) -> EventId {
        let [tenant, source] = [self.tenant.as_bytes(), self.source.as_bytes()];
        let document = self.document.0.as_bytes();
        let own = Hash::of(&[b"event", tenant, source, document, &ordinal.to_be_bytes()]);
        let mut bytes = [0u8; 16];
        bytes[..8].copy_from_slice(&self.stem.0[..8]);
        let ordinal = u32::try_from(ordinal).unwrap_or(u32::MAX);
        bytes[8..12].copy_from_slice(&ordinal.to_be_bytes());
        bytes[12..].copy_from_slice(&own.0[..4]);
        EventId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

impl EventId {
    pub fn of(tenant: &Code, source: &Code, document: DocumentId, ordinal: u64) -> Self {
        EventStem::of(tenant, source, document).event(ordinal)
    }

    pub fn place(self) -> Place {
        place(self.0)
    }
}

impl RowId {
    /// `booking` counts how often the event has been booked: a replay makes new rows. A row is known by
    /// the first twelve bytes of its event, which say where that is, by its booking and its leg.
    pub fn of(event: EventId, booking: u32, leg: u32) -> Self {
        let mut bytes = *event.0.as_bytes();
        let last = |number: u32| u16::try_from(number).unwrap_or(u16::MAX).to_be_bytes();
        bytes[12..14].copy_from_slice(&last(booking));
        bytes[14..].copy_from_slice(&last(leg));
        Self(Uuid::from_bytes(bytes))
    }

    /// Where its event is.
    pub fn place(self) -> Place {
        place(self.0)
    }
}

impl ExceptionId {
    /// The same cause on the same subject is one item, however often it is met.
    pub fn of(subject: &str, code: &str, round: u32) -> Self {
        Self(version_8(Hash::of(&[
            b"exception",
            subject.as_bytes(),
            code.as_bytes(),
            &round.to_be_bytes(),
        ])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(document: &[u8], ordinal: u64) -> EventId {
        let tenant = Code::new("t");
        let document = DocumentId::of(&tenant, &Hash::of(&[document]));
        EventId::of(&tenant, &Code::new("s"), document, ordinal)
    }

    #[test]
    fn an_event_and_its_rows_say_where_they_are() {
        let (one, other) = (event(b"one", 1), event(b"one", 0x3fff_fffe));
        assert_eq!((one.place().ordinal, other.place().ordinal), (1, 0x3fff_fffe));
        assert_eq!(one.place().stem, other.place().stem);
        assert_ne!(one.place().stem, event(b"other", 1).place().stem);
        assert_eq!(RowId::of(one, 7, 9).place(), one.place());
        assert_eq!(one.0.get_version_num(), 8);
        assert!(event(b"one", 2) < event(b"one", 10), "they sort as they stand");
    }
}
