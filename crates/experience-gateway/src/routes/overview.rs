// SPDX-License-Identifier: Apache-2.0
//! What spans documents: completeness, search, timelines, the log.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Api;
use super::exceptions::InFormat;
use super::input::{Find, Segment, Wanted};
use crate::layers::Caller;
use crate::problem::Problem;
use crate::view::{CompletenessView, HitView, LogEntryView, MomentView, Page};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Sought {
    /// An id, a payment trace, an ERP number or a token, whole.
    q: String,
    /// `json` or `csv`; else by `Accept`.
    #[allow(dead_code)]
    format: Option<String>,
}

/// Whatever has exactly this id, trace, ERP number or token.
#[utoipa::path(
    get, path = "/v1/search", tag = "overview", operation_id = "search", params(Sought),
    responses((status = 200, description = "What was found", content(
        (Page<HitView> = "application/json"), (String = "text/csv"),
    )))
)]
pub(crate) async fn search(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Find(sought): Find<Sought>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    Ok(wanted.list(api.desk.search(&caller, &sought.q).await?))
}

/// Everything that happened to a document, remittance, event, journal or exception, in order.
#[utoipa::path(
    get, path = "/v1/timeline/{id}", tag = "overview", operation_id = "get-timeline",
    params(("id" = String, Path, description = "Its id or key"), InFormat),
    responses((status = 200, description = "Its moments", content(
        (Page<MomentView> = "application/json"), (String = "text/csv"),
    )))
)]
pub(crate) async fn timeline(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    segment: Segment,
    Find(_format): Find<InFormat>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    Ok(wanted.list(api.desk.timeline(&caller, &segment.0).await?))
}

/// received = posted + pending + quarantined + excluded + rejected + noted.
///
/// Counted afresh from every table and from the ERP's own book.
#[utoipa::path(
    get, path = "/v1/completeness", tag = "overview", operation_id = "get-completeness",
    params(InFormat),
    responses((status = 200, description = "The equation", content(
        (CompletenessView = "application/json"), (String = "text/csv"),
    )))
)]
pub(crate) async fn completeness(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Find(_format): Find<InFormat>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let whole = api.desk.completeness(&caller).await?;
    let rows = whole.rows();
    Ok(wanted.table(whole, &rows))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Onward {
    /// Entries after this number; from the start without one.
    after: Option<u64>,
    limit: Option<usize>,
    /// Whose log: a process or `intake`.
    room: Option<String>,
    /// `json` or `csv`; else by `Accept`.
    #[allow(dead_code)]
    format: Option<String>,
}

/// The log: audit trail and change feed in one, numbered without gaps.
#[utoipa::path(
    get, path = "/v1/log", tag = "overview", operation_id = "read-log", params(Onward),
    responses((status = 200, description = "Entries in order", content(
        (Page<LogEntryView> = "application/json"), (String = "text/csv"),
    )))
)]
pub(crate) async fn log(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Find(onward): Find<Onward>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let after = onward.after.unwrap_or(0);
    let room = onward.room.as_deref();
    Ok(wanted.list(api.desk.log(&caller, room, after, onward.limit).await?))
}
