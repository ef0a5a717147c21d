// SPDX-License-Identifier: Apache-2.0
//! Exceptions: the queue, one with its page, and the four decisions. Each decision names the version
//! that was seen and carries an idempotency key.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use model::id::{ExceptionId, Hash};
use ports::identity::Principal;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::input::{Body, Find, Segment, Wanted, idempotency_key, version_seen, versioned};
use crate::desk::{ExceptionQuery, PageQuery, Ruling};
use crate::layers::{Begun, Caller};
use crate::problem::Problem;
use crate::view::{CodeSummary, CodeView, ExceptionDetail, ExceptionView, Page};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Exception code.
    code: Option<String>,
    /// `open` (proposed ones included), `resolved` or `replayed`.
    state: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    limit: Option<usize>,
    /// `json` or `csv`; else by `Accept`.
    #[allow(dead_code)]
    format: Option<String>,
}

/// What waits, or waited, for a person, newest first.
#[utoipa::path(
    get, path = "/v1/exceptions", tag = "exceptions", operation_id = "list-exceptions",
    params(Which),
    responses((status = 200, description = "One page", content(
        (Page<ExceptionView> = "application/json"), (String = "text/csv"),
    )))
)]
pub(crate) async fn list(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Find(which): Find<Which>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let query = ExceptionQuery { code: which.code, state: which.state };
    let page = PageQuery { cursor: which.cursor, limit: which.limit };
    Ok(wanted.list(api.desk.exceptions(&caller, &query, &page).await?))
}

/// An exception with the page of its code and what may be done about it.
#[utoipa::path(
    get, path = "/v1/exceptions/{id}", tag = "exceptions", operation_id = "get-exception",
    params(("id" = uuid::Uuid, Path, description = "Exception")),
    responses((status = 200, description = "The exception", body = ExceptionDetail,
        headers(("ETag" = String, description = "Its version, for If-Match"))))
)]
pub(crate) async fn one(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    segment: Segment,
) -> Result<Response, Problem> {
    let detail = api.desk.exception(&caller, segment.id()?).await?;
    let view = detail.exception.clone();
    Ok(versioned(&view, detail))
}

/// Headers of a decision.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code)]
pub(crate) struct Headers {
    /// Your name for this request. The same key with the same request repeats the answer, as long as
    /// this gateway remembers it; that the decision takes effect once is ensured by the version.
    #[param(rename = "Idempotency-Key")]
    key: String,
    /// The version that you saw, in double quotes.
    #[param(rename = "If-Match")]
    version: String,
}

/// Send it through again under the current rules.
#[utoipa::path(
    post, path = "/v1/exceptions/{id}/replay", tag = "exceptions", operation_id = "replay-exception",
    params(("id" = uuid::Uuid, Path, description = "Exception"), Headers),
    responses((status = 200, description = "Decided", body = ExceptionView))
)]
pub(crate) async fn replay(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    segment: Segment,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    decide(&api, &caller, &segment, &headers, Ruling::Replay).await
}

/// What to do about an exception other than sending it through again.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Resolution {
    /// Propose to leave its amount out for good; a second person has to agree.
    Exclude {
        /// A reason code.
        #[schema(pattern = "^[a-z0-9-]{1,64}$")]
        reason: String,
    },
    /// Follow-up work is done; only where nothing is held back.
    Done {
        /// A reason code.
        #[schema(pattern = "^[a-z0-9-]{1,64}$")]
        reason: String,
    },
}

/// Propose to leave its amount out, or close finished follow-up work.
#[utoipa::path(
    post, path = "/v1/exceptions/{id}/resolve", tag = "exceptions",
    operation_id = "resolve-exception",
    params(("id" = uuid::Uuid, Path, description = "Exception"), Headers),
    request_body = Resolution,
    responses((status = 200, description = "Decided", body = ExceptionView))
)]
pub(crate) async fn resolve(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    segment: Segment,
    headers: HeaderMap,
    Body(resolution): Body<Resolution>,
) -> Result<Response, Problem> {
    let ruling = match resolution {
        Resolution::Exclude { reason } => Ruling::Exclude { reason },
        Resolution::Done { reason } => Ruling::Done { reason },
    };
    decide(&api, &caller, &segment, &headers, ruling).await
}

/// Agree to another person's proposal.
#[utoipa::path(
    post, path = "/v1/exceptions/{id}/approve", tag = "exceptions",
    operation_id = "approve-exception",
    params(("id" = uuid::Uuid, Path, description = "Exception"), Headers),
    responses((status = 200, description = "Decided", body = ExceptionView))
)]
pub(crate) async fn approve(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    segment: Segment,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    decide(&api, &caller, &segment, &headers, Ruling::Approve).await
}

/// Take a proposal back.
#[utoipa::path(
    post, path = "/v1/exceptions/{id}/withdraw", tag = "exceptions",
    operation_id = "withdraw-exception",
    params(("id" = uuid::Uuid, Path, description = "Exception"), Headers),
    responses((status = 200, description = "Decided", body = ExceptionView))
)]
pub(crate) async fn withdraw(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    segment: Segment,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    decide(&api, &caller, &segment, &headers, Ruling::Withdraw).await
}

async fn decide(
    api: &Api,
    caller: &Principal,
    segment: &Segment,
    headers: &HeaderMap,
    ruling: Ruling,
) -> Result<Response, Problem> {
    let id: ExceptionId = segment.id()?;
    let key = idempotency_key(headers)?;
    let version = version_seen(headers)?;
    let asked = format!("{id} {version} {ruling:?}");
    let asked = Hash::of(&[b"decision", asked.as_bytes()]);
    let ongoing = match api.answers.begin(&caller.tenant, &caller.subject, &key, asked) {
        Begun::New(ongoing) => ongoing,
        Begun::Refused(problem) => return Err(problem),
        Begun::Answered(answer) => {
            let view = (*answer)?;
            let mut response = versioned(&view, view.clone());
            let name = HeaderName::from_static("idempotency-replayed");
            response.headers_mut().insert(name, HeaderValue::from_static("true"));
            return Ok(response);
        }
    };
    let answer = api.desk.decide(caller, id, version, ruling).await;
    ongoing.answered(&answer);
    let view = answer?;
    Ok(versioned(&view, view.clone()))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct InFormat {
    /// `json` or `csv`; else by `Accept`.
    #[allow(dead_code)]
    format: Option<String>,
}

/// Open exceptions by code, the largest amount first.
#[utoipa::path(
    get, path = "/v1/exception-codes", tag = "exceptions", operation_id = "list-exception-codes",
    params(InFormat),
    responses((status = 200, description = "All codes with open items", content(
        (Page<CodeSummary> = "application/json"), (String = "text/csv"),
    )))
)]
pub(crate) async fn codes(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Find(_format): Find<InFormat>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    Ok(wanted.list(api.desk.codes(&caller).await?))
}

/// The page of an exception code: what happened, who owns it, what to do.
#[utoipa::path(
    get, path = "/v1/exception-codes/{code}", tag = "exceptions",
    operation_id = "get-exception-code",
    params(("code" = String, Path, description = "Exception code")),
    responses((status = 200, description = "The page", body = CodeView))
)]
pub(crate) async fn code(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    segment: Segment,
) -> Result<Json<CodeView>, Problem> {
    Ok(Json(api.desk.code_page(&caller, &segment.0)?))
}
