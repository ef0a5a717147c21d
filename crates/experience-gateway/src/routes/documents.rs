// SPDX-License-Identifier: Apache-2.0
//! Documents: hand one in, list them, see one with its completeness.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use model::id::DocumentId;
use model::transaction::Transaction;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use opentelemetry::{Context, KeyValue};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Api;
use super::input::{Find, Segment, Wanted};
use super::upload::receive;
use crate::desk::PageQuery;
use crate::layers::Caller;
use crate::problem::Problem;
use crate::view::{DocumentDetail, DocumentView, Page, ReceiptView};

/// Names the transaction that an upload begins.
const TRANSACTION: &str = "revbridge-transaction";

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
            headers(
                ("Location" = String, description = "The document"),
                ("RevBridge-Transaction" = String,
                    description = "The document's id: it finds everything that becomes of it, and \
                        its trace (the same id without hyphens)"),
            )),
        (status = 200, description = "These bytes were received before", body = ReceiptView,
            headers(("RevBridge-Transaction" = String, description = "The document's id"))),
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
    let transaction = HeaderValue::from_str(&receipt.document);
    transaction_begins(&receipt.document);
    let mut response = (status, Json(receipt)).into_response();
    if let Ok(location) = location {
        response.headers_mut().insert(LOCATION, location);
    }
    if let Ok(transaction) = transaction {
        response.headers_mut().insert(TRANSACTION, transaction);
    }
    Ok(response)
}

/// The request's own trace leads on to the document's.
fn transaction_begins(document: &str) {
    let Ok(id) = document.parse::<DocumentId>() else { return };
    let transaction = Transaction::from(id);
    let (trace, span) = (TraceId::from(transaction.trace()), SpanId::from(transaction.root_span()));
    let root = SpanContext::new(trace, span, TraceFlags::SAMPLED, true, TraceState::default());
    Context::map_current(|context| {
        let span = context.span();
        span.set_attribute(KeyValue::new("revbridge.document", document.to_owned()));
        span.add_link(root, Vec::new());
    });
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
