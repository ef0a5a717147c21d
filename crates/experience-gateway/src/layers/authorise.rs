// SPDX-License-Identifier: Apache-2.0
//! Lets a request through when the table has its route and the token grants what the table asks.
//! A token is read from the `Authorization` header and from nowhere else.

use axum::extract::{FromRequestParts, MatchedPath, Request};
use axum::http::header::{ALLOW, AUTHORIZATION};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use ports::context::{self, Bearer};
use ports::identity::Principal;

use crate::access::{Access, access, methods};
use crate::desk::allow;
use crate::problem::{Kind, Problem};
use crate::routes::Api;

/// The verified caller of this request.
#[derive(Clone)]
pub(crate) struct Caller(pub Principal);

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // Only a handler behind a public route comes here without one, and that is a mistake of ours.
        parts.extensions.get::<Caller>().cloned().ok_or_else(|| Problem::new(Kind::Forbidden))
    }
}

pub(crate) async fn request(
    api: &Api,
    mut request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let Some(route) = request.extensions().get::<MatchedPath>().cloned() else {
        return Problem::not_found().into_response();
    };
    let needed = match access(request.method(), route.as_str()) {
        Some(Access::Public) => return next(request).await,
        Some(Access::Needs(permission)) => permission,
        None => return no_rule(route.as_str()),
    };
    let Some(bearer) = bearer(request.headers()).map(Bearer::new) else {
        return Problem::new(Kind::Unauthenticated).into_response();
    };
    let caller = api.desk.sign_in(bearer.as_header()).await;
    match caller.and_then(|caller| allow(&caller, needed).map(|()| caller)) {
        Ok(principal) => {
            request.extensions_mut().insert(Caller(principal.clone()));
            // Whatever room is asked from here on learns for whom, and may check it again.
            context::scope(context::Caller::User { principal, bearer }, next(request)).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// A path that the table knows under other methods, or a route that nobody has decided about.
fn no_rule(path: &str) -> Response {
    let methods = methods(path);
    if methods.is_empty() {
        return Problem::new(Kind::Forbidden).into_response();
    }
    let mut response = Problem::new(Kind::MethodNotAllowed).into_response();
    if let Ok(methods) = HeaderValue::from_str(&methods) {
        response.headers_mut().insert(ALLOW, methods);
    }
    response
}

/// Exactly one header with exactly one token.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let sound = scheme.eq_ignore_ascii_case("bearer") && !token.is_empty();
    (sound && !token.contains([' ', ','])).then_some(token)
}
