// SPDX-License-Identifier: Apache-2.0
//! The queue for people, one item with the page of its code, and the decision about it.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect};
use experience_gateway::desk::{ExceptionQuery, PageQuery, Ruling};
use experience_gateway::problem::Problem;
use experience_gateway::view::{ExceptionDetail, ExceptionView};
use serde::Deserialize;

use super::sign_in::ours;
use super::{Frame, Person, Portal, Refused, Shown, id, shown};
use crate::markdown::{Block, blocks};
use crate::show;

const STATES: [&str; 3] = ["open", "resolved", "replayed"];

#[derive(Deserialize)]
pub(crate) struct Which {
    code: Option<String>,
    state: Option<String>,
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "exceptions.html")]
struct Exceptions {
    frame: Frame,
    exceptions: Vec<ExceptionView>,
    states: [&'static str; 3],
    state: String,
    code: String,
    next: String,
}

pub(crate) async fn list(
    State(portal): State<Arc<Portal>>,
    person: Person,
    Query(which): Query<Which>,
) -> Shown {
    let query = ExceptionQuery { code: which.code.clone(), state: which.state.clone() };
    let page = PageQuery { cursor: which.cursor, limit: None };
    let page = portal.desk.exceptions(&person.principal, &query, &page).await?;
    let (code, state) = (which.code.unwrap_or_default(), which.state.unwrap_or_default());
    let next = page.next.map(|next| format!("/exceptions?code={code}&state={state}&cursor={next}"));
    shown(&Exceptions {
        frame: person.frame("Exceptions"),
        exceptions: page.items,
        states: STATES,
        state,
        code,
        next: next.unwrap_or_default(),
    })
}

#[derive(Template)]
#[template(path = "exception.html")]
struct Exception {
    frame: Frame,
    detail: ExceptionDetail,
    blocks: Vec<Block>,
    /// The portal's page of the subject; empty where it has none.
    subject: String,
}

impl Exception {
    fn offers(&self, action: &str) -> bool {
        self.detail.actions.iter().any(|own| own == action)
    }
}

pub(crate) async fn one(
    State(portal): State<Arc<Portal>>,
    person: Person,
    Path(path): Path<String>,
) -> Shown {
    let detail = portal.desk.exception(&person.principal, id(&path)?).await?;
    let href = detail.exception.subject.href.clone().unwrap_or_default();
    let title = format!("{}: {}", detail.exception.code, detail.exception.title);
    shown(&Exception {
        frame: person.frame(&title),
        blocks: blocks(&detail.page),
        subject: href.strip_prefix("/v1").unwrap_or_default().to_owned(),
        detail,
    })
}

#[derive(Deserialize)]
pub(crate) struct Deciding {
    csrf: String,
    version: u32,
    action: String,
    #[serde(default)]
    reason: String,
}

impl Deciding {
    fn ruling(&self) -> Result<Ruling, Refused> {
        let reason = self.reason.trim().to_owned();
        match self.action.as_str() {
            "replay" => Ok(Ruling::Replay),
            "exclude" => Ok(Ruling::Exclude { reason }),
            "done" => Ok(Ruling::Done { reason }),
            "approve" => Ok(Ruling::Approve),
            "withdraw" => Ok(Ruling::Withdraw),
            _ => Err(Refused(Problem::malformed("there is no such action"))),
        }
    }
}

/// A form sent twice decides once: its version is stale the second time.
pub(crate) async fn decide(
    State(portal): State<Arc<Portal>>,
    person: Person,
    Path(path): Path<String>,
    headers: HeaderMap,
    Form(deciding): Form<Deciding>,
) -> Shown {
    ours(&person, &headers, &deciding.csrf)?;
    let item = id(&path)?;
    let ruling = deciding.ruling()?;
    portal.desk.decide(&person.principal, item, deciding.version, ruling).await?;
    Ok(Redirect::to(&format!("/exceptions/{item}")).into_response())
}
