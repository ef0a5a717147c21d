// SPDX-License-Identifier: Apache-2.0
//! Signing in with an access token and signing out again.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use experience_gateway::problem::{Kind, Problem};
use serde::Deserialize;

use super::{Frame, Person, Portal, Refused, Shown, shown};
use crate::session::{NoSession, Session, cleared, from_our_own_page};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    frame: Frame,
    why: &'static str,
}

fn form(why: &'static str) -> SignIn {
    let frame = Frame { title: "Sign in".to_owned(), caller: String::new(), csrf: String::new() };
    SignIn { frame, why }
}

pub(crate) async fn page() -> Shown {
    shown(&form(""))
}

#[derive(Deserialize)]
pub(crate) struct Token {
    token: String,
}

pub(crate) async fn sign_in(
    State(portal): State<Arc<Portal>>,
    headers: HeaderMap,
    Form(given): Form<Token>,
) -> Shown {
    if !from_our_own_page(&headers) {
        return Err(Refused(Problem::detailed(Kind::Forbidden, "the form is not from this page")));
    }
    let token = given.token.trim();
    match portal.desk.sign_in(token).await {
        Ok(_) => {}
        Err(problem) if problem.kind == Kind::Unauthenticated => {
            return again("The token is not valid, or no longer.");
        }
        Err(problem) => return Err(Refused(problem)),
    }
    let session = Session::begin(token, &portal.settings);
    match session.and_then(|session| session.cookie(&portal.settings)) {
        Ok(cookie) => {
            let mut response = Redirect::to("/").into_response();
            response.headers_mut().insert(SET_COOKIE, cookie);
            Ok(response)
        }
        Err(NoSession::TokenTooLong) => again("The token is too long for a browser session."),
        Err(NoSession::NoRandom) => Err(Refused(Problem::new(Kind::Internal))),
    }
}

fn again(why: &'static str) -> Shown {
    let mut response = shown(&form(why))?;
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    Ok(response)
}

#[derive(Deserialize)]
pub(crate) struct Leaving {
    csrf: String,
}

pub(crate) async fn sign_out(
    State(portal): State<Arc<Portal>>,
    person: Person,
    headers: HeaderMap,
    Form(leaving): Form<Leaving>,
) -> Result<Response, Refused> {
    ours(&person, &headers, &leaving.csrf)?;
    let mut response = Redirect::to("/sign-in").into_response();
    response.headers_mut().insert(SET_COOKIE, cleared(portal.settings.transport));
    Ok(response)
}

/// A form that changes something must come from a page of ours, made for this very session.
pub(crate) fn ours(person: &Person, headers: &HeaderMap, csrf: &str) -> Result<(), Refused> {
    if from_our_own_page(headers) && person.session.is_form_of(csrf) {
        return Ok(());
    }
    let detail = "the form is not from this session; open the page again";
    Err(Refused(Problem::detailed(Kind::Forbidden, detail)))
}
