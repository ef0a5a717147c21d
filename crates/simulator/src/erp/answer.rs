// SPDX-License-Identifier: Apache-2.0
//! What the ERP answers: a status, a JSON body, and a retry time when it asks for patience.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::rules::Violation;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub retry_after_s: Option<u64>,
}

impl Answer {
    pub fn ok(status: u16, body: Value) -> Self {
        Self { status, body, retry_after_s: None }
    }

    pub fn error(status: u16, code: &str, message: &str) -> Self {
        let body = json!({ "error": { "code": code, "message": message }, "errors": [] });
        Self { status, body, retry_after_s: None }
    }

    /// 422 with every violation and its line.
    pub fn refused(violations: &[Violation]) -> Self {
        let body = json!({
            "error": { "code": "VALIDATION", "message": "the journal was refused" },
            "errors": violations,
        });
        Self { status: 422, body, retry_after_s: None }
    }

    pub fn too_many(retry_after_s: u64) -> Self {
        let mut answer = Self::error(429, "TOO_MANY_REQUESTS", "come again later");
        answer.retry_after_s = Some(retry_after_s);
        answer
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(self.body)).into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
