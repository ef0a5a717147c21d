// SPDX-License-Identifier: Apache-2.0
//! Journals: list them, see one with its lines and members.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use model::journal::JournalKey;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Api;
use super::input::{Find, Segment, Wanted};
use crate::desk::{JournalQuery, PageQuery};
use crate::layers::Caller;
use crate::problem::Problem;
use crate::view::{JournalDetail, JournalView, Page};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// `ready`, `held`, `sending`, `posted`, `rejected` or `parked`.
    state: Option<String>,
    /// Legal entity.
    entity: Option<String>,
    /// Accounting date, as `2026-11-30`.
    date: Option<String>,
    target: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    limit: Option<usize>,
    /// `json` or `csv`; else by `Accept`.
    #[allow(dead_code)]
    format: Option<String>,
}

/// Journals, newest first.
#[utoipa::path(
    get, path = "/v1/journals", tag = "journals", operation_id = "list-journals",
    params(Which),
    responses((status = 200, description = "One page", content(
        (Page<JournalView> = "application/json"), (String = "text/csv"),
    )))
)]
pub(crate) async fn list(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Find(which): Find<Which>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let query = JournalQuery {
        state: which.state,
        entity: which.entity,
        date: which.date,
        target: which.target,
    };
    let page = PageQuery { cursor: which.cursor, limit: which.limit };
    Ok(wanted.list(api.desk.journals(&caller, &query, &page).await?))
}

/// A journal with its lines and the rows that it is made of.
#[utoipa::path(
    get, path = "/v1/journals/{key}", tag = "journals", operation_id = "get-journal",
    params(("key" = String, Path, description = "Key of the journal")),
    responses((status = 200, description = "The journal", body = JournalDetail))
)]
pub(crate) async fn one(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    segment: Segment,
) -> Result<Json<JournalDetail>, Problem> {
    let key = JournalKey(segment.0.as_str().into());
    Ok(Json(api.desk.journal(&caller, &key).await?))
}
