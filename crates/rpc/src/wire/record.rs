// SPDX-License-Identifier: Apache-2.0
//! Log entries, process state, stored answers, sums of a book and what a search finds in it.

use model::code::Code;
use model::exception;
use model::money::Minor;
use model::role::Role;
use model::row::Purpose;
use ports::book::{Answer, LogEntry, StateRecord};
use ports::feed::Numbered;
use ports::inquiry::{Hit, InboxSum, JournalSum};

use super::{Malformed, Wire, field, messages, required};
use crate::proto::canonical::v1 as wire;
use crate::proto::canonical::v1::hit::{EventOfRemittance, Found};
use crate::proto::remittance::v1 as book;

messages! {
    LogEntry => wire::LogEntry { kind, subject, by, body }
    Numbered => wire::Numbered { number, at, entry }
    StateRecord => wire::StateRecord { key, version, body }
    Answer => wire::Answer { principal, key, body_hash, answer }
    InboxSum => book::InboxSum { document, kind, state, events, cents }
    JournalSum => book::JournalSum { key, document, members, rows, rows_total, lines_total }
}

/// A tuple whose message has these fields in this order.
macro_rules! tuples {
    ($(($($kind:ty),*) => $message:path { $($field:ident),* })*) => { $(
        impl Wire<$message> for ($($kind),*) {
            fn wire(self) -> $message {
                let ($($field),*) = self;
                $message { $($field: $field.wire(),)* }
            }

            fn read(wire: $message) -> Result<Self, Malformed> {
                Ok(($(field(wire.$field, stringify!($field))?),*))
            }
        }
    )* };
}

tuples! {
    (exception::Code, u64, u64, Minor) => book::CodeSum { code, items, claims, cents }
    (Code, Role, Minor) => book::RoleSum { entity, role, net }
    (Purpose, Minor) => book::PurposeSum { purpose, net }
    (Code, Code, Code, Role, Minor) => book::DimensionSum { entity, facility, payer, role, net }
    (Code, u64, u64) => book::LaneWaiting { lane, due, later }
}

impl Wire<wire::Hit> for Hit {
    fn wire(self) -> wire::Hit {
        let found = match self {
            Hit::Remittance { id } => Found::Remittance(id.wire()),
            Hit::Event { id, remittance } => {
                Found::Event(EventOfRemittance { event: id.wire(), remittance: remittance.wire() })
            }
            Hit::Journal { key } => Found::Journal(key.wire()),
            Hit::Row { id } => Found::Row(id.wire()),
            Hit::Exception { id } => Found::Exception(id.wire()),
            Hit::Log { number } => Found::Log(number),
        };
        wire::Hit { found: Some(found) }
    }

    fn read(wire: wire::Hit) -> Result<Self, Malformed> {
        Ok(match wire.found.ok_or(Malformed::new("is missing").within("found"))? {
            Found::Remittance(id) => Hit::Remittance { id: field(id, "remittance")? },
            Found::Event(of) => Hit::Event {
                id: field(of.event, "event")?,
                remittance: field(of.remittance, "remittance")?,
            },
            Found::Journal(key) => Hit::Journal { key: field(key, "journal")? },
            Found::Row(id) => Hit::Row { id: field(id, "row")? },
            Found::Exception(id) => Hit::Exception { id: field(id, "exception")? },
            Found::Log(number) => Hit::Log { number },
        })
    }
}

required! { Hit => wire::Hit }
