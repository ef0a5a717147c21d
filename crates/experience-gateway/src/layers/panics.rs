// SPDX-License-Identifier: Apache-2.0
//! A panic is one caller's 500, and not the end of the connection or of the process.

use std::panic::AssertUnwindSafe;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;

use crate::problem::{Kind, Problem};

pub(crate) async fn caught(
    request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    // What panicked is dropped, and what it shares with others is behind locks that outlive it.
    AssertUnwindSafe(next(request)).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!("a handler panicked");
        Problem::new(Kind::Internal).into_response()
    })
}
