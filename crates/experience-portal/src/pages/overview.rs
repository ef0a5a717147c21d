// SPDX-License-Identifier: Apache-2.0
//! The first page: does everything tie, what came in last, what waits for a person.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use experience_gateway::desk::{ExceptionQuery, PageQuery, RemittanceQuery};
use experience_gateway::problem::{Kind, Problem};
use experience_gateway::view::{CodeSummary, CompletenessView, ExceptionView, RemittanceView};

use super::{Frame, Person, Portal, Shown, shown};
use crate::show;

const LATEST_MAX: usize = 10;

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    frame: Frame,
    /// Nothing for a person who is limited to some entities.
    completeness: Option<CompletenessView>,
    codes: Vec<CodeSummary>,
    remittances: Vec<RemittanceView>,
    exceptions: Vec<ExceptionView>,
}

pub(crate) async fn page(State(portal): State<Arc<Portal>>, person: Person) -> Shown {
    let (desk, caller) = (&portal.desk, &person.principal);
    let page = PageQuery { cursor: None, limit: Some(LATEST_MAX) };
    let open = ExceptionQuery { code: None, state: Some("open".to_owned()) };
    let codes = in_scope(desk.codes(caller).await)?.map(|codes| codes.items);
    shown(&Overview {
        frame: person.frame("Overview"),
        completeness: in_scope(desk.completeness(caller).await)?,
        codes: codes.unwrap_or_default(),
        remittances: desk.remittances(caller, &RemittanceQuery::default(), &page).await?.items,
        exceptions: desk.exceptions(caller, &open, &page).await?.items,
    })
}

/// What spans all entities is left out for a person who is limited to some.
fn in_scope<T>(answer: Result<T, Problem>) -> Result<Option<T>, Problem> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(problem) if problem.kind == Kind::Forbidden => Ok(None),
        Err(problem) => Err(problem),
    }
}
