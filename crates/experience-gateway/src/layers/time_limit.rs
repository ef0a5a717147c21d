// SPDX-License-Identifier: Apache-2.0
//! A bound on the time of a request. Uploads have their own: a large document takes as long as its
//! line needs.

use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use ports::context;

use crate::access::DOCUMENTS;
use crate::problem::{Kind, Problem};
use crate::routes::Api;

pub(crate) async fn request(
    api: &Api,
    request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let settings = api.desk.settings();
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let upload = route == Some(DOCUMENTS) && request.method() == Method::POST;
    let limit_ms = if upload { settings.upload_ms_max } else { settings.request_ms_max };
    let limit = Duration::from_millis(limit_ms);
    let answer = context::within(Instant::now() + limit, next(request));
    let answered = tokio::time::timeout(limit, answer).await;
    answered.unwrap_or_else(|_| Problem::new(Kind::TimedOut).into_response())
}
