// SPDX-License-Identifier: Apache-2.0
//! Remittances, and one with its claims, its rows and what waits for a person.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use experience_gateway::desk::{PageQuery, RemittanceQuery};
use experience_gateway::view::{RemittanceDetail, RemittanceView};
use serde::Deserialize;

use super::{Frame, Person, Portal, Shown, id, shown};
use crate::show;

const STATES: [&str; 5] = ["receiving", "booking", "decided", "duplicate", "held"];

#[derive(Deserialize)]
pub(crate) struct Which {
    state: Option<String>,
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "remittances.html")]
struct Remittances {
    frame: Frame,
    remittances: Vec<RemittanceView>,
    states: [&'static str; 5],
    state: String,
    next: String,
}

pub(crate) async fn list(
    State(portal): State<Arc<Portal>>,
    person: Person,
    Query(which): Query<Which>,
) -> Shown {
    let query = RemittanceQuery { state: which.state.clone(), document: None };
    let page = PageQuery { cursor: which.cursor, limit: None };
    let page = portal.desk.remittances(&person.principal, &query, &page).await?;
    let state = which.state.unwrap_or_default();
    let next = page.next.map(|next| format!("/remittances?state={state}&cursor={next}"));
    shown(&Remittances {
        frame: person.frame("Remittances"),
        remittances: page.items,
        states: STATES,
        state,
        next: next.unwrap_or_default(),
    })
}

#[derive(Deserialize)]
pub(crate) struct EventsAfter {
    events_after: Option<u64>,
}

#[derive(Template)]
#[template(path = "remittance.html")]
struct Remittance {
    frame: Frame,
    detail: RemittanceDetail,
}

pub(crate) async fn one(
    State(portal): State<Arc<Portal>>,
    person: Person,
    Path(path): Path<String>,
    Query(events): Query<EventsAfter>,
) -> Shown {
    let after = events.events_after.unwrap_or(0);
    let detail = portal.desk.remittance(&person.principal, id(&path)?, after).await?;
    shown(&Remittance { frame: person.frame("Remittance"), detail })
}
