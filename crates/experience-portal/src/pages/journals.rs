// SPDX-License-Identifier: Apache-2.0
//! Journals, and one with its lines and the rows that it is made of.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use experience_gateway::Permission;
use experience_gateway::desk::{JournalQuery, PageQuery};
use experience_gateway::view::{JournalDetail, JournalView};
use model::journal::{JournalKey, JournalState};
use serde::Deserialize;

use super::{Frame, Person, Portal, Shown, shown};
use crate::show;

const STATES: [&str; 6] = ["ready", "held", "sending", "posted", "rejected", "parked"];

#[derive(Deserialize)]
pub(crate) struct Which {
    state: Option<String>,
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "journals.html")]
struct Journals {
    frame: Frame,
    journals: Vec<JournalView>,
    states: [&'static str; 6],
    state: String,
    next: String,
}

pub(crate) async fn list(
    State(portal): State<Arc<Portal>>,
    person: Person,
    Query(which): Query<Which>,
) -> Shown {
    let query = JournalQuery { state: which.state.clone(), ..JournalQuery::default() };
    let page = PageQuery { cursor: which.cursor, limit: None };
    let page = portal.desk.journals(&person.principal, &query, &page).await?;
    let state = which.state.unwrap_or_default();
    let next = page.next.map(|next| format!("/journals?state={state}&cursor={next}"));
    shown(&Journals {
        frame: person.frame("Journals"),
        journals: page.items,
        states: STATES,
        state,
        next: next.unwrap_or_default(),
    })
}

#[derive(Template)]
#[template(path = "journal.html")]
struct Journal {
    frame: Frame,
    detail: JournalDetail,
    /// On hold, and this person may let it go.
    may_release: bool,
}

pub(crate) async fn one(
    State(portal): State<Arc<Portal>>,
    person: Person,
    Path(path): Path<String>,
) -> Shown {
    let key = JournalKey(path.as_str().into());
    let detail = portal.desk.journal(&person.principal, &key).await?;
    let held = detail.journal.state == JournalState::Held.as_str();
    let may_release = held && person.principal.may(Permission::Approve);
    shown(&Journal { frame: person.frame("Journal"), detail, may_release })
}
