// SPDX-License-Identifier: Apache-2.0
//! `/health/live`: the process answers. `/health/ready`: its database answers too; what an operator has to
//! know beside that follows in the text: a recovery, or checkpoints that cannot be written.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use store::PostgresBook;

use crate::recovery::Condition;

pub fn router(book: PostgresBook, condition: Condition) -> Router {
    let ready = move || {
        let (book, condition) = (book.clone(), condition.clone());
        async move {
            match book.answers().await {
                Ok(()) => {
                    let mut lines = vec!["ready".to_owned()];
                    lines.extend(condition.complaints());
                    (StatusCode::OK, format!("{}\n", lines.join("\n")))
                }
                Err(_) => {
                    let why = "the database does not answer\n".to_owned();
                    (StatusCode::SERVICE_UNAVAILABLE, why)
                }
            }
        }
    };
    let live = || async { "live\n" };
    Router::new().route("/health/live", get(live)).route("/health/ready", get(ready))
}
