// SPDX-License-Identifier: Apache-2.0
//! Events: one claim or provider adjustment from its bytes to the ERP's number.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::Api;
use super::input::Segment;
use crate::layers::Caller;
use crate::problem::Problem;
use crate::view::EventDetail;

/// An event: where it stands in the document, its rows, its journals, what happened to it.
#[utoipa::path(
    get, path = "/v1/events/{id}", tag = "remittances", operation_id = "get-event",
    params(("id" = uuid::Uuid, Path, description = "Event")),
    responses((status = 200, description = "The event", body = EventDetail))
)]
pub(crate) async fn one(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    segment: Segment,
) -> Result<Json<EventDetail>, Problem> {
    Ok(Json(api.desk.event(&caller, segment.id()?).await?))
}
