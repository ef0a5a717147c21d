// SPDX-License-Identifier: Apache-2.0
//! The pages, one file per subject. Each asks the desk as the person who is signed in, and shows what
//! it gets; a refusal is a page as well.

mod documents;
mod events;
mod exceptions;
mod held;
mod journals;
mod manual;
mod overview;
mod remittances;
mod search;
mod sign_in;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use experience_gateway::problem::{Kind, Problem};
use experience_gateway::{Desk, Principal};

use crate::layers;
use crate::session::Session;
use crate::settings::Settings;

pub(crate) struct Portal {
    pub desk: Desk,
    pub settings: Settings,
}

/// The whole portal. It has no fallback, so that it can be merged with the API's router.
pub fn router(desk: Desk, settings: Settings) -> Router {
    let portal = Arc::new(Portal { desk, settings });
    let for_persons = Router::new()
        .route("/", get(overview::page))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/documents", get(documents::list))
        .route("/documents/{id}", get(documents::one))
        .route("/remittances", get(remittances::list))
        .route("/remittances/{id}", get(remittances::one))
        .route("/events/{id}", get(events::one))
        .route("/journals", get(journals::list))
        .route("/journals/{key}", get(journals::one))
        .route("/journals/{key}/release", get(held::ask_one).post(held::release_one))
        .route("/journals/held", get(held::list))
        .route("/journals/held/release", get(held::ask_all).post(held::release_all))
        .route("/exceptions", get(exceptions::list))
        .route("/exceptions/{id}", get(exceptions::one).post(exceptions::decide))
        .route("/search", get(search::page))
        .layer(from_fn_with_state(Arc::clone(&portal), layers::signed_in));
    let for_all = Router::new()
        .route("/sign-in", get(sign_in::page).post(sign_in::sign_in))
        .route("/manual", get(manual::first))
        .route("/manual/{name}", get(manual::one))
        .route("/assets/portal.css", get(style))
        .route("/assets/mark.svg", get(mark));
    let routes = for_persons.merge(for_all);
    layers::around(routes, &portal.settings).with_state(portal)
}

async fn style() -> impl IntoResponse {
    let kind = HeaderValue::from_static("text/css; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], include_str!("../assets/portal.css"))
}

async fn mark() -> impl IntoResponse {
    let kind = HeaderValue::from_static("image/svg+xml");
    ([(header::CONTENT_TYPE, kind)], include_str!("../assets/mark.svg"))
}

/// A person who is signed in, verified for this very request by `layers::signed_in`.
#[derive(Clone)]
pub(crate) struct Person {
    pub principal: Principal,
    pub session: Session,
}

impl Person {
    /// What the frame around every page shows.
    fn frame(&self, title: &str) -> Frame {
        Frame {
            title: title.to_owned(),
            caller: self.principal.subject.to_string(),
            csrf: self.session.csrf.clone(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Person {
    type Rejection = Redirect;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Redirect> {
        parts.extensions.get::<Person>().cloned().ok_or_else(|| Redirect::to("/sign-in"))
    }
}

/// The frame around a page. Without a caller it has neither menu nor sign-out.
pub(crate) struct Frame {
    pub title: String,
    pub caller: String,
    pub csrf: String,
}

/// A page, or the reason why there is none.
pub(crate) type Shown = Result<Response, Refused>;

pub(crate) fn shown(page: &impl Template) -> Shown {
    match page.render() {
        Ok(text) => Ok(Html(text).into_response()),
        Err(_) => Err(Refused(Problem::new(Kind::Internal))),
    }
}

/// A refusal of the desk as a page.
pub(crate) struct Refused(pub Problem);

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

#[derive(Template)]
#[template(path = "refused.html")]
struct RefusedPage {
    frame: Frame,
    detail: String,
    advice: &'static str,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let problem = self.0;
        let status = problem.kind.status();
        let page = RefusedPage {
            frame: Frame {
                title: problem.kind.title().to_owned(),
                caller: String::new(),
                csrf: String::new(),
            },
            detail: problem.detail.clone().unwrap_or_default(),
            advice: advice(problem.kind),
        };
        match page.render() {
            Ok(text) => (status, Html(text)).into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}

fn advice(kind: Kind) -> &'static str {
    match kind.status().as_u16() {
        403 => "Ask the person who gives out access, or sign in as somebody who may.",
        404 => "It may have another address, or belong to an entity that you do not see.",
        409 => "Read the page again: its state has changed what is possible.",
        412 => "Somebody changed it since you opened the page. Read it again, then decide.",
        429 | 503 | 504 => "Wait a moment and try again.",
        500 => "It has been logged. Try again, and tell integration support if it stays.",
        _ => "Go back and check what was asked for.",
    }
}

/// An id of ours in an address; anything else names nothing.
pub(crate) fn id<T: std::str::FromStr>(text: &str) -> Result<T, Refused> {
    text.parse().map_err(|_| Refused(Problem::not_found()))
}
