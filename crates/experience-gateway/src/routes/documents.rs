// SPDX-License-Identifier: Apache-2.0
//! Documents: hand one in, list them, see one with its completeness.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Api;
use super::input::{Find, Segment, Wanted};
use super::upload::receive;
use crate::desk::PageQuery;
use crate::layers::Caller;
use crate::problem::Problem;
use crate::view::{DocumentDetail, DocumentView, Page, ReceiptView};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Source {
    /// The configured source that it comes from. Never the name of a file.
    #[param(pattern = "^[a-z0-9-]{1,64}$")]
    source: Option<String>,
}

/// Hand in a document.
///
/// The body is the document as it is, or a form with the field `file`. When the answer comes, the
/// document is durable. The same bytes again are the same document and have no effect, so no
/// `Idempotency-Key` is needed; after any failure send it again.
#[utoipa::path(
    post, path = "/v1/documents", tag = "documents", operation_id = "upload-document",
    params(Source),
    request_body(content(
        (String = "application/edi-x12"), (String = "application/octet-stream"),
        (String = "multipart/form-data"),
    )),
    responses(
        (status = 202, description = "Durable; it will be read", body = ReceiptView,
            headers(("Location" = String, description = "The document"))),
        (status = 200, description = "These bytes were received before", body = ReceiptView),
    )
)]
pub(crate) async fn upload(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Find(source): Find<Source>,
    request: Request,
) -> Result<Response, Problem> {
    let receipt = receive(&api.desk, &caller, source.source.as_deref(), request).await?;
    let status = if receipt.duplicate { StatusCode::OK } else { StatusCode::ACCEPTED };
    let location = HeaderValue::from_str(&format!("/v1/documents/{}", receipt.document));
    let mut response = (status, Json(receipt)).into_response();
    if let Ok(location) = location {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// `next` of the page before.
    cursor: Option<String>,
    limit: Option<usize>,
    /// `json` or `csv`; else by `Accept`.
    #[allow(dead_code)]
    format: Option<String>,
}

/// Documents by time of receipt, newest first.
#[utoipa::path(
    get, path = "/v1/documents", tag = "documents", operation_id = "list-documents",
    params(Which),
    responses((status = 200, description = "One page", content(
        (Page<DocumentView> = "application/json"), (String = "text/csv"),
    )))
)]
pub(crate) async fn list(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Find(which): Find<Which>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let page = PageQuery { cursor: which.cursor, limit: which.limit };
    Ok(wanted.list(api.desk.documents(&caller, &page).await?))
}

/// A document with its own completeness and its remittances.
#[utoipa::path(
    get, path = "/v1/documents/{id}", tag = "documents", operation_id = "get-document",
    params(("id" = uuid::Uuid, Path, description = "Document")),
    responses((status = 200, description = "The document", body = DocumentDetail))
)]
pub(crate) async fn one(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    segment: Segment,
) -> Result<Json<DocumentDetail>, Problem> {
    Ok(Json(api.desk.document(&caller, segment.id()?).await?))
}
