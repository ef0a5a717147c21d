// SPDX-License-Identifier: Apache-2.0
//! How a call ended, told apart by what the caller may do next: try again, read the answer, or look
//! up what happened before anything else.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use ports::failure::Failure;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;

/// How a call ended.
#[derive(Debug)]
pub enum Outcome {
    /// Proven: no byte of the request reached the other side.
    NotSent(NotSent),
    /// A whole answer was read, whatever its status.
    Answered(Answer),
    /// The request left, or may have left: it may have taken effect.
    Unknown(Unknown),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// Refused, unreachable, unresolvable, out of reach, or not within the connect time.
    #[error("no connection")]
    NoConnection,
    #[error("the circuit breaker is open for another {} ms", after.as_millis())]
    BreakerOpen { after: Duration },
    #[error("no turn within the waiting time")]
    NoTurn,
    /// A mistake of the caller: a path that leaves the destination, a body beyond the limit.
    #[error("the call is not one that this destination allows")]
    NotAllowed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    #[error("no whole answer within the time allowed")]
    TimedOut,
    /// The connection ended before the answer did.
    #[error("the connection broke")]
    Broken,
    #[error("the answer is larger than allowed")]
    TooLarge,
}

/// A whole answer. Its body is not shown by `Debug`.
#[derive(Clone)]
pub struct Answer {
    pub status: u16,
    pub body: Bytes,
    pub(crate) headers: HeaderMap,
}

/// Only these headers of an answer are kept.
pub(crate) const HEADERS_KEPT: [&str; 6] =
    ["content-type", "date", "etag", "location", "retry-after", "x-request-id"];

impl Answer {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// One of the headers that are kept: content-type, date, etag, location, retry-after, x-request-id.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// `Retry-After` in seconds.
    pub fn retry_after(&self) -> Option<Duration> {
        self.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
    }

    /// The error names the place, never the content.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_slice(&self.body).map_err(|error| {
            format!("not the expected JSON at line {} column {}", error.line(), error.column())
        })
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer {{ status: {}, body: {} bytes }}", self.status, self.body.len())
    }
}

impl Outcome {
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Outcome::NotSent(_) => "not-sent",
            Outcome::Unknown(_) => "unknown",
            Outcome::Answered(answer) => match answer.status / 100 {
                0..=2 => "2xx",
                3 => "3xx",
                4 => "4xx",
                _ => "5xx",
            },
        }
    }

    /// For a call that changes something under `key`: what never left may be tried again, what may
    /// have happened must be looked up.
    pub fn answered(self, key: &str) -> Result<Answer, Failure> {
        match self {
            Outcome::Answered(answer) => Ok(answer),
            Outcome::NotSent(why) => Err(why.into()),
            Outcome::Unknown(why) => {
                Err(Failure::OutcomeUnknown { key: key.to_owned(), message: why.to_string() })
            }
        }
    }

    /// For a call that only reads: without an answer nothing has changed, so it may be repeated.
    pub fn read(self) -> Result<Answer, Failure> {
        match self {
            Outcome::Answered(answer) => Ok(answer),
            Outcome::NotSent(why) => Err(why.into()),
            Outcome::Unknown(why) => Err(Failure::transient(why.to_string())),
        }
    }
}

impl From<NotSent> for Failure {
    fn from(why: NotSent) -> Self {
        let message = why.to_string();
        match why {
            NotSent::NoConnection | NotSent::NoTurn => Failure::Transient { after: None, message },
            NotSent::BreakerOpen { after } => Failure::Transient { after: Some(after), message },
            NotSent::NotAllowed => Failure::Defect(message),
        }
    }
}
