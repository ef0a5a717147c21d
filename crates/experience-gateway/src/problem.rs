// SPDX-License-Identifier: Apache-2.0
//! Every way in which the gateway says no, as RFC 9457 problem details. This file is the one table
//! from failures to statuses; a caller learns what to do next and nothing of our insides.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use model::exception;
use ports::failure::Failure;
use serde::Serialize;
use utoipa::ToSchema;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident $slug:literal $status:ident $title:literal,)*) => {
        /// The registered problem types. Their names are part of the API and never change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kind { $($(#[$doc])* $name,)* }

        impl Kind {
            pub const ALL: &'static [Kind] = &[$(Kind::$name),*];

            /// The end of `urn:revbridge:problem:…`.
            pub fn slug(self) -> &'static str {
                match self { $(Kind::$name => $slug,)* }
            }

            pub fn status(self) -> StatusCode {
                match self { $(Kind::$name => StatusCode::$status,)* }
            }

            pub fn title(self) -> &'static str {
                match self { $(Kind::$name => $title,)* }
            }
        }
    };
}

kinds! {
    Malformed "malformed" BAD_REQUEST "The request cannot be read",
    InvalidCursor "invalid-cursor" BAD_REQUEST "The page cursor is not one of ours for this list",
    EmptyDocument "empty-document" BAD_REQUEST "The document has no content",
    IdempotencyKeyMissing "idempotency-key-missing" BAD_REQUEST "An Idempotency-Key is required",
    Unauthenticated "unauthenticated" UNAUTHORIZED "A valid access token is required",
    Forbidden "forbidden" FORBIDDEN "The token does not grant this",
    NotFound "not-found" NOT_FOUND "There is no such thing",
    MethodNotAllowed "method-not-allowed" METHOD_NOT_ALLOWED "The resource does not have this method",
    NotAcceptable "not-acceptable" NOT_ACCEPTABLE "The list is not available in this format",
    DecisionRefused "decision-refused" CONFLICT "The decision is not possible in this state",
    IdempotencyKeyReused "idempotency-key-reused" CONFLICT "The key was used for another request",
    InProgress "in-progress" CONFLICT "A request with this key is being worked on",
    Expired "expired" GONE "It is past its retention and was shredded",
    Stale "stale" PRECONDITION_FAILED "It was changed since you saw it",
    TooLarge "too-large" PAYLOAD_TOO_LARGE "The content is larger than allowed",
    MediaType "media-type" UNSUPPORTED_MEDIA_TYPE "The content is not of a type that is read here",
    Business "business" UNPROCESSABLE_ENTITY "A rule of the business stands against it",
    PreconditionRequired "precondition-required" PRECONDITION_REQUIRED "If-Match is required",
    RateLimited "rate-limited" TOO_MANY_REQUESTS "Too many requests",
    Internal "internal" INTERNAL_SERVER_ERROR "A mistake of ours",
    Unavailable "unavailable" SERVICE_UNAVAILABLE "Not available now; nothing was changed",
    OutcomeUnknown "outcome-unknown" SERVICE_UNAVAILABLE "It may have been done; send it again",
    Overloaded "overloaded" SERVICE_UNAVAILABLE "Too busy; nothing was changed",
    TimedOut "timed-out" GATEWAY_TIMEOUT "Not done in time; it may still be done",
}

/// A refusal with its detail. `Display` is for pages and logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub kind: Kind,
    /// One sentence for this case; never content of the request, never our insides.
    pub detail: Option<String>,
    pub retry_after: Option<Duration>,
    /// The exception code, where one applies.
    pub code: Option<&'static str>,
    /// The current version, where the caller's was stale.
    pub version: Option<u32>,
}

impl Problem {
    pub fn new(kind: Kind) -> Self {
        Self { kind, detail: None, retry_after: None, code: None, version: None }
    }

    pub fn detailed(kind: Kind, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..Self::new(kind) }
    }

    pub fn not_found() -> Self {
        Self::new(Kind::NotFound)
    }

    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::detailed(Kind::Malformed, detail)
    }

    pub(crate) fn body(&self, request: &str) -> ProblemBody {
        ProblemBody {
            kind: format!("urn:revbridge:problem:{}", self.kind.slug()),
            title: self.kind.title().to_owned(),
            status: self.kind.status().as_u16(),
            detail: self.detail.clone(),
            instance: (!request.is_empty()).then(|| format!("urn:revbridge:request:{request}")),
            code: self.code.map(str::to_owned),
            version: self.version,
        }
    }

    /// The problem that stands for a status which some layer answered without one.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        Self::new(match status {
            StatusCode::UNAUTHORIZED => Kind::Unauthenticated,
            StatusCode::FORBIDDEN => Kind::Forbidden,
            StatusCode::NOT_FOUND => Kind::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Kind::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Kind::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Kind::MediaType,
            status if status.is_client_error() => Kind::Malformed,
            _ => Kind::Internal,
        })
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.detail {
            Some(detail) => write!(f, "{}: {detail}", self.kind.title()),
            None => f.write_str(self.kind.title()),
        }
    }
}

/// A failure as the caller may see it: the message of a defect or of a lost connection is for our
/// log, the sentence of a business failure is written for people.
impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let soon = Duration::from_secs(2);
        match failure {
            Failure::Transient { after, message } => {
                tracing::warn!(why = %message, "a port was not available");
                let retry_after = Some(after.unwrap_or(soon));
                Self { retry_after, ..Self::new(Kind::Unavailable) }
            }
            Failure::OutcomeUnknown { key, message } => {
                tracing::warn!(%key, why = %message, "an outcome is unknown");
                Self { retry_after: Some(soon), ..Self::new(Kind::OutcomeUnknown) }
            }
            Failure::Business { code, message } => {
                let kind = match code == exception::Code::Expired {
                    true => Kind::Expired,
                    false => Kind::Business,
                };
                Self { code: Some(code.as_str()), ..Self::detailed(kind, message) }
            }
            Failure::Defect(message) => {
                tracing::error!(why = %message, "a defect reached the gateway");
                Self::new(Kind::Internal)
            }
        }
    }
}

/// RFC 9457 problem details.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// `urn:revbridge:problem:…`
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The request, as in `X-Request-Id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Exception code whose page says what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The current version, when yours was stale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
}

/// The status alone: the outermost layer writes the body, because it knows the request's id.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
