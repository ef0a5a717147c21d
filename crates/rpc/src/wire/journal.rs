// SPDX-License-Identifier: Apache-2.0
//! Journals. Lines that do not balance are no journal: they are refused when they are read.

use model::journal::{Balanced, Journal, JournalState, Line};

use super::{Malformed, Wire, field, messages, required};
use crate::proto::canonical::v1 as wire;
use crate::proto::canonical::v1::journal_state::{
    Held, Parked, Posted, Ready, Rejected, Sending, State,
};

messages! {
    Line => wire::Line { side, debit, credit, item }
}

impl Wire<wire::Journal> for Journal {
    fn wire(self) -> wire::Journal {
        wire::Journal {
            key: self.key.wire(),
            process: self.process.wire(),
            group: self.group.wire(),
            currency: self.currency.wire(),
            lines: self.body.lines().to_vec().wire(),
            rows: self.rows,
            versions: self.versions.wire(),
            state: self.state.wire(),
            created_at: self.created_at.wire(),
        }
    }

    fn read(wire: wire::Journal) -> Result<Self, Malformed> {
        let lines = field(wire.lines, "lines")?;
        let unbalanced = |_| Malformed::new("do not balance").within("lines");
        Ok(Self {
            key: field(wire.key, "key")?,
            process: field(wire.process, "process")?,
            group: field(wire.group, "group")?,
            currency: field(wire.currency, "currency")?,
            body: Balanced::new(lines).map_err(unbalanced)?,
            rows: wire.rows,
            versions: field(wire.versions, "versions")?,
            state: field(wire.state, "state")?,
            created_at: field(wire.created_at, "created_at")?,
        })
    }
}

required! { Journal => wire::Journal }

impl Wire<wire::JournalState> for JournalState {
    fn wire(self) -> wire::JournalState {
        let state = match self {
            JournalState::Ready => State::Ready(Ready {}),
            JournalState::Held => State::Held(Held {}),
            JournalState::Sending { fence, draft, since } => {
                State::Sending(Sending { fence, draft: draft.wire(), since: since.wire() })
            }
            JournalState::Posted { document, at } => {
                State::Posted(Posted { document: document.wire(), at: at.wire() })
            }
            JournalState::Rejected { code } => State::Rejected(Rejected { code: code.wire() }),
            JournalState::Parked { code } => State::Parked(Parked { code: code.wire() }),
        };
        wire::JournalState { state: Some(state) }
    }

    fn read(wire: wire::JournalState) -> Result<Self, Malformed> {
        Ok(match wire.state.ok_or(Malformed::new("is missing").within("state"))? {
            State::Ready(Ready {}) => JournalState::Ready,
            State::Held(Held {}) => JournalState::Held,
            State::Sending(sending) => JournalState::Sending {
                fence: sending.fence,
                draft: field(sending.draft, "draft")?,
                since: field(sending.since, "since")?,
            },
            State::Posted(posted) => JournalState::Posted {
                document: field(posted.document, "document")?,
                at: field(posted.at, "at")?,
            },
            State::Rejected(rejected) => {
                JournalState::Rejected { code: field(rejected.code, "code")? }
            }
            State::Parked(parked) => JournalState::Parked { code: field(parked.code, "code")? },
        })
    }
}

required! { JournalState => wire::JournalState }
