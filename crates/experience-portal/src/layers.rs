// SPDX-License-Identifier: Apache-2.0
//! What every page passes through: limits, a last resort, and the headers that keep it out of caches
//! and frames and run nothing but what we serve.

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::error_handling::HandleErrorLayer;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::{BoxError, Router};
use experience_gateway::context::{self, Bearer, Caller};
use experience_gateway::problem::Kind;
use tower::ServiceBuilder;
use tower::limit::GlobalConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;
use tower::timeout::TimeoutLayer;
use tower_http::catch_panic::CatchPanicLayer;

use crate::pages::{Person, Portal, Refused};
use crate::session::Session;
use crate::settings::{Settings, Transport};

const POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'; object-src 'none'";

/// From the outside in.
pub(crate) fn around<S: Clone + Send + Sync + 'static>(
    router: Router<S>,
    settings: &Settings,
) -> Router<S> {
    let transport = settings.transport;
    router.layer(
        ServiceBuilder::new()
            // No page leaves without them, whatever made it.
            .layer(from_fn(move |request, next| sealed(transport, request, next)))
            // A panic is one page's 500, not the process's end.
            .layer(CatchPanicLayer::custom(panicked))
            // Turned away at once when full, ended when stuck.
            .layer(HandleErrorLayer::new(turned_away))
            .layer(LoadShedLayer::new())
            .layer(GlobalConcurrencyLimitLayer::new(settings.in_flight_max))
            .layer(TimeoutLayer::new(Duration::from_millis(settings.request_ms_max)))
            // Forms are small.
            .layer(DefaultBodyLimit::max(settings.form_bytes_max)),
    )
}

/// Verifies the session's token, and makes whatever the page asks be asked for its person.
pub(crate) async fn signed_in(
    State(portal): State<Arc<Portal>>,
    mut request: Request,
    next: Next,
) -> Response {
    let limit = Duration::from_millis(portal.settings.request_ms_max);
    let deadline = Instant::now() + limit;
    let Some(session) = Session::of(request.headers(), &portal.settings) else {
        return next.run(request).await;
    };
    let verified = context::within(deadline, portal.desk.sign_in(&session.token)).await;
    let principal = match verified {
        Ok(principal) => principal,
        Err(problem) if problem.kind == Kind::Unauthenticated => return next.run(request).await,
        Err(problem) => return Refused(problem).into_response(),
    };
    let bearer = Bearer::new(session.token.as_str());
    request.extensions_mut().insert(Person { principal: principal.clone(), session });
    let caller = Caller::User { principal, bearer };
    context::within(deadline, context::scope(caller, next.run(request))).await
}

async fn sealed(transport: Transport, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if transport == Transport::Tls {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(STRICT_TRANSPORT_SECURITY, year);
    }
    response
}

fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, "A mistake of ours. Please try again.").into_response()
}

async fn turned_away(_: BoxError) -> (StatusCode, &'static str) {
    (StatusCode::SERVICE_UNAVAILABLE, "Too busy or too slow. Please try again.")
}
