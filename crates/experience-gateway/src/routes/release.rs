// SPDX-License-Identifier: Apache-2.0
//! Posting on hold: a person lets one journal go, or all that a filter names.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use model::journal::JournalKey;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::input::{Body, Segment, idempotency_key};
use crate::desk::ReleaseQuery;
use crate::layers::Caller;
use crate::problem::Problem;
use crate::view::JournalView;

/// Send a journal that is on hold. Releasing it again changes nothing and answers the same.
#[utoipa::path(
    post, path = "/v1/journals/{key}/release", tag = "journals", operation_id = "release-journal",
    params(("key" = String, Path, description = "Key of the journal")),
    responses((status = 200, description = "It is on its way", body = JournalView))
)]
pub(crate) async fn one(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    segment: Segment,
) -> Result<Json<JournalView>, Problem> {
    let key = JournalKey(segment.0.as_str().into());
    Ok(Json(api.desk.release(&caller, &key).await?))
}

/// Which journals on hold; what is left out matches everything.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Held {
    /// Legal entity.
    entity: Option<String>,
    /// Accounting date, as `2026-11-30`.
    date: Option<String>,
    target: Option<String>,
    /// How many you saw: with another number by now, nothing is released.
    journals: Option<u64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Released {
    /// How many journals are on their way.
    journals: u64,
}

/// Headers of a release.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code)]
pub(crate) struct Headers {
    /// Your name for this request. The same key with the same request repeats the answer, for ever.
    #[param(rename = "Idempotency-Key")]
    key: String,
}

/// Send every journal on hold that the filter names, all or none.
#[utoipa::path(
    post, path = "/v1/journals/release", tag = "journals", operation_id = "release-journals",
    params(Headers), request_body = Held,
    responses((status = 200, description = "They are on their way", body = Released))
)]
pub(crate) async fn all(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    headers: HeaderMap,
    Body(held): Body<Held>,
) -> Result<Json<Released>, Problem> {
    let key = idempotency_key(&headers)?;
    let Held { entity, date, target, journals: seen } = held;
    let query = ReleaseQuery { entity, date, target, seen };
    Ok(Json(Released { journals: api.desk.release_all(&caller, &query, &key).await? }))
}
