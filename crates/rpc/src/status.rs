// SPDX-License-Identifier: Apache-2.0
//! The one table between `Failure` and gRPC. Ours travels whole in the details of a status; a status
//! without details was made on the way, and what it means depends on what was asked.

use std::error::Error;
use std::time::Duration;

use model::exception;
use ports::failure::Failure;
use prost::Message;
use prost_types::Any;
use tonic::{Code, Status};

use crate::proto::canonical::v1 as wire;
use crate::proto::canonical::v1::failure::Next;
use crate::wire::{Malformed, Wire, field};

/// The most bytes of text in a failure on the wire: it travels in a header.
pub const FAILURE_TEXT_BYTES_MAX: usize = 16 << 10;

/// Room for the largest failure in base64, and for the trace.
pub(crate) const HEADER_BYTES_MAX: u32 = 64 << 10;

const FAILURE_TYPE: &str = "type.googleapis.com/revbridge.canonical.v1.Failure";

/// `google.rpc.Status`, the form in which any gRPC tool looks for details.
#[derive(Clone, PartialEq, Message)]
struct Details {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// What was asked: it decides what silence means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Changes nothing: it may be asked again.
    Read,
    /// May have happened: it is looked up by this key.
    Command { key: String },
}

/// No connection was made, so nothing was sent.
#[derive(Debug, thiserror::Error)]
#[error("{peer} cannot be reached: {why}")]
pub(crate) struct NotConnected {
    pub peer: String,
    pub why: String,
}

/// How a failure of ours is told to the peer.
pub(crate) fn told(failure: Failure) -> Status {
    let (code, message) = match &failure {
        Failure::Transient { .. } => (Code::Unavailable, "try again"),
        Failure::OutcomeUnknown { .. } => (Code::Aborted, "the outcome is unknown"),
        Failure::Business { .. } => (Code::FailedPrecondition, "a person has to decide"),
        Failure::Defect(_) => (Code::Internal, "a defect"),
    };
    status(code, message, failure)
}

/// A refusal before anything was done; the code is for other people's tools.
pub(crate) fn refused(code: Code, message: &str) -> Status {
    status(code, message, Failure::defect(message))
}

fn status(code: Code, message: &str, failure: Failure) -> Status {
    let value = failure.wire().encode_to_vec();
    let failure = Any { type_url: FAILURE_TYPE.to_owned(), value };
    let details =
        Details { code: code as i32, message: message.to_owned(), details: vec![failure] };
    Status::with_details(code, message, details.encode_to_vec().into())
}

/// What the caller does next after this status.
pub(crate) fn failure(status: &Status, asked: &Asked, peer: &str) -> Failure {
    match carried(status) {
        Some(Ok(failure)) => return failure,
        Some(Err(malformed)) => {
            return asked.unreadable(format!("{peer} failed with {malformed}"));
        }
        None => {}
    }
    if let Some(not_connected) = not_connected(status) {
        return Failure::transient(not_connected);
    }
    let message = format!("{peer}: {:?}: {}", status.code(), status.message());
    match status.code() {
        // The connection was lost, or nobody answered in time.
        Code::Unavailable
        | Code::Unknown
        | Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::ResourceExhausted => asked.unanswered(message),
        // A stream that the peer reset and an answer that nobody can read.
        Code::Internal | Code::DataLoss | Code::Ok => {
            if status.source().is_some() {
                asked.unanswered(message)
            } else {
                asked.unreadable(message)
            }
        }
        // Too large to be sent or taken: nothing was done.
        Code::OutOfRange => Failure::defect(format!("{message} (see message_bytes_max)")),
        // Refused before anything was done.
        Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::Unimplemented
        | Code::Unauthenticated => Failure::defect(message),
    }
}

impl Asked {
    /// No answer came. A read may be repeated, a command has to be looked up.
    pub(crate) fn unanswered(&self, message: String) -> Failure {
        match self {
            Asked::Read => Failure::transient(message),
            Asked::Command { key } => Failure::OutcomeUnknown { key: key.clone(), message },
        }
    }

    /// An answer came that is none. Asking again gives the same; a command may still have happened.
    pub(crate) fn unreadable(&self, message: String) -> Failure {
        match self {
            Asked::Read => Failure::defect(message),
            Asked::Command { key } => Failure::OutcomeUnknown { key: key.clone(), message },
        }
    }
}

/// The failure of ours in the details, if there is one.
fn carried(status: &Status) -> Option<Result<Failure, Malformed>> {
    let details = Details::decode(status.details()).ok()?;
    let any = details.details.into_iter().find(|any| any.type_url == FAILURE_TYPE)?;
    let failure = wire::Failure::decode(any.value.as_slice());
    Some(match failure {
        Ok(failure) => field(failure, "failure"),
        Err(_) => Err(Malformed::new("is not a failure")),
    })
}

fn not_connected(status: &Status) -> Option<String> {
    let mut cause = status.source();
    while let Some(error) = cause {
        if let Some(not_connected) = error.downcast_ref::<NotConnected>() {
            return Some(not_connected.to_string());
        }
        if let Some(tonic::ConnectError(error)) = error.downcast_ref::<tonic::ConnectError>() {
            return Some(error.to_string());
        }
        cause = error.source();
    }
    None
}

impl Wire<wire::Failure> for Failure {
    fn wire(self) -> wire::Failure {
        let next = match self {
            Failure::Transient { after, message } => {
                Next::Transient(wire::Transient { after: after.wire(), message: cut(message) })
            }
            Failure::OutcomeUnknown { key, message } => {
                Next::OutcomeUnknown(wire::OutcomeUnknown { key, message: cut(message) })
            }
            Failure::Business { code, message } => {
                Next::Business(wire::Business { code: code.wire(), message: cut(message) })
            }
            Failure::Defect(message) => Next::Defect(wire::Defect { message: cut(message) }),
        };
        wire::Failure { next: Some(next) }
    }

    fn read(wire: wire::Failure) -> Result<Self, Malformed> {
        Ok(match wire.next.ok_or(Malformed::new("is missing").within("next"))? {
            Next::Transient(transient) => Failure::Transient {
                after: field::<Option<Duration>, _>(transient.after, "after")?,
                message: transient.message,
            },
            Next::OutcomeUnknown(unknown) => {
                Failure::OutcomeUnknown { key: unknown.key, message: unknown.message }
            }
            Next::Business(business) => Failure::Business {
                code: field::<exception::Code, _>(business.code, "code")?,
                message: business.message,
            },
            Next::Defect(defect) => Failure::Defect(defect.message),
        })
    }
}

/// A text that fits into a header, cut between letters.
fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(FAILURE_TEXT_BYTES_MAX));
    text
}
