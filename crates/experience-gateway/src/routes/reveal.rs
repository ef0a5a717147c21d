// SPDX-License-Identifier: Apache-2.0
//! The clear value behind a token, for a person who may see it. It is asked for in a body, so that
//! neither a URL nor a log of requests holds the token, and no cache keeps the answer.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Api;
use super::input::Body;
use crate::layers::Caller;
use crate::problem::Problem;
use crate::view::Revealed;

/// What to reveal.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    /// A token as events show it.
    #[schema(pattern = "^tok_v[0-9]{1,4}_[a-z2-7]{1,64}$", example = "tok_v1_mzxw6ytboi")]
    token: String,
}

/// The clear value of a token. Who saw it is in intake's log before the value leaves.
#[utoipa::path(
    post, path = "/v1/reveal", tag = "remittances", operation_id = "reveal",
    request_body = Wish,
    responses((status = 200, description = "The value; not to be kept", body = Revealed))
)]
pub(crate) async fn reveal(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Body(wish): Body<Wish>,
) -> Result<Response, Problem> {
    let revealed = api.desk.reveal(&caller, &wish.token).await?;
    let mut response = Json(revealed).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
