// SPDX-License-Identifier: Apache-2.0
//! Posting on hold: what waits for its release, with totals, and the release behind a page that asks
//! again.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect};
use experience_gateway::Permission;
use experience_gateway::desk::ReleaseQuery;
use experience_gateway::problem::{Kind, Problem};
use experience_gateway::view::{Amount, HeldGroup};
use model::journal::{JournalKey, JournalState};
use serde::Deserialize;

use super::sign_in::ours;
use super::{Frame, Person, Portal, Refused, Shown, shown};
use crate::session::random_mark;
use crate::show;

#[derive(Template)]
#[template(path = "held.html")]
struct Held {
    frame: Frame,
    groups: Vec<HeldGroup>,
    may_release: bool,
}

pub(crate) async fn list(State(portal): State<Arc<Portal>>, person: Person) -> Shown {
    let groups = portal.desk.held(&person.principal).await?.items;
    let may_release = person.principal.may(Permission::Approve);
    shown(&Held { frame: person.frame("Journals on hold"), groups, may_release })
}

/// What is about to be sent.
#[derive(Template)]
#[template(path = "release.html")]
struct Asked {
    frame: Frame,
    /// Where the form goes.
    action: String,
    /// Where *Not now* leads.
    back: String,
    target: String,
    entity: String,
    date: String,
    journals: u64,
    total: Amount,
    /// Names this very form, so that it works once.
    mark: String,
}

fn mark() -> Result<String, Refused> {
    random_mark().ok_or_else(|| Refused(Problem::new(Kind::Internal)))
}

pub(crate) async fn ask_one(
    State(portal): State<Arc<Portal>>,
    person: Person,
    Path(path): Path<String>,
) -> Shown {
    let key = JournalKey(path.as_str().into());
    let journal = portal.desk.journal(&person.principal, &key).await?.journal;
    if journal.state != JournalState::Held.as_str() {
        let why = format!("the journal is {}, not held", journal.state);
        return Err(Refused(Problem::detailed(Kind::DecisionRefused, why)));
    }
    shown(&Asked {
        frame: person.frame("Release a journal"),
        action: format!("/journals/{key}/release"),
        back: format!("/journals/{key}"),
        target: journal.target,
        entity: journal.entity,
        date: journal.accounting_date,
        journals: 1,
        total: journal.total,
        mark: mark()?,
    })
}

#[derive(Deserialize)]
pub(crate) struct Which {
    target: String,
    entity: String,
    date: String,
}

pub(crate) async fn ask_all(
    State(portal): State<Arc<Portal>>,
    person: Person,
    Query(which): Query<Which>,
) -> Shown {
    let groups = portal.desk.held(&person.principal).await?.items;
    let named = |own: &HeldGroup| {
        own.target == which.target
            && own.entity == which.entity
            && own.accounting_date == which.date
    };
    let group = groups.into_iter().find(named).ok_or_else(Problem::not_found)?;
    shown(&Asked {
        frame: person.frame("Release journals"),
        action: "/journals/held/release".to_owned(),
        back: "/journals/held".to_owned(),
        target: group.target,
        entity: group.entity,
        date: group.accounting_date,
        journals: group.journals,
        total: group.total,
        mark: mark()?,
    })
}

#[derive(Deserialize)]
pub(crate) struct Releasing {
    csrf: String,
    target: String,
    entity: String,
    date: String,
    journals: u64,
    mark: String,
}

pub(crate) async fn release_one(
    State(portal): State<Arc<Portal>>,
    person: Person,
    Path(path): Path<String>,
    headers: HeaderMap,
    Form(releasing): Form<Releasing>,
) -> Shown {
    ours(&person, &headers, &releasing.csrf)?;
    let key = JournalKey(path.as_str().into());
    portal.desk.release(&person.principal, &key).await?;
    Ok(Redirect::to(&format!("/journals/{key}")).into_response())
}

/// A form sent twice releases once: its mark answers the same.
pub(crate) async fn release_all(
    State(portal): State<Arc<Portal>>,
    person: Person,
    headers: HeaderMap,
    Form(releasing): Form<Releasing>,
) -> Shown {
    ours(&person, &headers, &releasing.csrf)?;
    let Releasing { target, entity, date, journals, mark, .. } = releasing;
    let query = ReleaseQuery {
        entity: Some(entity),
        date: Some(date),
        target: Some(target),
        seen: Some(journals),
    };
    portal.desk.release_all(&person.principal, &query, &mark).await?;
    Ok(Redirect::to("/journals/held").into_response())
}
