// SPDX-License-Identifier: Apache-2.0
//! What is said to an ERP and what it answers.

use ports::erp::{
    Balance, BookPage, BookedDocument, Capabilities, DocumentLine, Found, FoundState,
    JournalDocument, MasterKind, MasterValue, PostingMode, Rejection, RejectionCode, Submitted,
};

use super::{Malformed, Wire, enums, field, messages, required};
use crate::proto::erp::v1 as wire;
use crate::proto::erp::v1::submitted::{Drafted, Outcome, Posted, Rejected};

enums! {
    PostingMode => wire::PostingMode { NativeKey, CreateThenPost, Keyless }
    FoundState => wire::FoundState { Draft, Posted }
    RejectionCode => wire::RejectionCode {
        PeriodClosed, AccountUnknown, AccountInactive, DimensionUnknown, DimensionInactive,
        Unbalanced, PrecisionExceeded, PartyRequired, PartyForbidden, Duplicate, NotPermitted,
        Other,
    }
    MasterKind => wire::MasterKind {
        Entity, Account, Facility, Department, ServiceLine, Payer, Period,
    }
}

messages! {
    Capabilities => wire::Capabilities { mode, lines_max, lookup_lag, settle }
    DocumentLine => wire::DocumentLine {
        account, facility, department, service_line, payer, debit, credit, text,
    }
    JournalDocument => wire::JournalDocument { key, entity, date, currency, lines }
    Rejection => wire::Rejection { code, line, text }
    Found => wire::Found { document, state, total }
    BookedDocument => wire::BookedDocument { document, key, entity, date, lines }
    Balance => wire::Balance { account, facility, department, service_line, payer, debit, credit }
    BookPage => wire::BookPage { documents, next }
    MasterValue => wire::MasterValue { code, name, active, attribute, from, to }
}

impl Wire<wire::Submitted> for Submitted {
    fn wire(self) -> wire::Submitted {
        let outcome = match self {
            Submitted::Posted { document } => Outcome::Posted(Posted { document: document.wire() }),
            Submitted::Drafted { document } => {
                Outcome::Drafted(Drafted { document: document.wire() })
            }
            Submitted::Rejected(rejections) => {
                Outcome::Rejected(Rejected { rejections: rejections.wire() })
            }
        };
        wire::Submitted { outcome: Some(outcome) }
    }

    fn read(wire: wire::Submitted) -> Result<Self, Malformed> {
        Ok(match wire.outcome.ok_or(Malformed::new("is missing").within("outcome"))? {
            Outcome::Posted(posted) => {
                Submitted::Posted { document: field(posted.document, "document")? }
            }
            Outcome::Drafted(drafted) => {
                Submitted::Drafted { document: field(drafted.document, "document")? }
            }
            Outcome::Rejected(rejected) => {
                Submitted::Rejected(field(rejected.rejections, "rejections")?)
            }
        })
    }
}

required! { Submitted => wire::Submitted }
