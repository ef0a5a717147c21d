// SPDX-License-Identifier: Apache-2.0
//! Documents as they came in, and one with its own completeness.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use experience_gateway::desk::PageQuery;
use experience_gateway::view::{DocumentDetail, DocumentView};
use serde::Deserialize;

use super::{Frame, Person, Portal, Shown, id, shown};
use crate::show;

#[derive(Deserialize)]
pub(crate) struct Which {
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "documents.html")]
struct Documents {
    frame: Frame,
    documents: Vec<DocumentView>,
    next: String,
}

pub(crate) async fn list(
    State(portal): State<Arc<Portal>>,
    person: Person,
    Query(which): Query<Which>,
) -> Shown {
    let page = PageQuery { cursor: which.cursor, limit: None };
    let page = portal.desk.documents(&person.principal, &page).await?;
    let next = page.next.map(|next| format!("/documents?cursor={next}")).unwrap_or_default();
    shown(&Documents { frame: person.frame("Documents"), documents: page.items, next })
}

#[derive(Template)]
#[template(path = "document.html")]
struct Document {
    frame: Frame,
    detail: DocumentDetail,
}

pub(crate) async fn one(
    State(portal): State<Arc<Portal>>,
    person: Person,
    Path(path): Path<String>,
) -> Shown {
    let detail = portal.desk.document(&person.principal, id(&path)?).await?;
    shown(&Document { frame: person.frame("Document"), detail })
}
