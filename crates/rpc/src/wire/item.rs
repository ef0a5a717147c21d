// SPDX-License-Identifier: Apache-2.0
//! Items of the work queue for people.

use model::exception::{Holds, Item, ItemState, Subject};

use super::{Malformed, Wire, enums, field, messages, required};
use crate::proto::canonical::v1 as wire;
use crate::proto::canonical::v1::item_state::{Open, Proposed, Replayed, Resolved, State};
use crate::proto::canonical::v1::subject::{About, EventOfRemittance};

enums! { Holds => wire::Holds { Events, Nothing } }

messages! {
    Item => wire::Item {
        id, code, subject, holds, amount, claims, reason, state, parent, version, opened_at,
    }
}

impl Wire<wire::Subject> for Subject {
    fn wire(self) -> wire::Subject {
        let about = match self {
            Subject::Document { document } => About::Document(document.wire()),
            Subject::Remittance { remittance } => About::Remittance(remittance.wire()),
            Subject::Event { event, remittance } => About::Event(EventOfRemittance {
                event: event.wire(),
                remittance: remittance.wire(),
            }),
            Subject::Journal { journal } => About::Journal(journal.wire()),
            Subject::Work { unit } => About::Unit(unit.wire()),
        };
        wire::Subject { about: Some(about) }
    }

    fn read(wire: wire::Subject) -> Result<Self, Malformed> {
        Ok(match wire.about.ok_or(Malformed::new("is missing").within("about"))? {
            About::Document(id) => Subject::Document { document: field(id, "document")? },
            About::Remittance(id) => Subject::Remittance { remittance: field(id, "remittance")? },
            About::Event(of) => Subject::Event {
                event: field(of.event, "event")?,
                remittance: field(of.remittance, "remittance")?,
            },
            About::Journal(key) => Subject::Journal { journal: field(key, "journal")? },
            About::Unit(unit) => Subject::Work { unit: field(unit, "unit")? },
        })
    }
}

required! { Subject => wire::Subject }

impl Wire<wire::ItemState> for ItemState {
    fn wire(self) -> wire::ItemState {
        let state = match self {
            ItemState::Open => State::Open(Open {}),
            ItemState::Proposed { by, reason } => {
                State::Proposed(Proposed { by: by.wire(), reason: reason.wire() })
            }
            ItemState::Replayed { by } => State::Replayed(Replayed { by: by.wire() }),
            ItemState::Resolved { by, reason } => {
                State::Resolved(Resolved { by: by.wire(), reason: reason.wire() })
            }
        };
        wire::ItemState { state: Some(state) }
    }

    fn read(wire: wire::ItemState) -> Result<Self, Malformed> {
        Ok(match wire.state.ok_or(Malformed::new("is missing").within("state"))? {
            State::Open(Open {}) => ItemState::Open,
            State::Proposed(proposed) => ItemState::Proposed {
                by: field(proposed.by, "by")?,
                reason: field(proposed.reason, "reason")?,
            },
            State::Replayed(replayed) => ItemState::Replayed { by: field(replayed.by, "by")? },
            State::Resolved(resolved) => ItemState::Resolved {
                by: field(resolved.by, "by")?,
                reason: field(resolved.reason, "reason")?,
            },
        })
    }
}

required! { ItemState => wire::ItemState }
