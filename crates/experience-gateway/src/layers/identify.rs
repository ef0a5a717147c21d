// SPDX-License-Identifier: Apache-2.0
//! Gives each request a name: the caller's own if it is sound, else a new one.

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::response::Response;
use uuid::Uuid;

pub(crate) const REQUEST_ID: &str = "x-request-id";
const CHARS_MAX: usize = 64;

#[derive(Clone)]
pub(crate) struct RequestId(pub String);

pub(crate) async fn request(
    mut request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let sound = |text: &&str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        !text.is_empty() && text.len() <= CHARS_MAX && text.bytes().all(allowed)
    };
    let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let id = given.filter(sound).map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next(request).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}
