// SPDX-License-Identifier: Apache-2.0
//! Remittances: list them, see one with its events and rows.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Api;
use super::input::{Find, Segment, Wanted};
use crate::desk::{PageQuery, RemittanceQuery};
use crate::layers::Caller;
use crate::problem::Problem;
use crate::view::{Page, RemittanceDetail, RemittanceView};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// `receiving`, `booking`, `decided`, `duplicate` or `held`.
    state: Option<String>,
    /// Only those of this document.
    document: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    limit: Option<usize>,
    /// `json` or `csv`; else by `Accept`.
    #[allow(dead_code)]
    format: Option<String>,
}

/// Remittances, newest first.
#[utoipa::path(
    get, path = "/v1/remittances", tag = "remittances", operation_id = "list-remittances",
    params(Which),
    responses((status = 200, description = "One page", content(
        (Page<RemittanceView> = "application/json"), (String = "text/csv"),
    )))
)]
pub(crate) async fn list(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Find(which): Find<Which>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let query = RemittanceQuery { state: which.state, document: which.document };
    let page = PageQuery { cursor: which.cursor, limit: which.limit };
    Ok(wanted.list(api.desk.remittances(&caller, &query, &page).await?))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsAfter {
    /// `events_next` of the page before.
    events_after: Option<u64>,
}

/// A remittance: header, totals, verdicts, findings, events with their states, rows.
#[utoipa::path(
    get, path = "/v1/remittances/{id}", tag = "remittances", operation_id = "get-remittance",
    params(("id" = uuid::Uuid, Path, description = "Remittance"), EventsAfter),
    responses((status = 200, description = "The remittance", body = RemittanceDetail))
)]
pub(crate) async fn one(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    segment: Segment,
    Find(events): Find<EventsAfter>,
) -> Result<Json<RemittanceDetail>, Problem> {
    let after = events.events_after.unwrap_or(0);
    Ok(Json(api.desk.remittance(&caller, segment.id()?, after).await?))
}
