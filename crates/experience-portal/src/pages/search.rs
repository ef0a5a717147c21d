// SPDX-License-Identifier: Apache-2.0
//! Search by anything with an id.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect};
use experience_gateway::view::HitView;
use serde::Deserialize;

use super::{Frame, Person, Portal, Shown, shown};

#[derive(Deserialize)]
pub(crate) struct Sought {
    #[serde(default)]
    q: String,
}

struct Found {
    kind: String,
    id: String,
    /// Empty where there is no page.
    page: String,
}

#[derive(Template)]
#[template(path = "search.html")]
struct Search {
    frame: Frame,
    found: Vec<Found>,
}

/// The portal's page of a hit: the API's without the version.
fn page_of(hit: &HitView) -> String {
    let href = hit.href.as_deref().unwrap_or_default();
    href.strip_prefix("/v1").unwrap_or_default().to_owned()
}

/// A single hit is opened at once.
pub(crate) async fn page(
    State(portal): State<Arc<Portal>>,
    person: Person,
    Query(sought): Query<Sought>,
) -> Shown {
    let mut found = Vec::new();
    if !sought.q.trim().is_empty() {
        let hits = portal.desk.search(&person.principal, &sought.q).await?;
        let known = |hit: &HitView| Found {
            kind: hit.kind.clone(),
            id: hit.id.clone(),
            page: page_of(hit),
        };
        found = hits.items.iter().map(known).collect();
    }
    let pages: Vec<&Found> = found.iter().filter(|hit| !hit.page.is_empty()).collect();
    if let [only] = pages.as_slice() {
        return Ok(Redirect::to(&only.page).into_response());
    }
    shown(&Search { frame: person.frame("Search"), found })
}
