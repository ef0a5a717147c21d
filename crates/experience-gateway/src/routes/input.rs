// SPDX-License-Identifier: Apache-2.0
//! Reads requests strictly and writes answers in the format asked for. Whatever cannot be read is
//! refused with problem details that repeat nothing of it.

use std::str::FromStr;

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, OriginalUri, Path, Query};
use axum::http::header::{ACCEPT, CONTENT_TYPE, ETAG, IF_MATCH, LINK};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::csv::{Tabular, table};
use crate::problem::{Kind, Problem};
use crate::view::{ExceptionView, Page};

#[derive(FromRequestParts)]
#[from_request(via(Query), rejection(Problem))]
pub(crate) struct Find<T>(pub T);

#[derive(FromRequest)]
#[from_request(via(Json), rejection(Problem))]
pub(crate) struct Body<T>(pub T);

/// The one variable segment of a path.
pub(crate) struct Segment(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|Path(text)| Self(text)).map_err(|_| Problem::not_found())
    }
}

impl Segment {
    /// What is no id of ours names nothing.
    pub fn id<T: FromStr>(&self) -> Result<T, Problem> {
        self.0.parse().map_err(|_| Problem::not_found())
    }
}

impl From<QueryRejection> for Problem {
    fn from(_: QueryRejection) -> Self {
        Problem::malformed("a query parameter is unknown or cannot be read")
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        match rejection.status() {
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::new(Kind::MediaType),
            StatusCode::PAYLOAD_TOO_LARGE => Problem::new(Kind::TooLarge),
            _ => Problem::malformed("the body is not the JSON that is expected here"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Csv,
}

/// How the caller wants a list: `?format=csv`, else by `Accept`.
pub(crate) struct Wanted {
    format: Format,
    uri: Uri,
}

impl<S: Send + Sync> FromRequestParts<S> for Wanted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let original = OriginalUri::from_request_parts(parts, state).await;
        let OriginalUri(uri) = original.unwrap_or_else(|never| match never {});
        let query = uri.query().unwrap_or_default();
        let named = query.split('&').find_map(|pair| pair.strip_prefix("format="));
        let format = match named {
            Some("csv") => Format::Csv,
            Some("json") => Format::Json,
            Some(_) => return Err(Problem::new(Kind::NotAcceptable)),
            None => accepted(&parts.headers)?,
        };
        Ok(Self { format, uri })
    }
}

/// The first of ours that the caller names; its order counts, its weights do not.
fn accepted(headers: &HeaderMap) -> Result<Format, Problem> {
    let Some(accept) = headers.get(ACCEPT) else { return Ok(Format::Json) };
    let accept = accept.to_str().map_err(|_| Problem::new(Kind::NotAcceptable))?;
    let names = accept.split(',').map(|name| name.split(';').next().unwrap_or_default().trim());
    let known = |name: &str| match name.to_ascii_lowercase().as_str() {
        "text/csv" | "text/*" => Some(Format::Csv),
        "application/json" | "application/*" | "*/*" => Some(Format::Json),
        _ => None,
    };
    names.filter_map(known).next().ok_or_else(|| Problem::new(Kind::NotAcceptable))
}

impl Wanted {
    /// The page in the format asked for, with a link to the next.
    pub fn list<T: Tabular + Serialize>(self, page: Page<T>) -> Response {
        let link = page.next.as_ref().map(|next| self.link(next));
        let mut response = match self.format {
            Format::Json => Json(page).into_response(),
            Format::Csv => csv(&page.items),
        };
        if let Some(link) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
            response.headers_mut().insert(LINK, link);
        }
        response
    }

    /// One thing as JSON, or its rows as CSV.
    pub fn table<T: Serialize, R: Tabular>(self, whole: T, rows: &[R]) -> Response {
        match self.format {
            Format::Json => Json(whole).into_response(),
            Format::Csv => csv(rows),
        }
    }

    fn link(&self, next: &str) -> String {
        let query = self.uri.query().unwrap_or_default();
        let kept = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
        let mut pairs: Vec<&str> = kept.collect();
        let cursor = format!("cursor={next}");
        pairs.push(&cursor);
        format!("<{}?{}>; rel=\"next\"", self.uri.path(), pairs.join("&"))
    }
}

fn csv<T: Tabular>(items: &[T]) -> Response {
    let kind = HeaderValue::from_static("text/csv; charset=utf-8; header=present");
    let disposition = HeaderValue::from_static("attachment; filename=\"revbridge.csv\"");
    let headers = [(CONTENT_TYPE, kind), (axum::http::header::CONTENT_DISPOSITION, disposition)];
    (headers, table(items)).into_response()
}

/// An exception with its version as `ETag`.
pub(crate) fn versioned<T: Serialize>(view: &ExceptionView, body: T) -> Response {
    let mut response = Json(body).into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", view.version)) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// The version that the caller saw, from `If-Match: "<version>"`.
pub(crate) fn version_seen(headers: &HeaderMap) -> Result<u32, Problem> {
    let mut values = headers.get_all(IF_MATCH).iter();
    let value = values.next().ok_or_else(|| Problem::new(Kind::PreconditionRequired))?;
    let quoted = value.to_str().ok().filter(|_| values.next().is_none());
    let number = quoted.and_then(|text| text.strip_prefix('"')?.strip_suffix('"')?.parse().ok());
    number.ok_or_else(|| Problem::malformed("If-Match must be one version in double quotes"))
}

/// The caller's own name for this request, so that sending it again is safe.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<String, Problem> {
    let mut values = headers.get_all("idempotency-key").iter();
    let value = values.next().ok_or_else(|| Problem::new(Kind::IdempotencyKeyMissing))?;
    let text = value.to_str().ok().filter(|_| values.next().is_none()).unwrap_or_default();
    let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let sound = (1..=128).contains(&bare.len()) && bare.bytes().all(|byte| byte.is_ascii_graphic());
    if sound {
        return Ok(bare.to_owned());
    }
    Err(Problem::malformed("Idempotency-Key must be one of 1 to 128 printable characters"))
}
