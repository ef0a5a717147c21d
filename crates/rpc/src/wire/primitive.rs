// SPDX-License-Identifier: Apache-2.0
//! Numbers, texts, ids, dates and times, and what holds many of them.
//! Dates are `YYYY-MM-DD`, ids 16 bytes, hashes 32 bytes, free bodies canonical JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use model::code::Code;
use model::exception;
use model::id::{DocumentId, EventId, ExceptionId, Hash, RemittanceId, RowId};
use model::journal::JournalKey;
use model::money::{Currency, Money};
use model::role::Role;
use ports::json::Json;
use prost_types::{Duration as Span, Timestamp};
use serde_json::Value;
use time::format_description::FormatItem;
use time::macros::format_description;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::{Malformed, Wire, messages, required};
use crate::proto::canonical;

const DATE: &[FormatItem<'_>] = format_description!("[year]-[month]-[day]");

macro_rules! same {
    ($($name:ty),*) => { $(
        impl Wire<$name> for $name {
            fn wire(self) -> $name {
                self
            }

            fn read(wire: $name) -> Result<Self, Malformed> {
                Ok(wire)
            }
        }
    )* };
}

same!(u32, u64, i64, bool, String);

impl Wire<u64> for usize {
    fn wire(self) -> u64 {
        u64::try_from(self).unwrap_or(u64::MAX)
    }

    fn read(wire: u64) -> Result<Self, Malformed> {
        usize::try_from(wire).map_err(|_| Malformed::new("is too large a number"))
    }
}

impl Wire<i32> for i16 {
    fn wire(self) -> i32 {
        i32::from(self)
    }

    fn read(wire: i32) -> Result<Self, Malformed> {
        i16::try_from(wire).map_err(|_| Malformed::new("is too large a number"))
    }
}

impl<T: Wire<P>, P> Wire<Option<P>> for Option<T> {
    fn wire(self) -> Option<P> {
        self.map(T::wire)
    }

    fn read(wire: Option<P>) -> Result<Self, Malformed> {
        wire.map(T::read).transpose()
    }
}

impl<T: Wire<P>, P> Wire<Vec<P>> for Vec<T> {
    fn wire(self) -> Vec<P> {
        self.into_iter().map(T::wire).collect()
    }

    fn read(wire: Vec<P>) -> Result<Self, Malformed> {
        wire.into_iter().map(T::read).collect()
    }
}

impl<T: Wire<P> + Ord, P> Wire<Vec<P>> for BTreeSet<T> {
    fn wire(self) -> Vec<P> {
        self.into_iter().map(T::wire).collect()
    }

    fn read(wire: Vec<P>) -> Result<Self, Malformed> {
        wire.into_iter().map(T::read).collect()
    }
}

impl<T: Wire<P>, P> Wire<BTreeMap<String, P>> for BTreeMap<Code, T> {
    fn wire(self) -> BTreeMap<String, P> {
        self.into_iter().map(|(key, value)| (key.wire(), value.wire())).collect()
    }

    fn read(wire: BTreeMap<String, P>) -> Result<Self, Malformed> {
        wire.into_iter().map(|(key, value)| Ok((Code::read(key)?, T::read(value)?))).collect()
    }
}

impl Wire<String> for Code {
    fn wire(self) -> String {
        self.as_str().to_owned()
    }

    fn read(wire: String) -> Result<Self, Malformed> {
        Ok(Code::from(wire))
    }
}

impl Wire<String> for JournalKey {
    fn wire(self) -> String {
        self.0.wire()
    }

    fn read(wire: String) -> Result<Self, Malformed> {
        Ok(JournalKey(Code::from(wire)))
    }
}

impl Wire<String> for exception::Code {
    fn wire(self) -> String {
        self.as_str().to_owned()
    }

    fn read(wire: String) -> Result<Self, Malformed> {
        Self::parse(&wire).ok_or(Malformed::new("is not an exception code that we know"))
    }
}

impl Wire<String> for Role {
    fn wire(self) -> String {
        self.code().to_owned()
    }

    fn read(wire: String) -> Result<Self, Malformed> {
        Self::parse(&wire).ok_or(Malformed::new("is not an account role that we know"))
    }
}

impl Wire<String> for Currency {
    fn wire(self) -> String {
        self.as_str().to_owned()
    }

    fn read(wire: String) -> Result<Self, Malformed> {
        Self::parse(&wire).ok_or(Malformed::new("is not a currency code"))
    }
}

messages! { Money => canonical::v1::Money { minor, currency } }

impl Wire<String> for Date {
    fn wire(self) -> String {
        // `Display` of a date is the same form for the years 0 to 9999, and cannot fail.
        self.to_string()
    }

    fn read(wire: String) -> Result<Self, Malformed> {
        Date::parse(&wire, DATE).map_err(|_| Malformed::new("is not a date YYYY-MM-DD"))
    }
}

impl Wire<Timestamp> for OffsetDateTime {
    fn wire(self) -> Timestamp {
        let nanos = i32::try_from(self.nanosecond()).unwrap_or_default();
        Timestamp { seconds: self.unix_timestamp(), nanos }
    }

    fn read(wire: Timestamp) -> Result<Self, Malformed> {
        let malformed = Malformed::new("is not a point in time");
        let nanos = u32::try_from(wire.nanos).map_err(|_| malformed.clone())?;
        let second = OffsetDateTime::from_unix_timestamp(wire.seconds);
        let second = second.map_err(|_| malformed.clone())?;
        second.replace_nanosecond(nanos).map_err(|_| malformed)
    }
}

required! { OffsetDateTime => Timestamp }

impl Wire<Span> for Duration {
    fn wire(self) -> Span {
        let seconds = i64::try_from(self.as_secs()).unwrap_or(i64::MAX);
        Span { seconds, nanos: i32::try_from(self.subsec_nanos()).unwrap_or_default() }
    }

    fn read(wire: Span) -> Result<Self, Malformed> {
        let malformed = |_| Malformed::new("is not a duration");
        let seconds = u64::try_from(wire.seconds).map_err(malformed)?;
        let nanos = u32::try_from(wire.nanos).map_err(malformed)?;
        if nanos >= 1_000_000_000 {
            return Err(Malformed::new("is not a duration"));
        }
        Ok(Duration::new(seconds, nanos))
    }
}

required! { Duration => Span }

impl Wire<Vec<u8>> for Hash {
    fn wire(self) -> Vec<u8> {
        self.0.to_vec()
    }

    fn read(wire: Vec<u8>) -> Result<Self, Malformed> {
        let bytes = wire.try_into().map_err(|_| Malformed::new("is not a hash of 32 bytes"))?;
        Ok(Hash(bytes))
    }
}

macro_rules! ids {
    ($($name:ident),*) => { $(
        impl Wire<Vec<u8>> for $name {
            fn wire(self) -> Vec<u8> {
                self.0.as_bytes().to_vec()
            }

            fn read(wire: Vec<u8>) -> Result<Self, Malformed> {
                let id = Uuid::from_slice(&wire);
                id.map($name).map_err(|_| Malformed::new("is not an id of 16 bytes"))
            }
        }
    )* };
}

ids!(DocumentId, RemittanceId, EventId, RowId, ExceptionId);

impl Wire<Vec<u8>> for Bytes {
    fn wire(self) -> Vec<u8> {
        self.to_vec()
    }

    fn read(wire: Vec<u8>) -> Result<Self, Malformed> {
        Ok(Bytes::from(wire))
    }
}

impl Wire<Vec<u8>> for Json {
    fn wire(self) -> Vec<u8> {
        self.as_str().into()
    }

    fn read(wire: Vec<u8>) -> Result<Self, Malformed> {
        Json::text(wire).ok_or_else(|| Malformed::new("is not UTF-8"))
    }
}

impl Wire<Vec<u8>> for Value {
    fn wire(self) -> Vec<u8> {
        // Members are kept in order of name and written without blanks.
        self.to_string().into_bytes()
    }

    fn read(wire: Vec<u8>) -> Result<Self, Malformed> {
        serde_json::from_slice(&wire).map_err(|_| Malformed::new("is not JSON"))
    }
}
