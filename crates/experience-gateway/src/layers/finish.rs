// SPDX-License-Identifier: Apache-2.0
//! The last word on every answer: problem details for every refusal, whichever layer made it, and
//! the headers that keep an answer out of caches and frames.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;

use super::identify::RequestId;
use crate::problem::{Kind, Problem};

pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

pub(crate) async fn answer(
    request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let id = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let docs = request.uri().path().starts_with("/docs");
    let response = next(request).await;
    let mut response = explained(response, &id);
    secure(response.headers_mut(), docs);
    response
}

fn explained(mut response: Response, id: &str) -> Response {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let problem = response.extensions_mut().remove::<Problem>();
    let problem = problem.unwrap_or_else(|| Problem::of_status(status));
    let body = serde_json::to_vec(&problem.body(id)).unwrap_or_default();
    let (mut parts, _) = response.into_parts();
    parts.status = problem.kind.status();
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    if let Some(after) = problem.retry_after {
        let seconds = after.as_secs().saturating_add(u64::from(after.subsec_nanos() > 0)).max(1);
        parts.headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if problem.kind == Kind::Unauthenticated {
        let challenge = HeaderValue::from_static("Bearer realm=\"revbridge\"");
        parts.headers.insert(WWW_AUTHENTICATE, challenge);
    }
    if problem.kind == Kind::Forbidden {
        let challenge = "Bearer realm=\"revbridge\", error=\"insufficient_scope\"";
        parts.headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    Response::from_parts(parts, Body::from(body))
}

/// The documentation page needs its own scripts and styles; everything else is data.
fn secure(headers: &mut HeaderMap, docs: bool) {
    let policy = if docs {
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
         object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    } else {
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    };
    let corp = HeaderName::from_static("cross-origin-resource-policy");
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, policy),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (corp, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
