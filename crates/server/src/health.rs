// SPDX-License-Identifier: Apache-2.0
//! `/health/live`: the process answers. `/health/ready`: its database answers too.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use store::PostgresBook;

pub fn router(book: PostgresBook) -> Router {
    let ready = move || {
        let book = book.clone();
        async move {
            match book.answers().await {
                Ok(()) => (StatusCode::OK, "ready\n"),
                Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
            }
        }
    };
    let live = || async { "live\n" };
    Router::new().route("/health/live", get(live)).route("/health/ready", get(ready))
}
